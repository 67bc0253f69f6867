// The command over TLS in one IP version: the certificate is for the name, whatever address was found for it.

import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { enablePing, pingServer } from "@peng3dnet/ping";
import { bareTls, certFile, clientTls, serverTls } from "../../../core/test/support/certificates.js";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { startServer } from "../../../core/test/support/peers.js";
import { run } from "../../src/command/run.js";

async function outcome(identity: "server" | "wrong-host", ...options: string[]): Promise<unknown> {
  const server = await startServer({ cfg: serverTls(identity) }, (peer) => enablePing(peer, { motd: "hi" }));
  let out = "";
  const code = await run(
    ["--json", "-4", "--ca", certFile("ca"), ...options, `localhost:${server.addr[1]}`],
    {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        out += text;
      },
      terminal: false,
      colours: false,
      columns: () => 80,
      version: "0",
      signal: new AbortController().signal,
    },
  );
  return [code, JSON.parse(out)];
}

test("the name of the server is the one that was given", async () => {
  expect(await outcome("server")).toMatchObject([0, { ok: true, data: { motd: "hi" } }]);
  const refused = { ok: false, error: { code: "tls", message: expect.stringContaining("set --servername") } };
  expect(await outcome("wrong-host")).toMatchObject([1, refused]);
});

test("unless another one is to be expected", async () => {
  expect(await outcome("wrong-host", "--servername", "elsewhere.invalid")).toMatchObject([0, { ok: true }]);
  expect(await outcome("server", "--servername", "elsewhere.invalid")).toMatchObject([1, { ok: false }]);
});

test.each(["expired", "future"] as const)("a certificate that is %s is told as such", async (identity) => {
  // A server of the library does not start with one.
  const server = createServer(bareTls(identity), (socket) => socket.on("error", () => {}));
  onCleanup(() => void server.close());
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  await expect(pingServer({ addr: `localhost:${port}`, timeout: 5, cfg: clientTls() })).rejects.toMatchObject(
    {
      failure: "tls",
      message: expect.stringMatching(/the certificate of .* the server needs a new one/),
    },
  );
});
