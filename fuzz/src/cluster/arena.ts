import { setTimeout as sleep } from "node:timers/promises";
import { NatsServer } from "@peng3dnet-internal/nats-server";
import type { ClientsReport, NodeReport } from "./ipc.js";
import type { Network } from "./network.js";
import { ClientsProcess, NodeProcess } from "./processes.js";

const NAMES = ["one", "two", "three"];
/** Milliseconds between two looks at whether all is as it should be. */
const LOOK_EVERY = 200;

/** What all of it came to, at a moment when nothing was sent. */
export interface Quiet {
  readonly clients: ClientsReport;
  readonly nodes: readonly NodeReport[];
  /** Seconds until all sequences were at their end; `undefined`: some were not in time. */
  readonly after: number | undefined;
}

/** The broker, the nodes and the clients. */
export class Arena {
  readonly broker: NatsServer;
  readonly #network: Network;
  readonly #clients = new ClientsProcess();
  readonly #count: number;
  #nodes: readonly NodeProcess[] = [];
  #sending = false;

  private constructor(network: Network, broker: NatsServer, count: number) {
    this.#network = network;
    this.broker = broker;
    this.#count = count;
  }

  /** @param clients - how many. */
  static async open(network: Network, clients: number): Promise<Arena> {
    const broker = await NatsServer.start({ host: network.host });
    const arena = new Arena(network, broker, clients);
    for (const name of NAMES) await arena.add(name);
    arena.#clients.tell({ do: "go", count: clients });
    return arena;
  }

  get nodes(): readonly NodeProcess[] {
    return this.#nodes;
  }

  // ---- what faults do -------------------------------------------------------------------------------

  async add(name: string): Promise<void> {
    const node = await NodeProcess.start(this.#network, name, this.broker.port);
    this.#set([...this.#nodes, node]);
    node.tell({ do: "send", on: this.#sending });
  }

  async kill(index: number): Promise<void> {
    await this.#takeOut(index).kill();
  }

  async end(index: number): Promise<void> {
    await this.#takeOut(index).end();
  }

  #takeOut(index: number): NodeProcess {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    this.#set(this.#nodes.filter((one) => one !== node));
    return node;
  }

  /** Clients go to these from now on. */
  #set(nodes: readonly NodeProcess[]): void {
    this.#nodes = nodes;
    this.#clients.tell({ do: "addresses", addresses: nodes.map(({ address }) => address) });
  }

  // ---- what the command does ------------------------------------------------------------------------

  send(on: boolean): void {
    this.#sending = on;
    for (const node of this.#nodes) node.tell({ do: "send", on });
  }

  /** Resolves once so many clients are there, or when it is too late. */
  async peopled(within: number): Promise<boolean> {
    return (
      (await this.#until(within, async () => {
        const report = await this.#clients.report();
        return report?.connected === this.#count;
      })) !== undefined
    );
  }

  /** Tells nodes of clients of all of them, whom to ask. */
  async introduce(): Promise<void> {
    const peers = (await this.#reports()).flatMap((report) => report.peers);
    for (const node of this.#nodes) node.tell({ do: "peers", peers });
  }

  /** @returns the seconds until each node knows of all others and no more; `undefined`: not within the time. */
  agreed(within: number): Promise<number | undefined> {
    const expected = this.#nodes.map(({ id }) => id).sort();
    return this.#until(within, async () => {
      const reports = await this.#reports();
      return (
        reports.length === expected.length &&
        reports.every(({ node, others }) => [node, ...others].sort().join() === expected.join())
      );
    });
  }

  /** @returns the seconds until all nodes know the same of who is in the groups, and it is what there is. */
  sameMembers(within: number): Promise<number | undefined> {
    return this.#until(within, async () => {
      const rosters = await Promise.all(this.#nodes.map((node) => node.roster()));
      const here = (await this.#reports()).reduce((sum, { members }) => sum + members, 0);
      const [first] = rosters;
      return rosters.every(
        (roster) =>
          roster !== undefined &&
          roster.digest === first?.digest &&
          roster.members === here &&
          roster.incomplete === 0 &&
          roster.followed,
      );
    });
  }

  /** Has nothing sent, and waits until each client is at the end of each sequence, by messages or gaps. */
  async quiet(within: number): Promise<Quiet> {
    const sending = this.#sending;
    this.send(false);
    let nodes: readonly NodeReport[] = [];
    let clients: ClientsReport | undefined;
    const finals = () => Object.fromEntries(nodes.map((report) => [report.node, report.finals]));
    const after = await this.#until(within, async () => {
      nodes = await this.#reports();
      clients = await this.#clients.report(finals());
      return (
        nodes.length === this.#nodes.length && clients?.behind === 0 && clients.connected === this.#count
      );
    });
    nodes = await this.#reports(true);
    clients = await this.#clients.report(finals(), true);
    if (clients === undefined) throw new Error("the process of the clients does not answer");
    if (sending) this.send(true);
    return { clients, nodes, after };
  }

  async close(): Promise<void> {
    this.#clients.kill();
    for (const node of this.#nodes) await node.kill();
    await this.broker.dispose();
  }

  /** What the nodes report, those that answer. */
  async #reports(collect = false): Promise<NodeReport[]> {
    const reports = await Promise.all(this.#nodes.map((node) => node.report(collect)));
    return reports.filter((report) => report !== undefined);
  }

  async #until(within: number, good: () => Promise<boolean>): Promise<number | undefined> {
    const begun = performance.now();
    for (;;) {
      if (await good()) return (performance.now() - begun) / 1000;
      if (performance.now() - begun > within * 1000) return undefined;
      await sleep(LOOK_EVERY);
    }
  }
}
