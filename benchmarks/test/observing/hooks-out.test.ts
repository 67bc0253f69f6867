// The copies of the packages that `bench:observing` compares: they do the same, but nobody can look on at packets of the one.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { copyPackages } from "../../src/observing/hooks-out.js";

const PROGRAM = `
const { Client, definePacket, defineRequest, observe, payload, Server } = await import(process.argv[1]);
const Say = definePacket({ name: "test:say", schema: payload() });
const Ask = defineRequest({ name: "test:ask", request: payload(), response: payload() });
const server = new Server({ addr: "127.0.0.1:0", packets: [Say, Ask] });
let heard = 0;
server.on(Say, () => heard++);
server.answer(Ask, () => heard);
const seen = [];
observe(server, {
  received: (packet) => seen.push(packet),
  roundTrip: () => seen.push("beat"),
  request: () => void seen.push("request"),
});
await server.start();
const client = new Client({ addr: server.addr, packets: [Say, Ask] });
await client.start();
client.sendMessage(Say, "hello");
console.log(await client.request(Ask, 1), [...new Set(seen)].sort().join(" "));
await client.close();
await server.shutdown();
`;

const folder = mkdtempSync(join(tmpdir(), "peng3dnet-hooks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["with", /^1 .*request.*test:say/],
  ["without", /^1 \n$/],
] as const)("%s hooks", (hooks, output) => {
  const core = pathToFileURL(copyPackages(folder, hooks)).href;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", PROGRAM, core], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(stdout).toMatch(output);
});
