// npm run reliability                what is claimed of hostile and slow peers, shown one by one
// npm run reliability -- frozen      one of them: dribble, frozen, hostile, descriptors or shapes

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const PARTS = ["hostile", "descriptors", "frozen", "dribble", "shapes"];
const wanted = process.argv.slice(2);
const unknown = wanted.find((part) => !PARTS.includes(part));
if (unknown !== undefined) {
  console.error(`no part ${unknown}; there are: ${PARTS.join(", ")}`);
  process.exit(2);
}
for (const part of wanted.length > 0 ? wanted : PARTS) {
  const program = fileURLToPath(new URL(`shown/${part}.js`, import.meta.url));
  if (spawnSync(process.execPath, [program], { stdio: "inherit" }).status !== 0) process.exitCode = 1;
}
