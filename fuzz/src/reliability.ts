// npm run reliability                            what is claimed of hostile and slow peers, shown one by one
// npm run reliability -- frozen                  one of them: black-hole, dribble, frozen, hidden-tab, hostile,
//                                                descriptors, requests or shapes
// npm run reliability -- hostile --only chat     options are for the parts that are named before them

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const PARTS = [
  "hostile",
  "descriptors",
  "frozen",
  "dribble",
  "black-hole",
  "shapes",
  "hidden-tab",
  "requests",
];
const given = process.argv.slice(2);
const first = given.findIndex((word) => word.startsWith("-"));
const wanted = first < 0 ? given : given.slice(0, first);
const options = first < 0 ? [] : given.slice(first);
const unknown = wanted.find((part) => !PARTS.includes(part));
if (unknown !== undefined) {
  console.error(`no part ${unknown}; there are: ${PARTS.join(", ")}`);
  process.exit(2);
}
for (const part of wanted.length > 0 ? wanted : PARTS) {
  const program = fileURLToPath(new URL(`shown/${part}.js`, import.meta.url));
  const { status } = spawnSync(process.execPath, [program, ...options], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
