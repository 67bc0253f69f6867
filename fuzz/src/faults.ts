// npm run faults -- --runs 10000 --seed 1
//
// Connections over real sockets through the fault proxy, each with faults by chance. One that fails is printed
// with its plan; `--from N --runs 1` repeats it.

import { setTimeout as sleep } from "node:timers/promises";
import { expectPrefix, startEcho } from "./exchange.js";
import { randomPlan, type SeededPlan } from "./fault-plan.js";
import { FaultProxy } from "./fault-proxy.js";
import { expectAllGone, expectOneClose, FAULT_CFG, faultSession, MESSAGES } from "./fault-session.js";
import { readOptions } from "./options.js";
import { Random } from "./random.js";

/** Connections at a time. */
const AT_ONCE = 48;
/** Bytes of a direction within which faults lie; a session has a little less. */
const LENGTH = 420;

const options = readOptions({ runs: 10_000, seed: 1, from: 0 }, {});
const show = (plan: SeededPlan): string =>
  JSON.stringify(plan, (_key, value: unknown) => (value instanceof Map ? [...value] : value));

const echo = await startEcho(FAULT_CFG);
const { server, seen } = echo;
const started = performance.now();
let next = options.from;
let done = 0;
let complete = 0;

async function one(iteration: number): Promise<void> {
  const plan = randomPlan(Random.of(options.seed, "faults", iteration), LENGTH);
  const what = (): string => `run ${iteration} with ${show(plan)}`;
  const proxy = await FaultProxy.listen(server.addr, () => plan);
  try {
    const { messages } = await faultSession(proxy.address, plan.corrupts, what);
    if (messages.length === MESSAGES.length) complete++;
  } finally {
    await proxy.close();
  }
}

async function lane(): Promise<void> {
  while (next < options.from + options.runs) {
    await one(next++);
    done++;
  }
}

try {
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await expectAllGone(echo, () => "at the end");
  for (const [cid, { messages, closes }] of seen) {
    const what = (): string => `connection ${cid} of the server`;
    expectOneClose(closes, what);
    // Turned bits change packets; a prefix is checked where the first packets show that there were none.
    if (
      messages.every((message) => MESSAGES.some((sent) => JSON.stringify(sent) === JSON.stringify(message)))
    ) {
      expectPrefix(messages, MESSAGES, what);
    }
  }
  const honest = await faultSession(server.addr, false, () => "the honest client afterwards");
  if (honest.messages.length !== MESSAGES.length) throw new Error("the server does not work any more");
} catch (error) {
  console.error("finding:", error);
  process.exit(1);
}
await server.shutdown();
await sleep(0);
const seconds = (performance.now() - started) / 1000;
console.log(
  `${done} runs over sockets in ${seconds.toFixed(0)} s, seed ${options.seed}: ${complete} got all answers, ${done - complete} ended early, no finding`,
);
process.exit(0);
