// What a client claims of a server that asks for certificates, and takes whoever shows none.

import { Client, SSLSEC_BOTHAUTH, SSLSEC_SERVERAUTH } from "@peng3dnet/core";
import { bareTlsServer } from "../support/bare-tls.js";
import { bareTls, clientTls } from "../support/certificates.js";
import { track } from "../support/cleanup.js";
import { hello } from "../support/wire.js";

test.each([
  ["one that shows a certificate", "client", true, SSLSEC_BOTHAUTH],
  ["one that shows none", undefined, true, SSLSEC_SERVERAUTH],
  ["one that is not asked for it", "client", false, SSLSEC_SERVERAUTH],
] as const)("%s: no more than was verified", async (_what, identity, requestCert, level) => {
  const server = await bareTlsServer({ ...bareTls("server"), requestCert, rejectUnauthorized: false });
  const client = track(new Client({ addr: server.addr, cfg: clientTls(identity) }));
  await client.connect();
  const { peer } = await server.accepted();
  // Whether the server has taken the certificate is known once it says hello.
  expect(client.sslSeclevel).toBe(SSLSEC_SERVERAUTH);
  peer.write(hello());
  await peer.packet();
  expect(client.sslSeclevel).toBe(level);
});
