import type { AddressLike } from "./address.js";

/** Certificates or keys: PEM text, PEM or DER bytes, or several of them. */
export type Pem = string | Uint8Array | readonly (string | Uint8Array)[];

/**
 * All options with their types. Keys are the reference's, letter for letter; those it lacks are marked *new*.
 * Durations are in seconds, sizes in bytes; 0 and `Infinity` switch a time-out off unless said otherwise.
 */
export interface ConfigValues {
  /** Address the server listens on; `null`: take host and port from the next two. Default `null`. Read on start. */
  "net.server.addr": AddressLike | null;
  /** Host the server listens on. Default `"0.0.0.0"`. Read on start. */
  "net.server.addr.host": string;
  /** Port the server listens on, also where an address lacks one; 0: any free one. Default 8080. Read on start. */
  "net.server.addr.port": number;
  /** Address the client connects to; `null`: take host and port from the next two. Default `null`. Read on start. */
  "net.client.addr": AddressLike | null;
  /** Host the client connects to. Default `"localhost"`. Read on start. */
  "net.client.addr.host": string;
  /** Port the client connects to, also where an address lacks one. Default 8080. Read on start. */
  "net.client.addr.port": number;

  /**
   * Compress long bodies that are sent. Compressed bodies are accepted either way. Default `true`.
   * Read for each connection.
   */
  "net.compress.enabled": boolean;
  /** A body longer than this many bytes is compressed. Default 8192. Read for each connection. */
  "net.compress.threshold": number;
  /** zlib level, 0 to 9, or -1 for zlib's own choice. Default 6. Read for each connection. */
  "net.compress.level": number;
  /**
   * *new* Take compressed packets; `false` asks the peer to send none. Python peers do not hear that, and what they compress
   * is accepted. Without compression in the runtime, the peer is asked in any case. Default `true`. Read for each connection.
   */
  "net.compress.accept": boolean;

  /** Reserved, as in the reference; only `false` is accepted. Default `false`. Never read. */
  "net.encrypt.enabled": boolean;

  /** Use TLS. Both sides have to. Default `false`. Read on start. */
  "net.ssl.enabled": boolean;
  /** Refuse to start without TLS support in the runtime. Default `true`. Read on start. */
  "net.ssl.force": boolean;
  /**
   * File with the certificate authorities to trust, PEM; `null`: those of the runtime. Default `null`.
   * Read on start and by `reloadCertificates`.
   */
  "net.ssl.cafile": string | null;
  /** *new* The authorities themselves, instead of a file. Default `null`. Read on start and by `reloadCertificates`. */
  "net.ssl.ca": Pem | null;
  /** *new* Lowest TLS version accepted. Default `"TLSv1.2"`. Read on start and by `reloadCertificates`. */
  "net.ssl.minversion": "TLSv1.2" | "TLSv1.3";
  /** *new* Let clients resume TLS sessions. Default `false`. Read on start and by `reloadCertificates`. */
  "net.ssl.resumption": boolean;
  /**
   * Ask every client for a certificate and refuse those without a valid one. Default `true`.
   * Read on start and by `reloadCertificates`.
   */
  "net.ssl.server.force_verify": boolean;
  /** File with the server's certificate chain, PEM. Default `null`. Read on start and by `reloadCertificates`. */
  "net.ssl.server.certfile": string | null;
  /** File with the server's private key, PEM. Default `null`. Read on start and by `reloadCertificates`. */
  "net.ssl.server.keyfile": string | null;
  /** *new* The server's certificate chain itself. Default `null`. Read on start and by `reloadCertificates`. */
  "net.ssl.server.cert": Pem | null;
  /** *new* The server's private key itself. Default `null`. Read on start and by `reloadCertificates`. */
  "net.ssl.server.key": Pem | null;
  /** Check that the server's certificate is for the host connected to. Default `true`. Read on start. */
  "net.ssl.client.check_hostname": boolean;
  /** Refuse a server whose certificate cannot be verified. Default `true`. Read on start. */
  "net.ssl.client.force_verify": boolean;
  /** *new* File with the client's certificate chain, PEM. Default `null`. Read on start. */
  "net.ssl.client.certfile": string | null;
  /** *new* File with the client's private key, PEM. Default `null`. Read on start. */
  "net.ssl.client.keyfile": string | null;
  /** *new* The client's certificate chain itself. Default `null`. Read on start. */
  "net.ssl.client.cert": Pem | null;
  /** *new* The client's private key itself. Default `null`. Read on start. */
  "net.ssl.client.key": Pem | null;
  /** *new* Name to ask for and check instead of the host connected to. Default `null`. Read on start. */
  "net.ssl.server_hostname": string | null;

  /** Send events to the engine: `"auto"` if one was passed. Default `"auto"`. Read on start and for each connection. */
  "net.events.enable": "auto" | boolean;

  /** Print each packet received. Default `false`. Read for each connection. */
  "net.debug.print.recv": boolean;
  /** Print each packet sent. Default `false`. Read for each connection. */
  "net.debug.print.send": boolean;
  /** Print each connection. Default `false`. Read for each connection. */
  "net.debug.print.connect": boolean;
  /** Print each close. Default `false`. Read for each connection. */
  "net.debug.print.close": boolean;

  /** Take over the server's packet ids in the handshake. Default `true`. Read for each connection. */
  "net.registry.autosync": boolean;
  /** What to do when the packet names of both sides differ. Default `"closeconnection"`. Read for each connection. */
  "net.registry.missingpacketaction": "closeconnection" | "ignore";
  /** *new* What to do with a packet of unknown id. Default `"closeconnection"`. Read for each connection. */
  "net.registry.unknownpacketaction": "closeconnection" | "ignore";

  /** *new* Longest packet accepted and sent, length prefix not counted. Default 1 MiB. Read for each connection. */
  "net.limits.packetlength": number;
  /**
   * *new* Longest packet that a server accepts before the handshake is complete, and a client before its session goes on over
   * another transport. Default 4 KiB. Read for each connection.
   */
  "net.limits.packetlength.handshake": number;
  /** *new* Longest body after decompression. Default 4 MiB. Read for each connection. */
  "net.limits.inflated": number;
  /**
   * *new* The same on a server before the handshake is complete, and on a client before its session goes on over another
   * transport. Default 64 KiB. Read for each connection.
   */
  "net.limits.inflated.handshake": number;
  /**
   * *new* Bytes a second that a connection makes this side inflate; as many at once as in one second. Past it, its
   * packets wait. Default 64 MiB. Read for each connection.
   */
  "net.limits.inflated.rate": number;
  /** *new* Deepest nesting of a body, 1 to 512. Default 512. Read for each connection. */
  "net.limits.depth": number;
  /**
   * *new* Elements of all arrays and maps of a body together; a pair of a map counts as two, and so does a binary
   * value. At most so many places, too, may the engine reserve for keys like `"1023"`. Default 65,536. Read for each
   * connection.
   */
  "net.limits.elements": number;
  /**
   * *new* The same on a server before the handshake is complete. A client accepts so many more than the registry of
   * `net.limits.registry.names` names has. Default 256. Read for each connection.
   */
  "net.limits.elements.handshake": number;
  /** *new* Connections that a server holds at once. Default 4096. Read for each connection. */
  "net.limits.connections": number;
  /** *new* The same per remote address; an IPv6 address counts by its /64. Default 1024. Read for each connection. */
  "net.limits.connections.address": number;
  /** *new* Handshakes under way at once; past it the oldest one goes. Default 1024. Read for each connection. */
  "net.limits.pending": number;
  /** *new* The same per remote address; an IPv6 address counts by its /64. Default 256. Read for each connection. */
  "net.limits.pending.address": number;
  /**
   * *new* Unsent bytes of a connection past which `sendMessage` returns false. Default 1 MiB.
   * Read for each connection.
   */
  "net.limits.unsent.highwater": number;
  /** *new* Unsent bytes of a connection that end it. Default 16 MiB. Read for each connection. */
  "net.limits.unsent": number;
  /**
   * *new* Unsent bytes of all connections of a server together; past it the one with most ends. Default 24 MiB. Read
   * for each connection.
   */
  "net.limits.unsent.total": number;
  /**
   * *new* What happens to a droppable packet past the high-water mark. Default `"close"`: it is queued, up to the
   * limit. `"drop"`: it is dropped, but for what one turn sends to a peer that has taken what came before, up to 64 KiB
   * unsent. Read for each connection.
   */
  "net.limits.unsent.policy": "close" | "drop";
  /** *new* Unprocessed packets of a connection past which reading pauses. Default 1024. Read for each connection. */
  "net.limits.unprocessed.packets": number;
  /**
   * *new* Unprocessed bytes of a connection past which reading pauses. Also what all handlers of its requests may hold that have
   * not answered, once decoded, besides: what would be more is answered with `busy`, but for a request that is alone. Default
   * 4 MiB. Read for each connection.
   */
  "net.limits.unprocessed.bytes": number;
  /**
   * *new* The same of all connections of a server together, packets that are not whole yet included; of these, the
   * longest one's connection ends. For each packet that waits for `process()`, 256 more are counted. Also what all handlers of
   * requests of a peer may hold together that have not answered: what would be more is answered with `busy`. Default 64 MiB. Read
   * for each connection.
   */
  "net.limits.unprocessed.total": number;
  /**
   * *new* Bytes of decoded size that all message iterators of a peer buffer together. Default 16 MiB. Read for each
   * connection.
   */
  "net.limits.buffered": number;
  /**
   * *new* Requests of a connection that wait for an answer, in each direction: this side's own, and the other side's that
   * handlers work on. Default 1024. Read for each connection.
   */
  "net.limits.requests": number;
  /** *new* Names accepted in a server's registry. Default 4096. Read for each connection. */
  "net.limits.registry.names": number;
  /** *new* Longest such name in bytes of UTF-8. Default 256. Read for each connection. */
  "net.limits.registry.namelength": number;
  /**
   * *new* Packets in a row that may be ignored before the connection closes. Default 64.
   * Read for each connection.
   */
  "net.limits.strikes": number;

  /** *new* Time for TLS and handshake, absolute from accept or connect. Default 10. Read for each connection. */
  "net.timeout.handshake": number;
  /**
   * *new* Time without anything received, heartbeats not counted, after which a connection closes. Default 0: off.
   * Read for each connection.
   */
  "net.timeout.idle": number;
  /**
   * *new* Time without progress, while bytes are unsent, after which a connection ends. Default 30.
   * Read for each connection.
   */
  "net.timeout.unsent": number;
  /**
   * *new* Time that a close waits for unsent bytes and for the peer's end of stream. Default 5.
   * Read for each connection.
   */
  "net.timeout.close": number;
  /**
   * *new* Seconds from one heartbeat to the next, on a server; on a client, 0 says that it takes part in none. 0: off.
   * From 0.1. Default 5. Read for each connection.
   */
  "net.heartbeat.interval": number;
  /**
   * *new* Time without a sign of life, in spite of heartbeats, after which a connection ends; on a client at least two of the
   * server's intervals. Without effect where the other side takes part in none. Default 15. Read for each connection.
   */
  "net.heartbeat.timeout": number;
  /**
   * *new* Seconds of silence after which TCP asks the other side's system whether it is there; in ten more it is given up.
   * 0: never. Default 30. Read on start.
   */
  "net.tcp.keepalive": number;
  /**
   * *new* Seconds for which a server keeps a session whose transport broke, so that its client can come back and go on with
   * it. At most 86,400; 0: off. Default 0. Read for each connection.
   */
  "net.resume.window": number;
  /**
   * *new* Bytes that a session keeps of what it sent, until they are acknowledged; past it, writing waits. So many may also be
   * sent while its transport is broken, beside what was under way before; past that, it ends with `resumeoverflow`. Less than
   * 64 KiB slows it down, since acknowledgements are sent for so many bytes at once. Default 1 MiB. Read for each connection.
   */
  "net.resume.bytes": number;
  /**
   * *new* Sessions of a server that wait for their clients at once; past it, one of them ends with `resumeevicted`. Default
   * 1024. Read for each connection.
   */
  "net.resume.sessions": number;
  /** *new* The same per remote address; an IPv6 address counts by its /64. Default 64. Read for each connection. */
  "net.resume.sessions.address": number;
  /**
   * *new* While bytes keep coming within so many seconds of each other, and sooner for it than while the event loop sleeps, the
   * next ones are polled for. At most 0.001; 0: never. Without effect where there is one processor. Default 0.0005.
   * Read for each connection.
   */
  "net.latency.poll": number;
}

/** A config key. */
export type ConfigKey = keyof ConfigValues;
