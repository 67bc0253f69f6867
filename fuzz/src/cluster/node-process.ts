// A server that is a node of the cluster: sends numbered messages to groups, asks clients of other nodes, and tells its own
// clients of each gap.

import { type ClusterNode, joinCluster, natsBus } from "@peng3dnet/cluster";
import { Server, silentLogger } from "@peng3dnet/core";
import { collectGarbage, usedMemory } from "../measure.js";
import { GROUPS } from "./groups.js";
import type { FromProcess, NodeReport, ToNode } from "./ipc.js";
import { Answer, Enter, Missed, Numbered, packets } from "./packets.js";
import { PresenceWatch, type Roster } from "./presence.js";

/** Milliseconds between two messages, and between two questions. */
const SEND_EVERY = 25;
const ASK_EVERY = 100;
/** Once in so many messages, a burst of more. */
const BURST_EVERY = 200;
const BURST = 60;
/** Seconds a question may take, and how many more before it is said to hang. */
const ANSWER_WITHIN = 5;
const GRACE = 5;
const SAMPLE = 10;
const PADDING = "x".repeat(80);
const PORT = 7000;

const [, , name = "node", anyPort] = process.argv;
const tell = (message: FromProcess<NodeReport>): void => void process.send?.(message);

/** The time for which this process ran: what a question waits while all stands still does not count. */
let ran = 0;
setInterval(() => {
  ran += 0.1;
}, 100);

class Node {
  readonly #server: Server;
  readonly #node: ClusterNode;
  readonly #presence: PresenceWatch;
  readonly #finals: Record<string, number> = {};
  readonly #asked: Record<string, number> = {};
  readonly #waiting = new Map<number, number>();
  #sending = false;
  #sent = 0;
  #refused = 0;
  #question = 0;
  #peers: readonly string[] = [];

  constructor(server: Server, node: ClusterNode) {
    this.#server = server;
    this.#node = node;
    this.#presence = new PresenceWatch(node);
    node.on("gap", ({ group, from, missed = null }) => {
      for (const client of node.group(group)) client.sendMessage(Missed, [group, from, missed]);
    });
    server.answer(Enter, (groups, { client }) => {
      node.setPresence(client, { groups });
      for (const group of groups) node.group(group).add(client);
      return node.id;
    });
    setInterval(() => this.#turn(), SEND_EVERY);
    setInterval(() => void this.#ask(), ASK_EVERY);
  }

  #turn(): void {
    if (!this.#sending) return;
    const group = GROUPS[Math.floor(Math.random() * GROUPS.length)] as string;
    const burst = Math.floor(Math.random() * BURST_EVERY) === 0;
    for (let count = burst ? BURST : 1; count > 0; count--) this.#send(group);
  }

  #send(group: string): void {
    const number = (this.#finals[group] ?? 0) + 1;
    try {
      this.#node.group(group).broadcast(Numbered, [group, this.#node.id, number, PADDING]);
      this.#finals[group] = number;
      this.#sent++;
    } catch {
      this.#refused++;
    }
  }

  async #ask(): Promise<void> {
    const peer = this.#peers[Math.floor(Math.random() * this.#peers.length)];
    if (peer === undefined || peer.startsWith(this.#node.id)) return;
    const id = this.#question++;
    this.#waiting.set(id, ran);
    let outcome = "answered";
    try {
      const answer = await this.#node.request(peer, Answer, id, { timeout: ANSWER_WITHIN });
      if (answer !== id) outcome = "wrong";
    } catch (error) {
      const { code, outcome: how } = error as { readonly code?: string; readonly outcome?: string };
      outcome = how ?? code ?? String(error);
    }
    this.#waiting.delete(id);
    this.#asked[outcome] = (this.#asked[outcome] ?? 0) + 1;
  }

  /** Who is there, as this node knows it: a question like others, which may not hang. */
  async #roster(): Promise<Roster> {
    const id = this.#question++;
    this.#waiting.set(id, ran);
    const roster = await this.#presence.roster();
    this.#waiting.delete(id);
    return roster;
  }

  #report(collect: boolean): NodeReport {
    if (collect) collectGarbage();
    const { gaps, missed } = this.#node.metrics;
    const peers = [...this.#server.clients.values()].slice(0, SAMPLE).map((one) => this.#node.idOf(one));
    return {
      node: this.#node.id,
      others: [...this.#node.nodes.keys()],
      finals: this.#finals,
      clients: this.#server.clients.size,
      peers,
      gaps,
      missed,
      sent: this.#sent,
      refused: this.#refused,
      asked: this.#asked,
      hanging: [...this.#waiting.values()].filter((since) => ran - since > ANSWER_WITHIN + GRACE).length,
      wrongMembers: this.#presence.wrong,
      members: GROUPS.reduce((sum, group) => sum + this.#node.group(group).size, 0),
      memory: usedMemory(),
    };
  }

  async take(message: ToNode): Promise<void> {
    if (message.do === "send") this.#sending = message.on;
    else if (message.do === "peers") this.#peers = message.peers;
    else if (message.do === "report")
      tell({ is: "report", id: message.id, report: this.#report(message.collect) });
    else if (message.do === "roster") tell({ is: "roster", id: message.id, report: await this.#roster() });
    else if (message.do === "end") {
      await this.#server.shutdown();
      process.exit();
    }
  }
}

async function go(bus: string, host: string): Promise<Node> {
  const server = new Server({
    addr: [host, anyPort === undefined ? PORT : 0],
    packets,
    logger: silentLogger,
    cfg: { "net.limits.connections.address": 2000 },
  });
  const node = await joinCluster(server, {
    bus: natsBus({ servers: bus, waitOnFirstConnect: true }),
    name,
  });
  const made = new Node(server as unknown as Server, node as unknown as ClusterNode);
  await server.start();
  tell({ is: "there", port: server.addr[1], node: node.id });
  return made;
}

let node: Node | undefined;

async function begin(bus: string, host: string): Promise<void> {
  node = await go(bus, host);
}

process.on("message", (message: ToNode) => {
  if (message.do === "go") void begin(message.bus, message.host);
  else void node?.take(message);
});
process.on("disconnect", () => process.exit());
tell({ is: "ready" });
