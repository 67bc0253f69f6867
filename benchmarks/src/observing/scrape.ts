/** What a scrape of a server with many connections takes, and for how long it holds the event loop. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { Server } from "@peng3dnet/core";
import { instrument } from "@peng3dnet/telemetry";
import { OTHERS, Position, packets } from "./scrape-packets.js";
import { Collections, type Span, type Stretch, stretch, watchHost } from "./stretch.js";

/** Rounds before anything is measured. */
const WARMUP = 20;
const BETWEEN_MS = 20;
/** Clients that connect at once may all be in their handshake. */
const PENDING = 200;
/** What has to be reached. */
const TARGET_MS = 5;

/** What is done while the loop is looked at, in turns. */
const KINDS = ["scrape", "pause", "nothing"] as const;
type Kind = (typeof KINDS)[number];

/** One of them. */
interface Look extends Stretch {
  /** Packets that were worked off after it, before the loop had turned. */
  readonly packets: number;
}

/** What a scrape gives. */
type Scrape = () => Promise<string>;

/** Stands still, as long as a scrape takes, with nothing to do. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

const milliseconds = (value: number): string => `${value.toFixed(2)} ms`;

function shown(name: string, values: readonly number[], show = milliseconds): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => show(sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN);
  return `${name.padEnd(44)} at least ${at(0)}, median ${at(0.5)}, 90 % within ${at(0.9)}, at most ${at(1)}`;
}

/** Looks at so many scrapes, at the loop when it is held as long by nothing at all, and at the loop alone. */
async function lookAtScrapes(scrape: Scrape, count: number, worked: () => number): Promise<void> {
  const looks: Record<Kind, Look[]> = { scrape: [], pause: [], nothing: [] };
  const collections = new Collections();
  const host = watchHost();
  let text = "";
  let last = 0;
  const doing: Record<Kind, () => unknown> = {
    scrape: async () => {
      text = await scrape();
    },
    pause: () => pause(last),
    nothing: () => {},
  };
  for (let round = 0; round < WARMUP + count; round++) {
    // Each round begins with another one.
    for (const at of KINDS.keys()) {
      const kind = KINDS[(at + round) % KINDS.length] as Kind;
      await sleep(BETWEEN_MS);
      let before = 0;
      const look = await stretch(async () => {
        await doing[kind]();
        before = worked();
      });
      if (kind === "scrape") last = look.whole.taken;
      if (round >= WARMUP) looks[kind].push({ ...look, packets: worked() - before });
    }
  }
  // The observer hears of the last collections in a turn of its own.
  await sleep(BETWEEN_MS);
  const stolen = host();
  tell(looks, text.split("\n").length, collections);
  collections.end();
  if (stolen !== undefined)
    console.log(`the host took ${(100 * stolen).toFixed(1)} % of this machine's processors meanwhile`);
}

/** The longest piece in which a scrape held the loop. */
function longest({ held }: Look): Span {
  return held.reduce((one, other) => (other.own > one.own ? other : one));
}

function tell(
  { scrape, pause, nothing }: Record<Kind, readonly Look[]>,
  lines: number,
  collections: Collections,
): void {
  const tellSpans = (name: string, spans: readonly Span[]): void => {
    console.log(
      shown(
        name,
        spans.map(({ taken }) => taken),
      ),
    );
    console.log(
      shown(
        "  while it has a processor",
        spans.map(({ own }) => own),
      ),
    );
  };
  const tellAfter = (name: string, looks: readonly Look[]): void => {
    tellSpans(
      name,
      looks.map(({ after }) => after),
    );
    console.log(
      shown(
        "  packets worked off in it",
        looks.map(({ packets }) => packets),
        String,
      ),
    );
  };
  const pieces = scrape.map(longest);
  const mostPieces = Math.max(...scrape.map(({ held }) => held.length));
  tellSpans(
    `a scrape, ${lines} lines of text`,
    scrape.map(({ whole }) => whole),
  );
  tellSpans(`holds the loop, in ${mostPieces} piece${mostPieces === 1 ? "" : "s"}, the longest`, pieces);
  console.log(
    shown(
      "  of it, collections of garbage",
      pieces.map((piece) => collections.within(piece)),
    ),
  );
  tellAfter("the turn of the loop after it", scrape);
  tellAfter("the turn after a pause as long", pause);
  tellAfter("a turn without either", nothing);
  const worst = pieces.reduce((one, other) => (other.taken > one.taken ? other : one));
  console.log(
    `most that a scrape held the loop: ${milliseconds(Math.max(...pieces.map(({ own }) => own)))} with a processor; ${milliseconds(worst.taken)} on the clock, ${milliseconds(worst.taken - worst.own)} of which it waited for one. Wanted: less than ${TARGET_MS} ms`,
  );
}

/** The clients' process. */
class Clients {
  readonly #process: ChildProcess;
  readonly #failed: Promise<never>;

  constructor(server: Server, count: number) {
    const file = fileURLToPath(new URL("./scrape-clients-process.js", import.meta.url));
    const [host, port] = server.addr;
    this.#process = fork(file, [host, String(port), String(count)]);
    this.#failed = once(this.#process, "exit").then(() => {
      throw new Error("the clients' process ended");
    });
    this.#failed.catch(() => {});
  }

  async connected(): Promise<void> {
    await Promise.race([once(this.#process, "message"), this.#failed]);
  }

  /** Has one of them send all types of packets, each of which is sent back. */
  async sendOthers(): Promise<void> {
    this.#process.send("others");
    await this.connected();
  }

  async end(): Promise<void> {
    const gone = once(this.#process, "exit");
    this.#process.disconnect();
    await gone;
  }
}

/** Measures so many scrapes of a server with so many connections, and prints them: with one type of packets, and with many. */
export async function measureScrapes(connections: number, scrapes: number): Promise<void> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  const serializer = new PrometheusSerializer();
  const server = new Server({
    addr: "127.0.0.1:0",
    packets,
    cfg: {
      // A machine that is busy is slow to connect so many, and that is not what is measured.
      "net.timeout.handshake": 120,
      "net.limits.connections": connections,
      "net.limits.connections.address": connections,
      "net.limits.pending.address": PENDING,
    },
  });
  let worked = 0;
  server.on(Position, () => worked++);
  for (const other of OTHERS) server.on(other, (data, { client }) => client.sendMessage(other, data));
  instrument(server, { meter: provider.getMeter("bench") });
  await server.start();
  const clients = new Clients(server, connections);
  await clients.connected();
  const scrape = async (): Promise<string> =>
    serializer.serialize((await exporter.collect()).resourceMetrics);
  console.log(`${server.clients.size} connections, one type of packets`);
  await lookAtScrapes(scrape, scrapes, () => worked);
  await clients.sendOthers();
  console.log(`\n${server.clients.size} connections, ${OTHERS.length} further types, in both directions`);
  await lookAtScrapes(scrape, scrapes, () => worked);
  await clients.end();
  server.stop();
  await server.join();
  await provider.shutdown();
}
