// Closes while both sides are in the middle of sending: what arrives has to be all that the closer was promised.

import {
  Client,
  type ClientOnServer,
  type ClientOptions,
  type CloseInfo,
  type ConfigOverrides,
  ConnectionClosedError,
  type ServerOptions,
  type Session,
} from "@peng3dnet/core";
import { handle, startServer } from "./peers.js";

export interface DeliveryOptions {
  /** Side that closes. */
  readonly closer: "server" | "client";
  /** Number of connections, each closed once. */
  readonly closes: number;
  /** Packets that the closer sends on each, at least. */
  readonly packets: number;
  /** Connections at once. */
  readonly parallel: number;
  readonly server?: ServerOptions;
  readonly client?: ClientOptions;
}

export interface DeliveryReport {
  readonly closes: number;
  /** Packets that the closers sent before they closed, all of which have to arrive. */
  readonly accepted: number;
  /** How many of them arrived. */
  readonly delivered: number;
  /** Packets that the other sides sent until they noticed. A part of them arrives. */
  readonly crossing: number;
  /** Ends of connections whose close was not clean. */
  readonly unclean: number;
  /** Connections that lost packets, mixed them up, or told another reason. */
  readonly problems: readonly string[];
}

/** What both ends of a connection can do. */
interface Speaker {
  readonly conn: Session | undefined;
  sendMessage(ptype: string, data: unknown): boolean;
  flush(): Promise<void>;
}

/** Where one end of a connection stands. */
class End {
  readonly #speaker: Speaker;
  readonly #connection: number;
  sent = 0;
  received = 0;

  constructor(speaker: Speaker, connection: number) {
    this.#speaker = speaker;
    this.#connection = connection;
  }

  send(): boolean {
    const below = this.#speaker.sendMessage("test:item", [this.sent, filler(this.#connection, this.sent)]);
    this.sent++;
    return below;
  }

  flush(): Promise<void> {
    // One that fails says that the connection has ended, which the next packet finds out.
    return this.#speaker.flush().catch(() => {});
  }

  /**
   * Reads nothing for a while, so that what the other side has sent waits in the kernel's buffers: the part
   * that a careless close would lose.
   */
  async nap(until: () => boolean): Promise<void> {
    const { conn } = this.#speaker;
    conn?.pause();
    for (let turns = 0; turns < 200 && !until(); turns++) await turn();
    for (let turns = 0; turns < 3; turns++) await turn();
    conn?.resume();
  }
}

type Item = readonly [seq: number, filler: unknown];

/** What is sent has to take its room on the way. */
const PLAIN: ConfigOverrides = { "net.compress.enabled": false };
const LONG = new Uint8Array(40_000).fill(7);
const SHORT = Array.from({ length: 17 }, (_, index) => "a".repeat(index * 7));

/** Mostly small packets, some that fill a write of their own, and in some connections megabytes in all. */
function filler(connection: number, seq: number): unknown {
  if (connection % 10 === 0 && seq % 10 === 0) return LONG;
  return seq % 64 === 0 ? LONG.subarray(0, 5000) : SHORT[seq % SHORT.length];
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Sends in bursts; after `limit` packets, in the middle of a burst, says so and stops. */
async function talk(end: End, limit: number, finished: () => void): Promise<void> {
  for (let burst = 1; ; burst = ((burst * 7 + 3) % 61) + 1) {
    let below = true;
    // The side that goes on for ever needs no more than to be in the middle of it.
    const size = limit === Number.POSITIVE_INFINITY ? Math.ceil(burst / 4) : burst;
    for (let count = 0; count < size; count++) {
      if (end.sent === limit) {
        finished();
        return;
      }
      try {
        below = end.send();
      } catch (error) {
        if (error instanceof ConnectionClosedError) return;
        throw error;
      }
    }
    await (below ? turn() : end.flush());
  }
}

/** Runs `closes` connections and reports. Options for both sides may add TLS. */
export async function deliver(options: DeliveryOptions): Promise<DeliveryReport> {
  const { closer, closes, packets, parallel } = options;
  const problems: string[] = [];
  const totals = { accepted: 0, delivered: 0, crossing: 0, unclean: 0 };
  const ends = new Map<number, { readonly connection: number; readonly end: End }>();
  const serverCloses = new Map<number, (info: CloseInfo) => void>();
  const reasonOf = (connection: number): string => `close of ${connection}`;

  /** Connections whose closer has said all. */
  const finished = new Set<number>();
  const take = (end: End, [seq]: Item, connection: number, side: "server" | "client"): void => {
    if (seq !== end.received) {
      problems.push(`${side}, connection ${connection}: packet ${seq} came where ${end.received} was due`);
    }
    end.received = seq + 1;
    if (side !== closer && end.received === 100) void end.nap(() => finished.has(connection));
  };
  const limitOf = (connection: number, side: "server" | "client"): number =>
    side === closer ? packets + (connection % 7) : Number.POSITIVE_INFINITY;
  const finish = (connection: number, peer: { close(reason: string): unknown }): void => {
    finished.add(connection);
    void peer.close(reasonOf(connection));
  };

  const begin = (client: ClientOnServer, connection: number): void => {
    const end = new End(client, connection);
    ends.set(client.cid, { connection, end });
    void talk(end, limitOf(connection, "server"), () => finish(connection, client));
  };

  const server = await startServer(
    { ...options.server, cfg: { ...PLAIN, ...options.server?.cfg } },
    (peer) => {
      handle(peer, "test:begin", (msg, cid) => {
        const client = peer.clients.get(cid ?? -1);
        if (client !== undefined) begin(client, msg as number);
      });
      handle(peer, "test:item", (msg, cid) => {
        const entry = ends.get(cid ?? -1);
        if (entry === undefined) problems.push("a packet came before the first one");
        else take(entry.end, msg as Item, entry.connection, "server");
      });
    },
  );
  server.on("close", ({ cid }, info) => {
    const connection = ends.get(cid)?.connection;
    if (connection === undefined) problems.push(`a close before the first packet: ${info.reason}`);
    else serverCloses.get(connection)?.(info);
  });

  const connect = async (connection: number): Promise<void> => {
    const client = new Client({
      addr: server.addr,
      ...options.client,
      cfg: { ...PLAIN, ...options.client?.cfg },
    });
    const end = new End(client, connection);
    handle(client, "test:begin");
    handle(client, "test:item", (msg) => take(end, msg as Item, connection, "client"));
    const serverClose = new Promise<CloseInfo>((resolve) => serverCloses.set(connection, resolve));
    await client.start();
    client.sendMessage("test:begin", connection);
    await talk(end, limitOf(connection, "client"), () => finish(connection, client));
    const infos = await Promise.all([client.waitForClose(), serverClose]);
    for (const info of infos) {
      if (info.reason !== reasonOf(connection)) {
        problems.push(`connection ${connection}: closed with ${info.reason} (${info.error?.message})`);
      }
      if (!info.clean) totals.unclean++;
    }
    const remote = [...ends.values()].find((entry) => entry.connection === connection)?.end;
    if (remote === undefined) return;
    const [from, to] = closer === "client" ? [end, remote] : [remote, end];
    if (from.sent !== limitOf(connection, closer))
      problems.push(`connection ${connection}: sent ${from.sent}`);
    if (to.received !== from.sent) {
      problems.push(`connection ${connection}: ${to.received} of ${from.sent} packets arrived`);
    }
    totals.accepted += from.sent;
    totals.delivered += to.received;
    totals.crossing += to.sent;
  };

  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < closes) await connect(next++);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  await server.shutdown();
  return { closes, ...totals, problems };
}
