import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigOverrides } from "@peng3dnet/core";

/** Makes a certificate that signs itself, in a folder that goes with this process. Needs `openssl`. */
export function makeCertificate(): string {
  const folder = mkdtempSync(join(tmpdir(), "peng3dnet-hostile-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const request =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost";
  const files = ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"];
  const { status, stderr } = spawnSync("openssl", [...request.split(" "), ...files], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`openssl: ${stderr ?? "not installed"}`);
  return folder;
}

export const serverTls = (folder: string): ConfigOverrides => ({
  "net.ssl.enabled": true,
  "net.ssl.server.certfile": join(folder, "cert.pem"),
  "net.ssl.server.keyfile": join(folder, "key.pem"),
  "net.ssl.server.force_verify": false,
});

export const clientTls = (folder: string): ConfigOverrides => ({
  "net.ssl.enabled": true,
  "net.ssl.cafile": join(folder, "cert.pem"),
  "net.ssl.server_hostname": "localhost",
});
