// `npm run certs -- DIR` makes an authority and certificates, or says what it needs.

import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const script = join(__dirname, "..", "scripts", "make-certs.mjs");
const folder = mkdtempSync(join(tmpdir(), "peng3dnet-make-certs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (args: string[], env: NodeJS.ProcessEnv = process.env) =>
  spawnSync(process.execPath, [script, ...args], { encoding: "utf8", env });
const certificate = (out: string, name: string) =>
  new X509Certificate(readFileSync(join(out, `${name}.pem`)));

test("certificates are signed by their authority, and keys are for their owner only", () => {
  const out = join(folder, "new", "certs");
  // A second run replaces those of the first.
  for (let n = 0; n < 2; n++) expect(run([out])).toMatchObject({ status: 0, stderr: "" });
  const [ca, other] = [certificate(out, "ca"), certificate(out, "other-ca")];
  for (const name of ["server", "server-renewed", "client", "expired", "future", "wrong-host"]) {
    expect(certificate(out, name).verify(ca.publicKey)).toBe(true);
  }
  expect(certificate(out, "stranger").verify(other.publicKey)).toBe(true);
  expect(certificate(out, "server").checkHost("localhost")).toBe("localhost");
  expect(certificate(out, "wrong-host").checkHost("localhost")).toBeUndefined();
  expect(Date.parse(certificate(out, "expired").validTo)).toBeLessThan(Date.now());
  const names = readdirSync(out);
  expect(names).toHaveLength(18);
  if (process.platform !== "win32") {
    for (const name of names.filter((file) => file.endsWith("-key.pem"))) {
      expect(statSync(join(out, name)).mode & 0o077).toBe(0);
    }
  }
}, 60_000);

test("without openssl it says so", () => {
  const { status, stderr } = run([folder], { PATH: join(folder, "nothing") });
  expect(stderr).toMatch(/`openssl` is not installed or not on the PATH/);
  expect(status).toBe(1);
});

test.each([[[]], [["a", "b"]], [["--help"]]])("%j is answered with the usage", (args) => {
  const { status, stderr } = run(args);
  expect(stderr).toMatch(/usage: npm run certs -- DIR/);
  expect(status).toBe(1);
});
