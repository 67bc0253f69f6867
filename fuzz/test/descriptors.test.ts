// A server that runs out of file descriptors, in a process of its own.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

const program = join(__dirname, "..", "dist", "shown", "descriptors.js");

test("with few file descriptors, connections go on, more are refused, and files can be opened", () => {
  const { stdout, status } = spawnSync(process.execPath, [program], { encoding: "utf8", timeout: 60_000 });
  expect(stdout).not.toContain("FAILED");
  expect(status).toBe(0);
}, 90_000);
