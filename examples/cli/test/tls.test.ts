// The programs over TLS, with certificates from `npm run certs`.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endAll, start, startServer } from "./support/spawned.js";

const folder = mkdtempSync(join(tmpdir(), "peng3dnet-examples-tls-"));
const script = join(__dirname, "../../../scripts/make-certs.mjs");

// Starting a program takes a while on a busy machine.
jest.setTimeout(60_000);
beforeAll(() => {
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
});
afterEach(endAll);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pem = (name: string): string => join(folder, `${name}.pem`);
const show = (name: string): string[] => ["--cert", pem(name), "--key", pem(`${name}-key`)];
const trust = (name: string): string[] => ["--ca", pem(name)];

test("echo, with certificates on both sides", async () => {
  const { address } = await startServer("echo", "--tls", ...show("server"), ...trust("ca"));
  const client = start("echo", "client", address, "--tls", ...show("client"), ...trust("ca"));
  await expect(client.end("over TLS\n")).resolves.toMatchObject({
    code: 0,
    stdout: "over TLS\n",
    stderr: "",
  });
});

test("the chat, with a certificate of the server", async () => {
  const { address } = await startServer("simplechat", "--tls", ...show("server"));
  const client = start("simplechat", "client", address, "--nick", "Ada", "--tls", ...trust("ca"));
  const { code, stdout } = await client.end("over TLS\n");
  expect(stdout).toMatch(/Welcome, Ada!(.|\n)*<Ada> over TLS/);
  expect(code).toBe(0);
});

test.each([
  [
    "a server without a certificate",
    ["server", "127.0.0.1:0", "--tls"],
    /^echo:server: .*net\.ssl\.server\.certfile/,
  ],
  [
    "a certificate that is not there",
    ["server", "127.0.0.1:0", "--tls", "--cert", "missing.pem", "--key", "missing.pem"],
    /^echo:server: .*"missing\.pem" cannot be read/,
  ],
])("%s is said in one line", async (_what, args, message) => {
  const { code, stderr } = await start("echo", args[0] as "server", ...args.slice(1)).ended;
  expect(stderr).toMatch(message);
  expect(stderr.split("\n")).toHaveLength(2);
  expect(code).toBe(1);
});

test.each([
  ["a client that trusts another authority", [...show("client"), ...trust("other-ca")], /net\.ssl\.cafile/],
  ["a client without a certificate", trust("ca"), /net\.ssl\.client\.certfile/],
  ["a client of another authority", [...show("stranger"), ...trust("ca")], /did not accept the certificate/],
])("%s is told in one line", async (_what, args, message) => {
  const { address } = await startServer("echo", "--tls", ...show("server"), ...trust("ca"));
  const { code, stderr } = await start("echo", "client", address, "--tls", ...args).end("not sent\n");
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^echo:client: .*\n$/);
  expect(code).toBe(1);
});
