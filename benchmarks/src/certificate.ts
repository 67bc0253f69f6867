/** A certificate for the peers that speak TLS, made anew for each run. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Credentials } from "./peer.js";

/** Needs the `openssl` command. */
export async function createCredentials(): Promise<Credentials> {
  const directory = await mkdtemp(join(tmpdir(), "peng3dnet-bench-"));
  try {
    const key = join(directory, "key.pem");
    const cert = join(directory, "cert.pem");
    const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    await promisify(execFile)("openssl", [
      "req",
      "-x509",
      ...ec,
      "-keyout",
      key,
      "-out",
      cert,
      "-days",
      "1",
      ...name,
    ]);
    return { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
