// What `npm run arena:swarm` runs: the server, and a process of bots that play over WebSocket as pages do. It prints what that costs.
//
//   npm run arena:swarm -- [BOTS] [SECONDS]

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startArena } from "../server/arena.js";
import { HZ } from "../shared/motion.js";
import type { SwarmReport } from "./swarm-bots.js";

const [bots = 200, seconds = 20] = process.argv.slice(2).map(Number);
if (!(bots >= 1 && seconds >= 1)) {
  console.error("npm run arena:swarm -- [BOTS] [SECONDS]: how many bots, and for how many seconds, from 1");
  process.exit(2);
}

/** Seconds that a step may begin late without being counted: a timer's own error, and a bit. */
const LATE = 0.01;

let measuring = false;
const steps = { count: 0, late: 0, skipped: 0, lates: [] as number[], took: [] as number[] };
const arena = await startArena({
  addr: ["127.0.0.1", 0],
  onStep({ late, skipped }, took) {
    if (!measuring) return;
    steps.count++;
    steps.skipped += skipped;
    if (late > LATE) steps.late++;
    steps.lates.push(late * 1000);
    steps.took.push(took);
  },
});

const swarm = fork(fileURLToPath(new URL("swarm-bots.js", import.meta.url)), [arena.url, String(bots)]);
const [joined] = (await once(swarm, "message")) as [string];
console.log(`${joined} in ${arena.lobby.rooms.map(({ name, people }) => `${name} ${people}`).join(", ")}`);

await new Promise((resolve) => setTimeout(resolve, 1000));
measuring = true;
const before = { bytes: arena.server.metrics.bytesOut, cpu: process.cpuUsage(), at: performance.now() };
swarm.send("measure");
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
swarm.send("report");
const [report] = (await once(swarm, "message")) as [SwarmReport];
measuring = false;
const took = (performance.now() - before.at) / 1000;
const { user, system } = process.cpuUsage(before.cpu);

const kB = (bytes: number) => (bytes / 1000).toFixed(1);
console.log(`steps                ${(steps.count / took).toFixed(2)} a second, of ${HZ}`);
console.log(`begun over 10 ms late ${steps.late} of ${steps.count}, skipped ${steps.skipped}`);
console.log(`late                 ${quantiles(steps.lates)} ms`);
console.log(`game of a step       ${quantiles(steps.took)} ms`);
console.log(`server's processor   ${((user + system) / 10_000 / took).toFixed(0)} %`);
console.log(
  `frames a player      ${(report.frames / report.seconds / bots).toFixed(2)} a second, slowest ${report.least.toFixed(2)}`,
);
console.log(`packets to a player  ${(report.packets / report.seconds / bots).toFixed(0)} a second`);
console.log(`bytes to a player    ${kB(report.bytes / report.seconds / bots)} kB a second`);
console.log(`bytes from a player  ${kB(report.sent / report.seconds / bots)} kB a second`);
console.log(`bytes in all         ${kB((arena.server.metrics.bytesOut - before.bytes) / took)} kB a second`);

swarm.kill();
await arena.stop();

function quantiles(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);
  return `median ${at(0.5)}, 99 % ${at(0.99)}, most ${at(1)}`;
}
