// Each mistake around TLS explains itself: a typed error with a stable code, its cause, and what to do.

import {
  Client,
  type ClientOnServer,
  type CloseInfo,
  type ConfigOverrides,
  HandshakeTimeoutError,
  InvalidStateError,
  SSLSEC_ENCRYPTED,
  TlsCertificateExpiredError,
  TlsCertificateInvalidError,
  TlsCertificateRejectedError,
  TlsClientCertificateRequiredError,
  TlsHandshakeError,
  TlsOnPlainPortError,
  TlsPlainPeerError,
  TlsRequiredError,
  TlsVersionError,
} from "@peng3dnet/core";
import { ManualClock, MemoryLink } from "@peng3dnet/core/testing";
import { bareTlsClient, bareTlsServer } from "../support/bare-tls.js";
import { bareTls, clientTls, type Identity, mutualTls, serverTls } from "../support/certificates.js";
import { track } from "../support/cleanup.js";
import { echo, next, startServer } from "../support/peers.js";
import { RawPeer, rawServer } from "../support/raw-peer.js";
import { closeconn, hello } from "../support/wire.js";

const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw new Error("it should not have succeeded");
    },
    (error: Error) => error,
  );

/** The error of a server's next closed connection. */
async function closeError(closed: Promise<[ClientOnServer, CloseInfo]>): Promise<Error | undefined> {
  const [, info] = await closed;
  return info.error;
}

const makeClient = (addr: readonly [string, number], cfg: ConfigOverrides, clock?: ManualClock): Client =>
  track(new Client({ addr: [...addr], cfg, clock }));

describe("a server that does not care for its certificate", () => {
  test.each([
    ["expired", TlsCertificateExpiredError, /server .*localhost.* has expired; the server needs a new one/],
    ["future", TlsCertificateExpiredError, /is not valid yet; .* unless the clock of this machine is wrong/],
    ["client", TlsCertificateInvalidError, /unsuitable certificate purpose.*; the server needs one/],
  ] as const)("%s", async (identity: Identity, type, message) => {
    const server = await bareTlsServer(bareTls(identity));
    const error = await failure(makeClient(server.addr, clientTls()).start());
    expect(error).toBeInstanceOf(type);
    expect(error.message).toMatch(message);
    expect(error.cause).toMatchObject({ code: expect.any(String) });
  });

  test("is connected to, if the client verifies nothing", async () => {
    const server = await bareTlsServer(bareTls("expired"));
    const client = makeClient(server.addr, { ...clientTls(), "net.ssl.client.force_verify": false });
    await client.connect();
    expect(client.peerCertificate).toMatchObject({
      verified: false,
      validTo: new Date("2020-02-01T00:00:00Z"),
    });
  });
});

describe("a client that does not care for its certificate", () => {
  test.each([
    ["expired", TlsCertificateExpiredError, "tlscertexpired"],
    ["future", TlsCertificateExpiredError, "tlscertexpired"],
    [undefined, TlsClientCertificateRequiredError, "tlsclientcertrequired"],
  ] as const)("%s", async (identity, type, reason) => {
    const server = await startServer({ cfg: mutualTls() });
    const closed = next(server, "close");
    const { peer } = await bareTlsClient(server.addr, bareTls(identity));
    // It is told inside TLS, and hears no hello before.
    await expect(peer.closeReason()).resolves.toBe(reason);
    await peer.ended();
    peer.end();
    const [remote, { error }] = await closed;
    expect(error).toBeInstanceOf(type);
    expect(error?.cause === undefined).toBe(identity === undefined);
    // What did not hold proves nothing.
    expect(remote.sslSeclevel).toBe(SSLSEC_ENCRYPTED);
    expect(server.metrics.rejectedBy).toMatchObject({ [reason]: 1 });
  });

  test("learns from a server's alert after its own handshake is complete", async () => {
    const server = await bareTlsServer({ ...bareTls("server"), requestCert: true, rejectUnauthorized: true });
    const client = makeClient(server.addr, clientTls());
    const error = await failure(client.start());
    expect(error).toBeInstanceOf(TlsClientCertificateRequiredError);
    expect(error.message).toMatch(/; set net\.ssl\.client\.certfile and net\.ssl\.client\.keyfile$/);
    expect(error.cause).toMatchObject({ code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" });
    await expect(client.waitForClose()).resolves.toMatchObject({ error, reason: "tlsclientcertrequired" });
  });

  test.each([
    ["tlsunknownca", TlsCertificateRejectedError],
    ["tlscertexpired", TlsCertificateRejectedError],
    ["tlscertinvalid", TlsCertificateRejectedError],
    ["tlsclientcertrequired", TlsClientCertificateRequiredError],
  ])("learns from the reason %s", async (reason, type) => {
    const server = await bareTlsServer(bareTls("server"));
    const client = makeClient(server.addr, clientTls());
    const started = failure(client.start());
    const { peer } = await server.accepted();
    peer.write(closeconn(reason));
    peer.end();
    expect(await started).toBeInstanceOf(type);
  });
});

describe("plain TCP on a TLS port", () => {
  test("a client that waits is told, and closes", async () => {
    const clock = new ManualClock();
    const server = await startServer({ cfg: serverTls(), clock });
    const [accepted, closed] = [next(server, "connection"), next(server, "close")];
    const client = makeClient(server.addr, {}, clock);
    const started = failure(client.start());
    await accepted;
    await client.connect();
    clock.advance(5);
    const error = await started;
    expect(error).toBeInstanceOf(TlsRequiredError);
    expect(error.message).toMatch(/; set net\.ssl\.enabled$/);
    const info = await client.waitForClose();
    expect(info).toMatchObject({ reason: "tlsrequired", error, clean: false });
    const theirs = await closeError(closed);
    expect(theirs).toBeInstanceOf(TlsPlainPeerError);
    expect(theirs?.message).toMatch(/left without having started TLS; set net\.ssl\.enabled there, too/);
  });

  test("other protocols are recognised", async () => {
    const server = await startServer({ cfg: serverTls() });
    for (const bytes of ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "SSH-2.0-OpenSSH_9.6\r\n"]) {
      const closed = next(server, "close");
      const peer = await RawPeer.connect(server.addr);
      peer.write(Buffer.from(bytes));
      const error = await closeError(closed);
      expect(error).toBeInstanceOf(TlsPlainPeerError);
      expect(error?.cause).toMatchObject({ code: expect.any(String) });
      await peer.ended();
    }
  });

  test("a peer that leaves at once is noticed at once", async () => {
    const server = await startServer({ cfg: serverTls() });
    const closed = next(server, "close");
    const peer = await RawPeer.connect(server.addr);
    peer.end();
    expect(await closeError(closed)).toBeInstanceOf(TlsPlainPeerError);
    expect(server.clients.size).toBe(0);
    await peer.closed();
  });

  test("a peer that leaves within the handshake is noticed at once", async () => {
    const server = await startServer({ cfg: serverTls() });
    const closed = next(server, "close");
    const peer = await RawPeer.connect(server.addr);
    // The beginning of a ClientHello.
    peer.write(Buffer.from("16030102000100", "hex"));
    peer.end();
    const error = await closeError(closed);
    expect(error).toBeInstanceOf(TlsHandshakeError);
    expect(error?.message).toMatch(/^the client .* ended the connection within the TLS handshake/);
    expect(error?.cause).toMatchObject({ code: "ECONNRESET", message: "the socket was closed" });
    await peer.closed();
  });
});

describe("TLS on a plain port", () => {
  test("both sides say so", async () => {
    const server = await startServer();
    const closed = next(server, "close");
    const error = await failure(makeClient(server.addr, clientTls()).start());
    expect(error).toBeInstanceOf(TlsPlainPeerError);
    expect(error.message).toMatch(/^the server .* does not use TLS .*; set net\.ssl\.enabled there, too/);
    expect(error.cause).toMatchObject({ code: expect.any(String) });
    expect(await closeError(closed)).toBeInstanceOf(TlsOnPlainPortError);
  });

  test("a plain hello is recognised by itself", async () => {
    const server = await rawServer();
    const started = failure(makeClient(server.addr, clientTls()).start());
    const peer = await server.accepted();
    peer.write(hello());
    expect(await started).toBeInstanceOf(TlsPlainPeerError);
  });

  test("a server that leaves within the handshake", async () => {
    const server = await rawServer();
    const started = failure(makeClient(server.addr, clientTls()).start());
    const peer = await server.accepted();
    peer.end();
    const error = await started;
    expect(error).toBeInstanceOf(TlsHandshakeError);
    expect(error).toMatchObject({ code: "P3D_ERR_TLS_HANDSHAKE", cause: { code: "ECONNRESET" } });
  });
});

describe("a transport that cannot be used", () => {
  test.each(["TLS", "none"])("makes connect reject, and leaves no connection, with %s", async (tls) => {
    const server = await startServer({ cfg: tls === "TLS" ? serverTls() : {} });
    const closed = next(server, "close");
    const client = makeClient(server.addr, tls === "TLS" ? clientTls() : {});
    const error = failure(client.connect());
    // It has one by the time that the other one is up.
    client.attach(new MemoryLink().client);
    expect(await error).toBeInstanceOf(InvalidStateError);
    await closed;
  });
});

describe("no common ground", () => {
  test("versions, seen by a client", async () => {
    const server = await startServer({ cfg: { ...serverTls(), "net.ssl.minversion": "TLSv1.3" } });
    const closed = next(server, "close");
    await expect(bareTlsClient(server.addr, { ...bareTls(), maxVersion: "TLSv1.2" })).rejects.toThrow();
    expect(await closeError(closed)).toBeInstanceOf(TlsVersionError);
  });

  test("versions, seen by a server", async () => {
    const server = await bareTlsServer({ ...bareTls("server"), maxVersion: "TLSv1.2" });
    const client = makeClient(server.addr, { ...clientTls(), "net.ssl.minversion": "TLSv1.3" });
    const error = await failure(client.start());
    expect(error).toBeInstanceOf(TlsVersionError);
    expect(error.message).toMatch(/; compare net\.ssl\.minversion$/);
  });

  test("TLS 1.1 is not spoken", async () => {
    const server = await startServer({ cfg: serverTls() });
    const closed = next(server, "close");
    const old = {
      ...bareTls(),
      minVersion: "TLSv1.1",
      maxVersion: "TLSv1.1",
      ciphers: "ALL@SECLEVEL=0",
    } as const;
    await expect(bareTlsClient(server.addr, old)).rejects.toThrow();
    expect(await closeError(closed)).toBeInstanceOf(TlsVersionError);
  });

  test("protocols (ALPN), seen by both sides", async () => {
    const server = await startServer({ cfg: serverTls() });
    const closed = next(server, "close");
    await expect(bareTlsClient(server.addr, { ...bareTls(), ALPNProtocols: ["h2"] })).rejects.toThrow();
    expect((await closeError(closed))?.message).toMatch(/another protocol than peng3dnet \(ALPN\)/);

    const web = await bareTlsServer({ ...bareTls("server"), ALPNProtocols: ["h2"] });
    const error = await failure(makeClient(web.addr, clientTls()).start());
    expect(error).toBeInstanceOf(TlsHandshakeError);
    expect(error.message).toMatch(/another protocol than peng3dnet \(ALPN\); check the address and the port/);
  });

  test("an alert that has no error of its own", async () => {
    const server = await rawServer();
    const started = failure(makeClient(server.addr, clientTls()).start());
    const peer = await server.accepted();
    await peer.bytes(5);
    // A fatal alert: internal error.
    peer.write(Buffer.from("15030300020250", "hex"));
    const error = await started;
    expect(error).toMatchObject({ code: "P3D_ERR_TLS_HANDSHAKE" });
    expect(error.message).toMatch(/^the peer gave up TLS: /);
  });

  test("ciphers, seen by a server", async () => {
    const server = await startServer({ cfg: serverTls() });
    const closed = next(server, "close");
    const other = { maxVersion: "TLSv1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256" } as const;
    await expect(bareTlsClient(server.addr, { ...bareTls(), ...other })).rejects.toThrow();
    expect((await closeError(closed))?.message).toMatch(
      /^the TLS handshake with .* failed: no shared cipher/,
    );
  });

  test("ciphers, seen by a client", async () => {
    const server = await bareTlsServer({
      ...bareTls("server"),
      maxVersion: "TLSv1.2",
      ciphers: "ECDHE-RSA-AES128-GCM-SHA256",
    });
    const error = await failure(makeClient(server.addr, clientTls()).start());
    expect(error.message).toMatch(/refused the TLS handshake; .*no cipher in common/);
  });
});

describe("time", () => {
  test("a peer that says nothing is destroyed at the deadline, which counts from accept", async () => {
    const clock = new ManualClock();
    const server = await startServer({ cfg: serverTls(), clock });
    const [accepted, closed] = [next(server, "connection"), next(server, "close")];
    const peer = await RawPeer.connect(server.addr);
    const [remote] = await accepted;
    clock.advance(9.999);
    expect(remote.sock?.destroyed).toBe(false);
    clock.advance(0.001);
    expect(remote.sock?.destroyed).toBe(true);
    await peer.ended();
    const [, info] = await closed;
    expect(info).toMatchObject({ reason: "handshaketimeout", clean: false });
    expect(info.error).toBeInstanceOf(HandshakeTimeoutError);
    expect(server.clients.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  test("a peer that stops within the TLS handshake is destroyed at the deadline", async () => {
    const clock = new ManualClock();
    const server = await startServer({ cfg: serverTls(), clock });
    const [accepted, closed] = [next(server, "connection"), next(server, "close")];
    const peer = await RawPeer.connect(server.addr);
    const [remote] = await accepted;
    peer.write(Buffer.from("16030102000100", "hex"));
    while (remote.sock?.bytesRead === 0) await new Promise(setImmediate);
    clock.advance(9.999);
    expect(remote.conn.open).toBe(true);
    clock.advance(0.001);
    await peer.ended();
    // It was not told anything in plain, as one would be that says nothing: it may speak TLS, if slowly.
    expect(peer.pending).toHaveLength(0);
    expect(await closeError(closed)).toBeInstanceOf(HandshakeTimeoutError);
    expect(clock.timers).toBe(0);
  });

  test("the time for TLS counts against the handshake's deadline", async () => {
    const clock = new ManualClock();
    const server = await startServer({ cfg: serverTls(), clock });
    const accepted = next(server, "connection");
    const closed = next(server, "close");
    const connecting = bareTlsClient(server.addr, bareTls());
    await accepted;
    clock.advance(4);
    const { peer } = await connecting;
    await peer.packet();
    clock.advance(5.9);
    expect(server.clients.size).toBe(1);
    clock.advance(0.2);
    // It is told, since it has got as far as that.
    expect(await peer.closeReason()).toBe("handshaketimeout");
    await peer.ended();
    expect(await closeError(closed)).toBeInstanceOf(HandshakeTimeoutError);
  });

  test("a server that says nothing", async () => {
    const clock = new ManualClock();
    const server = await rawServer();
    const client = makeClient(server.addr, clientTls(), clock);
    const started = failure(client.start());
    const peer = await server.accepted();
    // The ClientHello: the client has come to TLS.
    await peer.bytes(5);
    clock.advance(10);
    const error = await started;
    expect(error).toBeInstanceOf(HandshakeTimeoutError);
    expect(error.message).toMatch(/TLS handshake within 10 s .*; it sent nothing/);
    await peer.ended();
    expect(clock.timers).toBe(0);
  });

  test("a server that stops within the handshake", async () => {
    const clock = new ManualClock();
    const whole = await bareTlsServer({ ...bareTls("server"), maxVersion: "TLSv1.2" });
    const server = await rawServer();
    const started = failure(makeClient(server.addr, clientTls(), clock).start());
    const peer = await server.accepted();
    const head = await peer.bytes(5);
    const behind = await RawPeer.connect(whole.addr);
    behind.socket.on("data", (chunk: Buffer) => peer.write(chunk));
    behind.write(head, await peer.bytes(head.readUInt16BE(3)));
    // The client has answered what it got, and gets no more.
    await peer.bytes(5);
    clock.advance(10);
    const error = await started;
    expect(error).toBeInstanceOf(HandshakeTimeoutError);
    expect(error.message).toMatch(/TLS handshake within 10 s \(net\.timeout\.handshake\)$/);
    await peer.ended();
  });

  test("neither the deadline nor the signal of a handshake that is complete ends the connection", async () => {
    const clock = new ManualClock();
    const server = await startServer({ cfg: serverTls() });
    const quiet = { "net.heartbeat.interval": 0, "net.timeout.idle": 0 };
    const client = makeClient(server.addr, { ...clientTls(), ...quiet }, clock);
    echo(client);
    const controller = new AbortController();
    await client.start({ signal: controller.signal });
    clock.advance(11);
    controller.abort();
    expect(client.sock?.destroyed).toBe(false);
    await expect(client.close("bye")).resolves.toMatchObject({ reason: "bye", clean: true });
    expect(clock.timers).toBe(0);
  });

  test("a client that is stopped between TCP and TLS", async () => {
    const server = await rawServer();
    const client = makeClient(server.addr, clientTls());
    const started = failure(client.start());
    const peer = await server.accepted();
    client.stop();
    expect(await started).toMatchObject({ code: expect.stringMatching(/ABORTED|CONNECTION_CLOSED/) });
    await peer.ended();
  });

  test("a client that is closed while it connects", async () => {
    const server = await rawServer();
    const client = makeClient(server.addr, clientTls());
    const started = failure(client.start());
    const peer = await server.accepted();
    await peer.bytes(5);
    await client.close();
    expect(await started).toMatchObject({ code: "P3D_ERR_ABORTED" });
    await peer.ended();
  });

  test("a server that is stopped within handshakes", async () => {
    const server = await startServer({ cfg: serverTls() });
    const accepted = next(server, "connection");
    const peer = await RawPeer.connect(server.addr);
    await accepted;
    const closed = next(server, "close");
    server.stop();
    await peer.ended();
    await expect(closed).resolves.toMatchObject([{}, { reason: "socketclose", error: undefined }]);
    await server.join();
  });
});
