// The programs as they are started: `npm run arena` and `npm run arena:swarm`.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { endAll, start } from "../../cli/test/support/spawned.js";
import { gameOf, ping, play } from "./support/player.js";

// Starting a program takes a while on a busy machine.
jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "arena-"));
afterEach(endAll);
afterAll(() => rmSync(folder, { recursive: true }));

async function startArena() {
  const program = start("arena", "main", "127.0.0.1:0", "--seats", join(folder, "seats.json"));
  const [, origin = ""] = await program.printed(/Open (http:\S+) in a browser/);
  return { program, origin };
}

test("the page brings all that it needs, and may run nothing else", async () => {
  const { origin } = await startArena();
  const page = await fetch(origin);
  expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'; script-src 'self';/);
  const parts = [...(await page.text()).matchAll(/(?:src|href)="([^":]+)"/g)].map(([, part]) => part);
  expect(parts.sort()).toEqual(["main.js", "style.css"]);
  for (const part of parts) expect((await fetch(`${origin}/${part}`)).status).toBe(200);
});

test("a port that is taken is told in one line, and no page of a stranger may play", async () => {
  const { program, origin } = await startArena();
  const second = start("arena", "main", new URL(origin).host);
  const { code, stderr } = await second.ended;
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^arena: [^\n]*EADDRINUSE[^\n]*\n$/)]);
  const open = (from: string) =>
    new Promise((resolve) => {
      const socket = new WebSocket(gameOf(origin), "peng3dnet.2", { origin: from });
      socket.on("open", () => resolve("let in")).on("error", ({ message }) => resolve(message));
    });
  expect(await open(origin)).toBe("let in");
  expect(await open("http://stranger.example")).toMatch(/403/);
  await program.kill("SIGINT");
});

test("a ping on the same port tells the rooms", async () => {
  const { origin } = await startArena();
  expect(await ping(origin)).toEqual({ rooms: [{ name: "Amber", people: 0, bots: 12 }], nodes: [] });
});

test("r restarts it on its port, and a player comes back to its seat; Ctrl+C ends it", async () => {
  const { program, origin } = await startArena();
  const { client, answer } = await play(origin);
  expect(answer.again).toBe(false);
  const closed = client.waitForClose();
  program.write("r\n");
  expect((await closed).reason).toBe("servershutdown");
  await program.printed(/Back again\./);
  const back = await play(origin, answer.seat);
  expect(back.answer.again).toBe(true);
  const over = back.client.waitForClose();
  await program.kill("SIGINT");
  expect((await over).reason).toBe("servershutdown");
  const { code, stdout, stderr } = await program.ended;
  expect([code, stdout, stderr]).toEqual([0, expect.stringMatching(/Stopped\.\n$/), ""]);
});

test("the swarm plays, and tells what that costs", () => {
  const program = join(__dirname, "..", "dist", "swarm", "swarm.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "30", "1"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const lines = [
    /^30 players in Amber 24, Basalt 6$/m,
    /^begun over 10 ms late +\d+ of \d+, skipped \d+$/m,
    /^frames a player +\d+\.\d\d a second, slowest \d+\.\d\d$/m,
    /^bytes to a player +\d+\.\d kB a second$/m,
  ];
  for (const line of lines) expect(stdout).toMatch(line);
});
