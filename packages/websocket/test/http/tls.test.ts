// WebSockets over TLS: of somebody's https server, and of a port of their own.

import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import {
  type ConfigOverrides,
  definePacket,
  payload,
  Server,
  SmartPacketInvalidError,
  SSLSEC_BOTHAUTH,
  SSLSEC_ENCRYPTED,
  TlsConfigError,
} from "@peng3dnet/core";
import { type ServeWebSocketOptions, serveWebSocket, webSocketAcceptor } from "@peng3dnet/websocket";
import {
  bareTls,
  certFile,
  certPem,
  type Identity,
  keyFile,
  keyPem,
  mutualTls,
  serverTls,
} from "../../../core/test/support/certificates.js";
import { onCleanup, track } from "../../../core/test/support/cleanup.js";
import { next } from "../../../core/test/support/peers.js";
import { value } from "../../../core/test/support/wire.js";
import {
  type DialOptions,
  dial,
  Echo,
  echoed,
  echoServer,
  listening,
  upgradeRequest,
  webSocketClient,
} from "../support/http.js";
import { WirePeer } from "../support/wire-peer.js";

const secure = (identity?: Identity): DialOptions => ({
  ...bareTls(identity),
  scheme: "wss",
  servername: "localhost",
});

async function serve(options: ServeWebSocketOptions, cfg: ConfigOverrides = {}) {
  const server = await echoServer(cfg);
  const ways = await serveWebSocket(server, options);
  return { server, address: ways.address };
}

test("a server is not negotiated with anew once there is a WebSocket", async () => {
  const https = await listening(createServer({ cert: certPem("server"), key: keyPem("server") }));
  const { address } = await serve({ server: https });
  const [host, port] = address;
  const socket = connectTls({ ...bareTls(), host, port, servername: "localhost", maxVersion: "TLSv1.2" });
  onCleanup(() => socket.destroy());
  socket.on("error", () => {});
  socket.write(upgradeRequest(host));
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1.1 101 /);
  const renegotiated = jest.fn();
  socket.renegotiate({}, renegotiated);
  await Promise.race([
    once(socket, "close"),
    new Promise((resolve) => renegotiated.mockImplementation(resolve)),
  ]);
  expect(renegotiated).not.toHaveBeenCalledWith(null);
});

test("an https server's WebSockets are encrypted", async () => {
  const https = await listening(createServer({ cert: certPem("server"), key: keyPem("server") }));
  const { server, address } = await serve({ server: https });
  const accepted = next(server, "handshakecomplete");
  const client = await webSocketClient(address, secure());
  expect((await accepted)[0].conn.sslSeclevel).toBe(SSLSEC_ENCRYPTED);
  const bytes = new Uint8Array(500_000).map((_, index) => index * 7);
  expect(Buffer.compare(bytes, (await echoed(client, bytes)) as Uint8Array)).toBe(0);
});

test("an https server that asks for certificates knows both ends", async () => {
  const https = createServer({
    cert: certPem("server"),
    key: keyPem("server"),
    ca: certPem("ca"),
    requestCert: true,
  });
  const { server, address } = await serve({ server: await listening(https) });
  const accepted = next(server, "handshakecomplete");
  const client = await webSocketClient(address, secure("client"));
  const [remote] = await accepted;
  expect(remote.conn.sslSeclevel).toBe(SSLSEC_BOTHAUTH);
  const { subject, fingerprint256 } = new X509Certificate(certPem("client"));
  const closed = next(server, "close");
  await client.close();
  await closed;
  // It can be asked for although the connection is over.
  expect(remote.peerCertificate).toMatchObject({ fingerprint256, verified: true });
  expect(`CN=${remote.peerCertificate?.subject.CN}`).toBe(subject);
  expect(remote.peerCertificate).toBe(remote.peerCertificate);
});

test("an https server that lets others in as well tells which certificate was verified", async () => {
  const https = createServer({
    cert: certPem("server"),
    key: keyPem("server"),
    ca: certPem("ca"),
    requestCert: true,
    rejectUnauthorized: false,
  });
  const { server, address } = await serve({ server: await listening(https) });
  const shown = [];
  for (const identity of ["client", "stranger", undefined] as const) {
    const accepted = next(server, "handshakecomplete");
    await webSocketClient(address, secure(identity));
    shown.push((await accepted)[0].peerCertificate?.verified);
  }
  expect(shown).toEqual([true, false, undefined]);
});

test("a port of its own follows net.ssl, as TCP does", async () => {
  const { server, address } = await serve({ port: 0 }, serverTls());
  const accepted = next(server, "handshakecomplete");
  const client = await webSocketClient(address, secure());
  expect((await accepted)[0].conn.sslSeclevel).toBe(SSLSEC_ENCRYPTED);
  expect(await echoed(client, "over TLS")).toBe("over TLS");
  await expect(dial(address)).rejects.toThrow();
});

test("where net.ssl asks for certificates, those without one are not let in", async () => {
  const { server, address } = await serve({ port: 0 }, mutualTls());
  await expect(dial(address, secure())).rejects.toThrow();
  const accepted = next(server, "handshakecomplete");
  await webSocketClient(address, secure("client"));
  expect((await accepted)[0].conn.sslSeclevel).toBe(SSLSEC_BOTHAUTH);
});

test("whose TLS handshake fails is told and counted, as over TCP", async () => {
  const { server, address } = await serve({ port: 0 }, mutualTls());
  const reasonOf = async (failing: () => Promise<unknown>): Promise<string> => {
    const dropped = next(server, "drop");
    await expect(failing()).rejects.toThrow();
    const [{ addr, reason }] = await dropped;
    expect(addr).toEqual(["127.0.0.1", expect.any(Number)]);
    return reason;
  };
  expect(await reasonOf(() => dial(address, secure()))).toBe("tlsclientcertrequired");
  expect(await reasonOf(() => dial(address))).toBe("tlsplainpeer");
  expect(await reasonOf(() => dial(address, secure("stranger")))).toBe("tlsfailed");
  expect(await echoed(await webSocketClient(address, secure("client")), 1)).toBe(1);
  expect(server.metrics.rejectedBy).toEqual({ tlsclientcertrequired: 1, tlsplainpeer: 1, tlsfailed: 1 });
});

test("a port of its own with a certificate of its own, or without TLS beside TCP that has it", async () => {
  const own = await serve({ port: 0, tls: { cert: certPem("server"), key: keyPem("server") } });
  expect(await echoed(await webSocketClient(own.address, secure()), 1)).toBe(1);
  const plain = await serve({ port: 0, tls: false }, serverTls());
  expect(await echoed(await webSocketClient(plain.address), 1)).toBe(1);
});

test.each<[string, () => object, string]>([
  ["nothing", () => ({}), "no certificate"],
  ["a key alone", () => ({ key: keyPem("server") }), "no certificate"],
  ["a certificate alone", () => ({ cert: certPem("server") }), "no private key"],
  ["what is no certificate", () => ({ cert: "?", key: keyPem("server") }), "cannot be used: "],
  ["another one's key", () => ({ cert: certPem("server"), key: keyPem("client") }), "cannot be used: "],
])("a port of its own with %s in the option tls is refused", async (_name, tls, message) => {
  expect(() => webSocketAcceptor({ tls: tls() })).toThrow(TlsConfigError);
  expect(() => webSocketAcceptor({ tls: tls() })).toThrow(`option "tls": `);
  expect(() => webSocketAcceptor({ tls: tls() })).toThrow(message);
});

test("a certificate that is missing is named", async () => {
  const { server, address } = await serve({ port: 0, tls: false }, {});
  expect(address[1]).toBeGreaterThan(0);
  server.cfg.set("net.ssl.enabled", true);
  await expect(serveWebSocket(server, { port: 0 })).rejects.toThrow(TlsConfigError);
});

test("certificates are read again for those who come later", async () => {
  const folder = mkdtempSync(join(tmpdir(), "peng3dnet-"));
  onCleanup(() => rmSync(folder, { recursive: true }));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const use = (identity: Identity): void => {
    copyFileSync(certFile(identity), cert);
    copyFileSync(keyFile(identity), key);
  };
  use("server");
  const { server, address } = await serve(
    { port: 0 },
    {
      ...serverTls(),
      "net.ssl.server.certfile": cert,
      "net.ssl.server.keyfile": key,
    },
  );
  const before = await webSocketClient(address, secure());
  use("wrong-host");
  await server.reloadCertificates();
  await expect(dial(address, secure())).rejects.toThrow("altnames");
  expect(await echoed(before, 1)).toBe(1);
});

test("where TLS was turned off meanwhile, the certificate stays that is in use", async () => {
  const { server, address } = await serve({ port: 0 }, serverTls());
  server.cfg.set("net.ssl.enabled", false);
  await server.reloadCertificates();
  expect(await echoed(await webSocketClient(address, secure()), 1)).toBe(1);
});

test("a TLS handshake that is not finished is cut when the time for handshakes is over", async () => {
  const { address } = await serve({ port: 0 }, { ...serverTls(), "net.timeout.handshake": 0.2 });
  const socket = connect({ host: address[0], port: address[1] });
  onCleanup(() => socket.destroy());
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
});

test("a packet that has to be encrypted goes over https, and not over http", async () => {
  const Secret = definePacket({
    name: "test:secret",
    schema: payload<string>(),
    minSslsecLevel: SSLSEC_ENCRYPTED,
    invalidAction: "error",
  });
  const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo, Secret], cfg: serverTls() }));
  await server.start();
  for (const encrypted of [true, false]) {
    const { address } = await serveWebSocket(server, { port: 0, ...(!encrypted && { tls: false }) });
    const accepted = next(server, "handshakecomplete");
    const peer = await WirePeer.active(address, encrypted ? secure() : {});
    const [client] = await accepted;
    const send = (): boolean => client.sendMessage(Secret, "a secret");
    if (!encrypted) expect(send).toThrow(SmartPacketInvalidError);
    else {
      send();
      expect(value(await peer.packet())).toBe("a secret");
    }
  }
});

test("a port of its own outlives what is no TLS, before the request and within it", async () => {
  const { server, address } = await serve({
    port: 0,
    tls: { cert: certPem("server"), key: keyPem("server") },
  });
  for (const before of ["", "GET / HTTP/1.1\r\n"]) {
    const [host, port] = address;
    const raw = connect({ host, port });
    const closed = new Promise((resolve) => raw.once("close", resolve));
    const socket = connectTls({ socket: raw, rejectUnauthorized: false });
    socket.on("error", () => {});
    await new Promise<void>((resolve) => socket.once("secureConnect", resolve));
    if (before !== "") socket.write(before);
    raw.write(Buffer.from("170303001000000000000000000000000000000000", "hex"));
    await closed;
  }
  const client = await webSocketClient(address, secure());
  expect(await echoed(client, 1)).toBe(1);
  expect(server.clients.size).toBe(1);
});
