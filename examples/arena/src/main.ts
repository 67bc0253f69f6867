// What `npm run arena` runs.

import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ArgumentError, runProgram } from "@peng3dnet-examples/cli";
import { Crew } from "./crew.js";
import { arenaPage, startArena } from "./server/arena.js";

const spec = {
  name: "arena",
  summary: "Serves a game, and the page to play it.",
  flags: {
    seats: { type: "string", value: "FILE", help: "where the players' seats are kept over a restart" },
    nats: { type: "string", value: "ADDRESS", help: "be one of several nodes, over this nats-server" },
    nodes: { type: "string", value: "COUNT", help: "start so many nodes, each with a port; needs --nats" },
  },
} as const;

const SEATS = fileURLToPath(new URL("../.seats.json", import.meta.url));
/** Addresses to listen on that are none to connect to. */
const ANY = ["0.0.0.0", "::", ""];

/** What runs: one server, or several nodes. */
interface Running {
  restart(): Promise<void>;
  stop(): Promise<void>;
}

await runProgram(spec, async ({ peer, values }, interrupted) => {
  if (peer.cfg?.["net.ssl.enabled"] === true)
    throw new ArgumentError("the page is served without TLS; put a proxy in front of it");
  const [host, port] = peer.addr;
  const { seats = SEATS, nats, nodes } = values;
  if (nats !== undefined && ANY.includes(host))
    throw new ArgumentError(
      "with --nats, say at which address pages reach this machine, as in 192.0.2.7:8080",
    );
  // A node ends with the process that started it, also where that ends meanwhile.
  const gone = new Promise((resolve) => {
    process.once("disconnect", resolve);
    // A node that cannot start is not kept by waiting for that.
    process.channel?.unref();
    if (process.connected === false) resolve(undefined);
  });
  const running =
    nodes === undefined
      ? await startOne(host, port, { seats, nats })
      : await startNodes(host, port, { seats, nats, nodes });

  const told = new Promise((resolve) => interrupted.addEventListener("abort", resolve));
  const lines = createInterface({ input: process.stdin });
  let work: Promise<unknown> = Promise.resolve();
  lines.on("line", (line) => {
    if (line.trim() === "r") work = work.then(() => running.restart());
  });
  await Promise.race([gone, told]);
  lines.close();
  await work;
  await running.stop();
  console.log("Stopped.");
});

async function startOne(
  host: string,
  port: number,
  options: { readonly seats: string; readonly nats: string | undefined },
): Promise<Running> {
  let arena = await startArena({ addr: [host, port], ...options });
  const { url } = arena;
  console.log(`Open ${url} in a browser; r and Enter restarts the server, Ctrl+C stops it.`);
  return {
    async restart() {
      console.log("Restarting.");
      // All that takes time comes before: players notice how long there is no server.
      const page = await arenaPage();
      await arena.stop();
      arena = await startArena({ addr: [host, Number(new URL(url).port)], page, ...options });
      console.log("Back again.");
    },
    stop: () => arena.stop(),
  };
}

async function startNodes(
  host: string,
  port: number,
  options: { readonly seats: string; readonly nats: string | undefined; readonly nodes: string },
): Promise<Running> {
  const { seats, nats, nodes } = options;
  if (nats === undefined) throw new ArgumentError("--nodes needs --nats: nodes find each other over it");
  if (!/^[1-9]$/.test(nodes)) throw new ArgumentError("--nodes is a number from 1 to 9");
  const crew = new Crew();
  try {
    await crew.start(Number(nodes), { host, port, nats, seats });
  } catch (error) {
    await crew.end();
    throw error;
  }
  return { restart: () => crew.restart(), stop: () => crew.end() };
}
