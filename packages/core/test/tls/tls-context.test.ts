// TLS for servers that listen in another way than this package does, from the same options.

import { createServer } from "node:tls";
import { Config, silentLogger, TlsConfigError, tlsServerContext } from "@peng3dnet/core";
import { bareTlsClient } from "../support/bare-tls.js";
import { bareTls, certPem, mutualTls, serverTls } from "../support/certificates.js";
import { trackNetServer, trackSocket } from "../support/cleanup.js";

test("there is none where TLS is off", async () => {
  const off = new Config({ ...serverTls(), "net.ssl.enabled": false });
  expect(await tlsServerContext(off, silentLogger)).toBeUndefined();
});

test.each([
  ["no certificate of clients", serverTls(), false],
  ["a certificate of every client", mutualTls(), true],
])("it asks for %s, as the options say", async (_what, options, asks) => {
  const context = await tlsServerContext(new Config(options), silentLogger);
  expect(context).toMatchObject({
    cert: certPem("server").trim().concat("\n"),
    ca: [certPem("ca").trim().concat("\n")],
    requestCert: asks,
    rejectUnauthorized: asks,
    minVersion: "TLSv1.2",
  });
  const server = trackNetServer(createServer({ ...context }, trackSocket));
  server.on("tlsClientError", () => {});
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as { readonly port: number };
  const { socket } = await bareTlsClient(["127.0.0.1", port], bareTls("client"));
  expect(socket.authorized).toBe(true);
  expect(socket.getSharedSigalgs().length > 0).toBe(asks);
});

test("a mistake among the options is thrown", async () => {
  const nothing = new Config({ "net.ssl.enabled": true });
  await expect(tlsServerContext(nothing, silentLogger)).rejects.toThrow(TlsConfigError);
});
