// Certificates made by `npm run certs`, anew for each file of tests.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigOverrides } from "@peng3dnet/core";

export type Authority = "ca" | "other-ca";
export type Identity =
  | "server"
  | "server-renewed"
  | "client"
  | "expired"
  | "future"
  | "wrong-host"
  | "stranger";

const folder = mkdtempSync(join(tmpdir(), "peng3dnet-tls-"));
const script = join(__dirname, "..", "..", "..", "..", "scripts", "make-certs.mjs");

beforeAll(() => {
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

export const certFile = (name: Authority | Identity): string => join(folder, `${name}.pem`);
export const keyFile = (name: Authority | Identity): string => join(folder, `${name}-key.pem`);
export const certPem = (name: Authority | Identity): string => readFileSync(certFile(name), "utf8");
export const keyPem = (name: Authority | Identity): string => readFileSync(keyFile(name), "utf8");

/** Options of a server that shows a certificate, and does not ask for any. */
export const serverTls = (identity: Identity = "server"): ConfigOverrides => ({
  "net.ssl.enabled": true,
  "net.ssl.cafile": certFile("ca"),
  "net.ssl.server.certfile": certFile(identity),
  "net.ssl.server.keyfile": keyFile(identity),
  "net.ssl.server.force_verify": false,
});

/** Options of a server that asks every client for a certificate. */
export const mutualTls = (identity: Identity = "server"): ConfigOverrides => ({
  ...serverTls(identity),
  "net.ssl.server.force_verify": true,
});

/** Options of a client, with or without a certificate. */
export const clientTls = (identity?: Identity): ConfigOverrides => ({
  "net.ssl.enabled": true,
  "net.ssl.cafile": certFile("ca"),
  ...(identity && {
    "net.ssl.client.certfile": certFile(identity),
    "net.ssl.client.keyfile": keyFile(identity),
  }),
});

/** The same material for bare TLS sockets. */
export const bareTls = (identity?: Identity) => ({
  ca: certPem("ca"),
  ...(identity && { cert: certPem(identity), key: keyPem(identity) }),
});
