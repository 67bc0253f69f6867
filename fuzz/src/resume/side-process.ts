// One side of a contestant, in a process of its own: sends, receives, and tells what it saw.

import type { Address } from "@peng3dnet/core";
import { answer } from "../ipc.js";
import { ip, release, swallow } from "../namespaces.js";
import type { Side, SideEvents } from "./contestant.js";
import { contestantOf } from "./contestants/index.js";
import { itemsFor } from "./items.js";
import { type Arrivals, Ledger } from "./ledger.js";
import { Load, type Sent } from "./load.js";

/** What a side saw up to now. */
export interface SideState {
  readonly sent: Sent;
  readonly arrivals: Arrivals;
  /** Whether everything was sent, and every request settled. */
  readonly done: boolean;
  /** Milliseconds from when a break was noticed until it was over, for each. */
  readonly waits: readonly number[];
  /** For how many milliseconds it has noticed a break that is not over. */
  readonly waiting: number | undefined;
  /** Why a session ended that should have been resumed. */
  readonly lost: readonly string[];
}

export interface ServeQuestion {
  readonly host: string;
  readonly packets: number;
}

export interface ConnectQuestion {
  readonly address: Address;
  readonly packets: number;
}

/** The client's end of a cable. */
export interface CableEnd {
  readonly device: string;
  readonly own: string;
  readonly other: string;
}

const [name = "", folder = ""] = process.argv.slice(2);
const contestant = contestantOf(name);
const waits: number[] = [];
const lost: string[] = [];
let since: number | undefined;
let ledger = new Ledger(0);
let side: Side | undefined;
let load: Load | undefined;

const events: SideEvents = {
  arrived: (number, text) => ledger.arrived(number, text),
  suspended() {
    since ??= performance.now();
  },
  resumed() {
    if (since !== undefined) waits.push(performance.now() - since);
    since = undefined;
  },
  lost: (reason) => lost.push(reason),
};

async function begin<S extends Side>(packets: number, start: () => Promise<S>): Promise<S> {
  ledger = new Ledger(itemsFor(packets));
  const started = await start();
  side = started;
  load = new Load(started, packets);
  return started;
}

answer({
  async serve({ host, packets }: ServeQuestion): Promise<number> {
    return (await begin(packets, () => contestant.serve(host, { events, folder }))).port;
  },
  async connect({ address, packets }: ConnectQuestion): Promise<void> {
    await begin(packets, () => contestant.connect(address, { events, folder }));
  },
  allow: (items: number) => load?.allow(items),
  state(): SideState {
    if (load === undefined) throw new Error("nothing was started");
    const waiting = since === undefined ? undefined : performance.now() - since;
    return { sent: load.sent, arrivals: ledger.arrivals, done: load.done, waits, waiting, lost };
  },
  async close(): Promise<boolean> {
    load?.stop();
    return (await side?.close()) === true;
  },
  plug({ device, own }: CableEnd): void {
    ip("link", "set", "lo", "up");
    ip("addr", "add", `${own}/24`, "dev", device);
    ip("link", "set", device, "up");
  },
  swallow: ({ device, other }: CableEnd) => swallow(device, other),
  release: ({ device, other }: CableEnd) => release(device, other),
});
