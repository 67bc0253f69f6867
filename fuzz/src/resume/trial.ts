import { type StdioOptions, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Child } from "../ipc.js";
import { Random } from "../random.js";
import { Cable } from "./cable.js";
import { type Contestant, TIMES } from "./contestant.js";
import { type Cut, type CutKind, cutPlan, type Direction } from "./cut-plan.js";
import { CutProxy } from "./cut-proxy.js";
import { itemsFor, MEAN_LENGTH } from "./items.js";
import type { ConnectQuestion, ServeQuestion, SideState } from "./side-process.js";

const PROGRAM = fileURLToPath(new URL("side-process.js", import.meta.url));
/** How long something stands still, in milliseconds: both sides notice. */
const STANDSTILL = 1.5 * TIMES.silence + TIMES.heartbeat;
/** Milliseconds between two looks at whether all has arrived. */
const LOOK = 50;
/** Milliseconds without anything new after which nothing more is expected: while requests wait for answers, and else. */
const PATIENCE = { answers: TIMES.answer + 3000, packets: 2000 };
/** Seconds that a process may take to answer, also to close in an orderly way: the machine may be busy. */
const BUSY = 60;

export interface TrialOptions {
  readonly contestant: Contestant;
  /** In each direction. */
  readonly packets: number;
  readonly cuts: number;
  readonly seed: number;
  /** Where the key and the certificate are. */
  readonly folder: string;
  /** The number of a cable between two network namespaces; undefined: there is none. */
  readonly cable: number | undefined;
  /** Told of each cut, and where both sides stand. */
  readonly trace: ((text: string) => void) | undefined;
}

/** What came of a contestant. */
export interface TrialResult {
  readonly contestant: Contestant;
  readonly server: SideState;
  readonly client: SideState;
  readonly cuts: ReadonlyMap<CutKind, number>;
  /** Cuts that did not come at their byte, since too few were sent. */
  readonly byClock: number;
  readonly connections: number;
  readonly seconds: number;
  /** Whether both sides closed in an orderly way. */
  readonly clean: boolean;
  /** Why the trial came to an early end. */
  readonly fault: string | undefined;
}

/** A side in a process of its own, and in a network namespace of its own if there is a cable to it. */
function start(contestant: Contestant, folder: string, namespace: boolean): Child {
  const command = [process.execPath, PROGRAM, contestant.name, folder];
  const [program, ...args] = namespace ? ["unshare", "--net", ...command] : command;
  const stdio: StdioOptions = ["ignore", "inherit", "inherit", "ipc"];
  return new Child(spawn(program as string, args, { stdio }), BUSY);
}

/** A process stands still for a while. */
async function stop({ pid }: Child): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await sleep(STANDSTILL);
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

/** The parts of a trial. */
class Trial {
  readonly #options: TrialOptions;
  readonly #server: Child;
  readonly #client: Child;
  readonly #done = new Map<CutKind, number>();
  #proxy: CutProxy | undefined = undefined;
  #cable: Cable | undefined = undefined;

  constructor(options: TrialOptions) {
    const { contestant, folder, cable } = options;
    this.#options = options;
    this.#server = start(contestant, folder, false);
    this.#client = start(contestant, folder, cable !== undefined);
  }

  async run(): Promise<TrialResult> {
    const started = performance.now();
    let fault: string | undefined;
    let clean = false;
    try {
      const proxy = await this.#connect();
      try {
        await this.#cutAll(proxy);
        await this.#waitForAll();
      } catch (error) {
        fault = (error as Error).message;
      }
      const [server, client] = await this.#states();
      if (fault === undefined) clean = await this.#close();
      return {
        contestant: this.#options.contestant,
        server,
        client,
        cuts: this.#done,
        byClock: proxy.byClock,
        connections: proxy.connections,
        seconds: (performance.now() - started) / 1000,
        clean,
        fault,
      };
    } finally {
      await Promise.all([this.#client.kill(), this.#server.kill()]);
      await this.#proxy?.close();
    }
  }

  async #connect(): Promise<CutProxy> {
    const { packets, cable } = this.#options;
    const port = await this.#server.ask<number>("serve", {
      host: "127.0.0.1",
      packets,
    } satisfies ServeQuestion);
    if (cable !== undefined) this.#cable = await Cable.plug(this.#client, cable);
    this.#proxy = await CutProxy.listen(["127.0.0.1", port], this.#cable?.host ?? "127.0.0.1");
    const { address } = this.#proxy;
    await this.#client.ask("connect", { address, packets } satisfies ConnectQuestion);
    return this.#proxy;
  }

  async #cutAll(proxy: CutProxy): Promise<void> {
    const { contestant, packets, cuts, seed } = this.#options;
    const { opening } = contestant;
    const items = itemsFor(packets);
    const cable = this.#cable !== undefined;
    const plan = cutPlan(Random.of(seed, "resume", 0), { cuts, opening, cable });
    for (const [index, cut] of plan.entries()) {
      // What is sent until the next cut goes on while this one is noticed and mended.
      await this.#allow(Math.ceil((items * (index + 1)) / cuts));
      const offset = cut.offset + Math.floor(cut.share * (opening + (await this.#bytesAhead(cut.direction))));
      try {
        await this.#cut(proxy, cut, offset);
      } catch (error) {
        const before = index === 0 ? "the start" : `cut ${index} (${plan[index - 1]?.act})`;
        throw new Error(`after ${before}: ${(error as Error).message}`);
      }
      this.#done.set(cut.kind, (this.#done.get(cut.kind) ?? 0) + 1);
      await this.#trace(index, cut, offset);
    }
  }

  /** Bytes that are sent in a direction until the next cut, more or less; rather less, so that most cuts come at their byte. */
  async #bytesAhead(direction: Direction): Promise<number> {
    const { contestant, packets, cuts } = this.#options;
    const [server, client] = await this.#states();
    const waiting = direction === "toServer" ? missing(client, server) : missing(server, client);
    // Where nothing is lost, what is missing is still to come. Without time for it, it would pile up from cut to cut.
    const before = contestant.lossless ? waiting : 0;
    return Math.ceil(before + itemsFor(packets) / cuts) * MEAN_LENGTH;
  }

  async #trace(index: number, { kind, act, direction }: Cut, offset: number): Promise<void> {
    const { trace } = this.#options;
    if (trace === undefined) return;
    const [server, client] = await this.#states();
    const way = (from: SideState, to: SideState): string => `${to.arrivals.packets} of ${from.sent.packets}`;
    trace(
      `cut ${index + 1}: ${kind} (${act}) at ${offset} ${direction}; to the server ${way(client, server)}, to the client ${way(server, client)}`,
    );
  }

  /** Does what a cut says, at its byte. */
  async #cut(proxy: CutProxy, cut: Cut, offset: number): Promise<void> {
    let over: Promise<void> | undefined;
    await proxy.at({ ...cut, offset }, (line) => {
      switch (cut.act) {
        case "reset":
          return line.reset();
        case "end":
          return line.end();
        case "drop-client":
          return line.drop("client", cut.late);
        case "drop-server":
          return line.drop("server", cut.late);
        case "black-hole":
          return line.blackHole();
        case "freeze":
          over = proxy.freeze(STANDSTILL);
          return;
        case "cable":
          over = this.#cable?.swallow(STANDSTILL);
          return;
        case "stop-server":
          over = stop(this.#server);
          return;
        case "stop-client":
          over = stop(this.#client);
          return;
      }
    });
    await over;
  }

  /** @throws if a session ended that should have been resumed. */
  async #allow(items: number): Promise<void> {
    await Promise.all([this.#server.ask("allow", items), this.#client.ask("allow", items)]);
    for (const { lost } of await this.#states())
      if (lost.length > 0) throw new Error(`a session ended: ${lost}`);
  }

  async #states(): Promise<[server: SideState, client: SideState]> {
    return Promise.all([this.#server.ask<SideState>("state"), this.#client.ask<SideState>("state")]);
  }

  /** Waits until all that was sent has arrived, or nothing new has come for long enough. */
  async #waitForAll(): Promise<void> {
    await this.#allow(itemsFor(this.#options.packets));
    let before = "";
    let since = performance.now();
    while (true) {
      const states = await this.#states();
      const [server, client] = states;
      const settled = server.done && client.done;
      if (settled && missing(server, client) + missing(client, server) === 0) return;
      if (performance.now() - since > (settled ? PATIENCE.packets : PATIENCE.answers)) return;
      const now = JSON.stringify(states.map(({ sent, arrivals }) => ({ sent, arrivals })));
      if (now !== before) since = performance.now();
      before = now;
      await sleep(LOOK);
    }
  }

  /** The client closes, then the server. */
  async #close(): Promise<boolean> {
    try {
      const client = await this.#client.ask<boolean>("close");
      const server = await this.#server.ask<boolean>("close");
      return client && server;
    } catch {
      return false;
    }
  }
}

/** Packets and requests of one side that have not come to the other. */
function missing({ sent }: SideState, { arrivals }: SideState): number {
  return sent.packets - arrivals.packets + (sent.requests - arrivals.requests);
}

/** Tries all cuts on a contestant. */
export const trial = (options: TrialOptions): Promise<TrialResult> => new Trial(options).run();
