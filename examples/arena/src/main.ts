// What `npm run arena` runs.

import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ArgumentError, runProgram } from "@peng3dnet-examples/cli";
import { startArena } from "./server/arena.js";

const spec = {
  name: "arena",
  summary: "Serves a game, and the page to play it.",
  flags: {
    seats: { type: "string", value: "FILE", help: "where the players' seats are kept over a restart" },
  },
} as const;

const SEATS = fileURLToPath(new URL("../.seats.json", import.meta.url));

await runProgram(spec, async ({ peer, values }, interrupted) => {
  if (peer.cfg?.["net.ssl.enabled"] === true)
    throw new ArgumentError("the page is served without TLS; put a proxy in front of it");
  const [host, port] = peer.addr;
  const seats = values.seats ?? SEATS;
  let arena = await startArena({ addr: [host, port], seats });
  const { url } = arena;
  console.log(`Open ${url} in a browser; r and Enter restarts the server, Ctrl+C stops it.`);

  const lines = createInterface({ input: process.stdin });
  let work: Promise<unknown> = Promise.resolve();
  lines.on("line", (line) => {
    if (line.trim() !== "r") return;
    work = work.then(async () => {
      console.log("Restarting.");
      await arena.stop();
      arena = await startArena({ addr: [host, Number(new URL(url).port)], seats });
      console.log("Back again.");
    });
  });
  await new Promise((resolve) => interrupted.addEventListener("abort", resolve));
  lines.close();
  await work;
  await arena.stop();
  console.log("Stopped.");
});
