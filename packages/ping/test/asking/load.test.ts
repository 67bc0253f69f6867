// Many pings, in a process of its own, on the built package: `npm test` builds first.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const PROGRAM = `
import { Server } from "@peng3dnet/core";
import { enablePing, pingServer } from "@peng3dnet/ping";

process.exit = () => console.log("process.exit was called");
const server = new Server({ addr: "127.0.0.1:0" });
enablePing(server, (msg) => ({ usercount: server.clients.size, n: msg.n }));
await server.start();

async function inARow(count) {
  let answered = 0;
  for (let n = 0; n < count; n++) {
    const pong = await pingServer({ addr: server.addr, data: { n } });
    if (pong.n === n && pong.delay > 0) answered++;
  }
  return answered;
}
async function atOnce(count) {
  const pongs = await Promise.all(
    Array.from({ length: count }, (_, n) => pingServer({ addr: server.addr, data: { n } })),
  );
  return pongs.filter((pong, n) => pong.n === n).length;
}
/** Whoever pinged learns of its end before the server does. */
async function until(done) {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}
const handles = (kinds) => process.getActiveResourcesInfo().filter((kind) => kinds.test(kind));
/** What is left once all clients are gone, and nothing more becomes garbage. */
async function heap() {
  await until(() => server.clients.size === 0);
  for (let least = Infinity, inVain = 0; ; inVain++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    gc();
    const { heapUsed } = process.memoryUsage();
    if (heapUsed < least) inVain = 0;
    least = Math.min(least, heapUsed);
    if (inVain >= 3) return least;
  }
}

await inARow(1000);
await atOnce(200);
const before = await heap();
const answers = [await inARow(1000), await atOnce(200)];
const grown = (await heap()) - before;
await server.shutdown();
await until(() => handles(/TCP|GetAddrInfo/).length === 0);
console.log(JSON.stringify({ answers, grown, timers: handles(/Timeout/).length }));
`;

test("1,000 pings in a row and 200 at once are answered; no memory, no handle and no process stays", async () => {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", "--input-type=module", "--eval", PROGRAM],
    { cwd: join(__dirname, "../..") },
  );
  expect(stderr).toBe("");
  const { grown, ...rest } = JSON.parse(stdout) as { readonly grown: number };
  expect(rest).toEqual({ answers: [1000, 200], timers: 0 });
  // Half a kilobyte kept for each ping would be more.
  expect(grown).toBeLessThan(600_000);
}, 120_000);
