// npm run reliability -- requests --requests 1000000 --seed 1
//
// Requests in both directions over links of the test kit, which are cut and closed by chance, while callers give up and time
// passes: each is settled exactly once, and nothing is left of it. A connection that fails is printed with its plan;
// `--from N --requests 1` repeats it.

import { readOptions } from "../options.js";
import { Random } from "../random.js";
import { randomRequestPlan } from "../requests/plan.js";
import { nameOf, playRequests } from "../requests/scene.js";

const { requests, seed, from } = readOptions({ requests: 200_000, seed: 1, from: 0 }, {});
const outcomes = new Map<string, number>();
const ends = new Map<string, number>();
const started = performance.now();
let made = 0;
let connection = from;
while (made < requests) {
  const plan = randomRequestPlan(Random.of(seed, "requests", connection));
  try {
    for (const result of await playRequests(plan)) {
      const name = nameOf(result);
      outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
      made++;
    }
  } catch (error) {
    console.error(`finding: connection ${connection} of seed ${seed} with ${JSON.stringify(plan)}:`, error);
    process.exit(1);
  }
  ends.set(plan.end, (ends.get(plan.end) ?? 0) + 1);
  connection++;
}
const seconds = (performance.now() - started) / 1000;
const count = (number: number): string => number.toLocaleString("en");
console.log(
  `${count(made)} requests over ${count(connection - from)} connections in ${seconds.toFixed(0)} s, seed ${seed}: each settled once, nothing left`,
);
for (const [name, number] of [...outcomes].sort(([, a], [, b]) => b - a))
  console.log(`  ${name.padEnd(36)}${count(number).padStart(10)}`);
console.log(`  connections: ${[...ends].map(([end, number]) => `${end} ${count(number)}`).join(", ")}`);
