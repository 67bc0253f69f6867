/**
 * The numbers and names that both peers share (protocol clauses 1 to 3).
 *
 * @packageDocumentation
 */

/**
 * Longest packet that the length prefix can announce, in bytes: 2**32-1.
 *
 * @reference `MAX_PACKETLENGTH`
 */
export const MAX_PACKETLENGTH = 4_294_967_295;

/** Format of the length prefix in Python's `struct` notation: one big-endian uint32. */
export const STRUCT_FORMAT_LENGTH32 = "!I";
/** Format of the packet header in Python's `struct` notation: uint32 packet id, uint16 flags, big-endian. */
export const STRUCT_FORMAT_HEADER = "!IH";

/** State of a connection that has not been opened yet. */
export const STATE_INIT = 0;
/** The connection type's own handshake is under way. */
export const STATE_HANDSHAKE_WAIT1 = 1;
/** A second handshake step, free for connection types that need one; the built-in ones do not. */
export const STATE_HANDSHAKE_WAIT2 = 2;
/** The server waits for the client to name its connection type. */
export const STATE_WAITTYPE = 3;
/** The hello packet has not been exchanged yet. */
export const STATE_HELLOWAIT = 4;
/** The handshake is complete; packets flow. The state that a SmartPacket asks for by default. */
export const STATE_ACTIVE = 64;
/** Active and, by the application's own rules, authenticated. Set by the application. */
export const STATE_LOGGEDIN = 65;
/** The connection is closed. Terminal. */
export const STATE_CLOSED = 128;

/** No mode has been chosen yet. */
export const MODE_NOTSET = 0;
/** The connection is not active. */
export const MODE_CLOSED = 1;
/** A ping is under way. Kept for compatibility; ping connections are told apart by their type. */
export const MODE_PING = 2;
/** Play mode; what it means is up to the application. */
export const MODE_PLAY = 3;
/** Chat mode; what it means is up to the application. */
export const MODE_CHAT = 4;

/** Placeholder for "no connection type yet"; not a type that can be used. */
export const CONNTYPE_NOTSET = "";
/** The ordinary connection type: registry synchronisation, then packets both ways. */
export const CONNTYPE_CLASSIC = "classic";
/** The connection type of `@peng3dnet/ping`. */
export const CONNTYPE_PING = "ping";

/** Flag bit 0: the body is a zlib stream. */
export const FLAG_COMPRESSED = 1;
/** Flag bit 1: reserved for encryption; a packet that carries it is refused. */
export const FLAG_ENCRYPTED_AES = 2;

// The sides and levels stay what they are where they are assigned: a field of a class would else become a number.

/** The client side of a connection. */
export const SIDE_CLIENT = 0 as const;
/** The server side of a connection. */
export const SIDE_SERVER = 1 as const;

/** No TLS. */
export const SSLSEC_NONE = 0 as const;
/** The socket is wrapped in TLS, but nothing is known about it yet. */
export const SSLSEC_WRAPPED = 1 as const;
/** TLS encrypts the connection; the peer has not proved who it is. */
export const SSLSEC_ENCRYPTED = 2 as const;
/** The server's certificate, host name included, has been verified. */
export const SSLSEC_SERVERAUTH = 3 as const;
/** The certificates of both sides have been verified. */
export const SSLSEC_BOTHAUTH = 4 as const;

/** First packet id that applications get; those below are for internal or fixed use (clause 2). */
export const FIRST_USER_ID = 64;

/** Prefix of the names that belong to the protocol itself (clause 2). */
export const INTERNAL_PREFIX = "peng3dnet:";

/** One side of a connection: {@link SIDE_CLIENT} or {@link SIDE_SERVER}. */
export type Side = typeof SIDE_CLIENT | typeof SIDE_SERVER;

/** A TLS security level, one of the `SSLSEC_*` constants. */
export type SslSecLevel =
  | typeof SSLSEC_NONE
  | typeof SSLSEC_WRAPPED
  | typeof SSLSEC_ENCRYPTED
  | typeof SSLSEC_SERVERAUTH
  | typeof SSLSEC_BOTHAUTH;

/**
 * Identifies a client on a server: an integer there, `null` on the client side.
 *
 * @reference `cid`
 */
export type Cid = number | null;
