/** What is measured, each by processes of its own. */
import { setTimeout as sleep } from "node:timers/promises";
import { NatsServer } from "@peng3dnet-internal/nats-server";
import { Child } from "../child.js";
import type { Outcome } from "../messages.js";
import type { BroadcastCell, EchoCell } from "../workloads.js";
import type { Kind, NodeCounters, NodeOptions } from "./kinds.js";
import { type KindName, loadKind } from "./load.js";
import { startRedis } from "./redis-server.js";
import { EVERY_MS, type HopLatencies, type Latencies } from "./requests.js";

/** Nodes of a broadcast. */
export const NODES = 3;

/** As `broadcast-1000` of `npm run bench`, to the clients of three nodes. */
export const fanout = (each: number, inFlight: number): BroadcastCell => ({
  kind: "broadcast",
  id: `cluster-${NODES}x${each}`,
  title: `broadcast, 200 bytes to ${NODES} x ${each} clients on ${NODES} nodes`,
  payload: "notice",
  inFlight,
  connections: NODES * each,
  // With few at a time, every function that writes to a client is compiled by the end of it.
  warmup: 240,
  peers: [],
});

/** Echoes of many clients, of workers. */
export const echoes: EchoCell = {
  kind: "echo",
  id: "workers",
  title: "echo, small, 64 clients, 512 in flight",
  payload: "small",
  inFlight: 512,
  connections: 64,
  warmup: 10_000,
  peers: [],
};

async function startBroker({ broker }: Kind): Promise<{ readonly url: string; dispose(): Promise<void> }> {
  return broker === "nats" ? NatsServer.start() : startRedis();
}

/** Nodes, their broker, and the process of the clients. */
export class Group {
  readonly kind: KindName;
  readonly #broker: { readonly url: string; dispose(): Promise<void> };
  readonly #nodes: Child[] = [];
  readonly ports: number[] = [];
  readonly #clients = new Child("cluster/client", []);

  private constructor(kind: KindName, broker: { readonly url: string; dispose(): Promise<void> }) {
    this.kind = kind;
    this.#broker = broker;
  }

  static async start(
    kind: KindName,
    count: number,
    options: Pick<NodeOptions, "mode" | "work">,
  ): Promise<Group> {
    const group = new Group(kind, await startBroker(await loadKind(kind)));
    try {
      for (let index = 0; index < count; index++) {
        const node = new Child("cluster/node", []);
        group.#nodes.push(node);
        const broker = group.#broker.url;
        const { port } = await node.ask("node", { kind, name: `node-${index}`, broker, ...options });
        group.ports.push(port);
      }
      return group;
    } catch (error) {
      await group.end();
      throw error;
    }
  }

  /** Connects clients, to these nodes in turn, and warms up. */
  async prepare(cell: EchoCell | BroadcastCell, ports: readonly number[] = this.ports): Promise<void> {
    await this.#clients.ask("clients", { kind: this.kind, ports, cell });
    // A client may be active before its node knows, and would miss what another one says meanwhile.
    while ((await this.#members()) < cell.connections) await sleep(EVERY_MS);
    for (const node of [...this.#nodes, ...this.#nodes]) await node.ask("settle", null);
    await this.#clients.ask("warmUp", null);
  }

  async #members(): Promise<number> {
    const each = await Promise.all(this.#nodes.map((node) => node.ask("members", null)));
    return each.reduce((sum, one) => sum + one, 0);
  }

  /** @param inFlight - default: what the cell says. */
  run(durationMs: number, inFlight?: number): Promise<Outcome> {
    return this.#clients.ask("flow", { durationMs, inFlight });
  }

  hop(count: number): Promise<HopLatencies> {
    const [one = 0, other = 0] = this.ports;
    return this.#clients.ask("hop", { kind: this.kind, ports: [one, other], count });
  }

  counters(): Promise<NodeCounters> {
    const [node] = this.#nodes;
    if (node === undefined) throw new Error("there is no node");
    return node.ask("counters", null);
  }

  /** Microseconds of the processor that nodes and clients have used. */
  async processor(): Promise<{ readonly nodes: number; readonly clients: number }> {
    const used = async (child: Child): Promise<number> =>
      (await child.ask("usage", { collect: false })).cpuMicroseconds;
    const nodes = await Promise.all(this.#nodes.map(used));
    return { nodes: nodes.reduce((sum, one) => sum + one, 0), clients: await used(this.#clients) };
  }

  async end(): Promise<void> {
    await this.#clients.end();
    for (const node of this.#nodes) await node.end();
    await this.#broker.dispose();
  }
}

/** How long messages take over nothing but NATS, from process to process. */
export async function bareHop(count: number): Promise<Latencies> {
  const nats = await NatsServer.start();
  const subscriber = new Child("cluster/node", []);
  const publisher = new Child("cluster/client", []);
  try {
    await subscriber.ask("listen", { nats: nats.url });
    await publisher.ask("publish", { nats: nats.url, count });
    return await subscriber.ask("heard", { count });
  } finally {
    await publisher.end();
    await subscriber.end();
    await nats.dispose();
  }
}
