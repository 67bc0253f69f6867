// What `npm run rooms` prints.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

test("the demo plays, refuses a newcomer, and ends by itself", () => {
  const program = join(__dirname, "..", "dist", "demo.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "1"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const lines = [
    /^server {2}has 5 rooms, and makes 20 steps a second$/m,
    /^bot 1 {3}cannot join the dungeon: noroom\. There is no such room\.$/m,
    /^bots {4}50 of them have joined$/m,
    /^bot 1 {3}loses its line$/m,
    /^bot 1 {3}goes on, in the \w+: \d+ packets were sent again$/m,
    /^server {2}step \d+: hall \d+, kitchen \d+, garden \d+, attic \d+, cellar \d+$/m,
    /^bot 1 {5}is in the \w+, and sees \d+ players$/m,
    /^bot 51 {2}was refused: serverdraining$/m,
    /^ping {4}.*"draining":true/m,
    /^server {2}has no players any more$/m,
    /^server {2}has shut down$/m,
  ];
  for (const line of lines) expect(stdout).toMatch(line);
  // Everybody is in a room.
  const players = /^server {2}step .*$/m.exec(stdout)?.[0].match(/[a-z] (\d+)/g) ?? [];
  expect(players.reduce((sum, text) => sum + Number(text.slice(2)), 0)).toBeGreaterThan(40);
}, 60_000);
