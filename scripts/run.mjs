// Sets the workspace up, quietly, and then becomes the program named by the first argument:
//
//   node scripts/run.mjs examples/echo/dist/server.js 127.0.0.1:8080

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { setupOrExit } from "./setup.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [program, ...args] = process.argv.slice(2);
const file = resolve(root, program ?? "");

setupOrExit();
if (!existsSync(file)) {
  process.stderr.write(`run: ${program} does not exist\n`);
  process.exit(1);
}
process.argv = [process.execPath, file, ...args];
await import(pathToFileURL(file).href);
