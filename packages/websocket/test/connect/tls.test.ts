// TLS of a client's WebSocket: what its options net.ssl.* say, as over TCP.

import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import {
  Client,
  type ConfigOverrides,
  SSLSEC_BOTHAUTH,
  SSLSEC_ENCRYPTED,
  SSLSEC_SERVERAUTH,
  TlsClientCertificateRequiredError,
  TlsConfigError,
  TlsHandshakeError,
  TlsHostMismatchError,
  TlsPlainPeerError,
  TlsUnknownCaError,
  TlsVersionError,
  WebSocketConnectError,
} from "@peng3dnet/core";
import { serveWebSocket, webSocketConnector } from "@peng3dnet/websocket";
import {
  certFile,
  certPem,
  clientTls,
  type Identity,
  keyFile,
  keyPem,
  serverTls,
} from "../../../core/test/support/certificates.js";
import { track } from "../../../core/test/support/cleanup.js";
import { next } from "../../../core/test/support/peers.js";
import { rawServer } from "../../../core/test/support/raw-peer.js";
import { addressOf, Echo, echoed, echoServer, httpServer, listening } from "../support/http.js";

/** A server whose WebSockets come over https; resolves with its port, and its clients as they get through the handshake. */
async function serve(options: ServerOptions = {}, identity: Identity = "server") {
  const https = await listening(
    createHttpsServer({ cert: certPem(identity), key: keyPem(identity), ...options }),
  );
  const server = await echoServer();
  await serveWebSocket(server, { server: https });
  return { server, port: addressOf(https)[1], accepted: next(server, "handshakecomplete") };
}

/** Options of a client that trusts the authority of these tests. TLS is not switched on: the URL does that. */
const trusting = (more: ConfigOverrides = {}): ConfigOverrides => ({
  "net.ssl.cafile": certFile("ca"),
  ...more,
});

function clientOf(port: number, cfg: ConfigOverrides, host = "localhost") {
  const connector = webSocketConnector(`wss://${host}:${port}/`);
  return track(new Client({ connector, packets: [Echo], cfg }));
}

async function refusal(port: number, cfg: ConfigOverrides, host?: string): Promise<Error> {
  return clientOf(port, cfg, host)
    .start()
    .then(
      () => {
        throw new Error("it connected");
      },
      (error: Error) => error,
    );
}

test("a server whose certificate is verified is authenticated, whether TLS is switched on or not", async () => {
  const { port, accepted } = await serve();
  for (const cfg of [trusting(), clientTls()]) {
    const client = clientOf(port, cfg);
    await client.start();
    expect(client.sslSeclevel).toBe(SSLSEC_SERVERAUTH);
    expect(client.peerCertificate).toMatchObject({ verified: true, subject: { CN: "localhost" } });
    expect(await echoed(client, "x".repeat(200_000))).toBe("x".repeat(200_000));
    expect(await client.close("bye")).toMatchObject({ reason: "bye", clean: true });
  }
  expect((await accepted)[0].sslSeclevel).toBe(SSLSEC_ENCRYPTED);
});

test("authorities may be handed in as they are", async () => {
  const { port } = await serve();
  await clientOf(port, { "net.ssl.ca": certPem("ca") }).start();
});

test("a certificate of an authority that is not trusted", async () => {
  const { port } = await serve({}, "stranger");
  expect(await refusal(port, trusting())).toBeInstanceOf(TlsUnknownCaError);
  expect(await refusal(port, {})).toBeInstanceOf(TlsUnknownCaError);
  const client = clientOf(port, trusting({ "net.ssl.client.force_verify": false }));
  await client.start();
  expect(client.sslSeclevel).toBe(SSLSEC_ENCRYPTED);
  expect(client.peerCertificate?.verified).toBe(false);
});

test("a certificate for another host", async () => {
  const { port } = await serve({}, "wrong-host");
  const error = await refusal(port, trusting());
  expect(error).toBeInstanceOf(TlsHostMismatchError);
  expect(error.message).toContain("net.ssl.server_hostname");
  const client = clientOf(port, trusting({ "net.ssl.client.check_hostname": false }));
  await client.start();
  expect(client.sslSeclevel).toBe(SSLSEC_ENCRYPTED);
});

test("net.ssl.server_hostname is the name that is asked for and compared", async () => {
  const asked: string[] = [];
  const { port } = await serve({
    SNICallback: (name, use) => {
      asked.push(name);
      use(null);
    },
  });
  const client = clientOf(port, trusting({ "net.ssl.server_hostname": "localhost" }), "127.0.0.1");
  await client.start();
  expect([client.sslSeclevel, asked]).toEqual([SSLSEC_SERVERAUTH, ["localhost"]]);
  const error = await refusal(port, trusting({ "net.ssl.server_hostname": "game.example" }), "127.0.0.1");
  expect(error).toBeInstanceOf(TlsHostMismatchError);
});

describe("a server that asks for a certificate", () => {
  const asking: () => ServerOptions = () => ({
    requestCert: true,
    rejectUnauthorized: true,
    ca: certPem("ca"),
  });
  const showing = (identity: Identity) =>
    trusting({
      "net.ssl.client.certfile": certFile(identity),
      "net.ssl.client.keyfile": keyFile(identity),
    });

  test("lets in a client that shows a valid one, and both are authenticated", async () => {
    const { port, accepted } = await serve(asking());
    const client = clientOf(port, showing("client"));
    await client.start();
    const [remote] = await accepted;
    expect([client.sslSeclevel, remote.sslSeclevel]).toEqual([SSLSEC_BOTHAUTH, SSLSEC_BOTHAUTH]);
    expect(remote.peerCertificate?.verified).toBe(true);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "refuses a client that shows none, by %s",
    async (maxVersion) => {
      const { port } = await serve({ ...asking(), maxVersion });
      const error = await refusal(port, trusting());
      if (maxVersion === "TLSv1.3") expect(error).toBeInstanceOf(TlsClientCertificateRequiredError);
      else expect(error).toBeInstanceOf(TlsHandshakeError);
    },
  );

  test("breaks off without a word where a client shows one of another authority, and the error names that", async () => {
    const { port } = await serve(asking());
    const error = await refusal(port, showing("stranger"));
    expect(error).toBeInstanceOf(WebSocketConnectError);
    expect(error.message).toContain("may not accept the certificate of this side");
  });

  test("a file of the client's that is not there is named, and nothing is sent", async () => {
    const { port } = await serve(asking());
    const error = await refusal(port, trusting({ "net.ssl.client.certfile": "missing.pem" }));
    expect(error).toBeInstanceOf(TlsConfigError);
    expect(error.message).toContain("net.ssl.client.");
  });
});

test("net.ssl.minversion holds", async () => {
  const { port } = await serve({ maxVersion: "TLSv1.2" });
  expect(await refusal(port, trusting({ "net.ssl.minversion": "TLSv1.3" }))).toBeInstanceOf(TlsVersionError);
});

test("TLS sessions are resumed where both sides may", async () => {
  const { port, server } = await serve();
  const reused: boolean[] = [];
  for (let round = 0; round < 2; round++) {
    const client = clientOf(port, trusting({ "net.ssl.resumption": true }));
    await client.start();
    expect(client.sslSeclevel).toBe(SSLSEC_SERVERAUTH);
    reused.push((client.sock as unknown as { isSessionReused(): boolean }).isSessionReused());
    const closed = next(server, "close");
    await client.close();
    await closed;
  }
  expect(reused).toEqual([false, true]);
});

test("an attempt that is given up within the handshake of TLS closes its socket", async () => {
  const server = await rawServer();
  const client = clientOf(server.addr[1], trusting());
  const starting = client.start();
  const peer = await server.accepted();
  await peer.bytes(5);
  client.stop();
  await expect(starting).rejects.toThrow("aborted");
  await peer.ended();
});

test("a server without TLS at the port", async () => {
  const http = await httpServer();
  const error = await refusal(addressOf(http)[1], trusting());
  expect(error).toBeInstanceOf(TlsPlainPeerError);
});

test("a server with TLS at the port, where there is to be none", async () => {
  const { port } = await serve();
  const client = track(new Client({ connector: webSocketConnector(`ws://localhost:${port}/`) }));
  const starting = client.start();
  await expect(starting).rejects.toThrow(WebSocketConnectError);
  await expect(starting).rejects.toThrow("if the server has TLS, begin the address with wss://");
});

test("a server of TCP with TLS at the port", async () => {
  const server = await echoServer(serverTls());
  const error = await refusal(server.addr[1], trusting());
  expect(error).toBeInstanceOf(TlsHandshakeError);
  expect(error.message).toContain("another protocol");
});
