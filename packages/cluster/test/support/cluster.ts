// Servers that are nodes of one cluster, over a bus in memory with faults on demand, with clients over links in memory.

import {
  type ClusterNode,
  type ClusterOptions,
  type Gap,
  joinCluster,
  type MemoryBusOptions,
} from "@peng3dnet/cluster";
import { TestBus } from "@peng3dnet/cluster/testing";
import {
  type AnyPacketDefinition,
  type Client,
  type ClientOnServer,
  type ClientOptions,
  type Codec,
  type ConfigOverrides,
  definePacket,
  defineRequest,
  type Logger,
  type Platform,
  payload,
  type Server,
  SIDE_CLIENT,
  SIDE_SERVER,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

export const News = definePacket({ name: "test:news", schema: payload<unknown>(), side: SIDE_CLIENT });
export const Say = definePacket({ name: "test:say", schema: payload<string>(), side: SIDE_SERVER });
export const Confirm = defineRequest({
  name: "test:confirm",
  request: payload<unknown>(),
  response: payload<unknown>(),
  errors: { never: payload<{ why: string }>() },
  side: SIDE_CLIENT,
});
const packets: readonly AnyPacketDefinition[] = [News, Say, Confirm];

/** A client at both of its ends. */
export interface Guest {
  readonly client: Client;
  readonly remote: ClientOnServer;
  /** The id that all nodes know it by. */
  readonly id: string;
  /** What came of {@link News}. */
  readonly news: unknown[];
}

export interface TestNode {
  readonly server: Server;
  readonly node: ClusterNode;
  readonly gaps: Gap[];
  /** What its server warned of. */
  readonly warnings: string[];
  enter(options?: ClientOptions): Promise<Guest>;
}

export interface NodeOptions {
  readonly packets?: readonly AnyPacketDefinition[];
  readonly cfg?: ConfigOverrides;
  readonly codec?: Codec;
  readonly validateSent?: boolean;
  readonly join?: Partial<ClusterOptions>;
}

export class TestCluster {
  readonly net: TestNetwork;
  readonly bus: TestBus;

  constructor(platform?: Platform, options: MemoryBusOptions = {}) {
    this.net = new TestNetwork(platform);
    this.bus = new TestBus(options);
  }

  /** A server that joins. */
  async join(name: string, { join, ...options }: NodeOptions = {}): Promise<TestNode> {
    const warnings: string[] = [];
    const silent = (): void => {};
    const warn = (message: string): void => void warnings.push(message);
    const logger: Logger = { debug: silent, info: silent, warn, error: warn };
    const declared = options.packets ?? packets;
    const server: Server = this.net.server({ ...options, packets: declared, logger });
    const node = await joinCluster(server, { bus: this.bus, name, ...join });
    const gaps: Gap[] = [];
    node.on("gap", (gap) => gaps.push(gap));
    return {
      server,
      node,
      gaps,
      warnings,
      enter: (more) => this.#enter(server, node, { packets: declared, ...more }),
    };
  }

  /** Several of them, that know each other. */
  async joinAll<const N extends readonly string[]>(
    names: N,
    options?: NodeOptions,
  ): Promise<{ [K in keyof N]: TestNode }> {
    const nodes: TestNode[] = [];
    for (const name of names) nodes.push(await this.join(name, options));
    await this.turn(3);
    return nodes as { [K in keyof N]: TestNode };
  }

  async #enter(server: Server, node: ClusterNode, options: ClientOptions): Promise<Guest> {
    const news: unknown[] = [];
    const client: Client = this.net.client(options);
    client.on(News, (msg) => void news.push(msg));
    const accepted = new Promise<ClientOnServer>((resolve) => server.once("connection", resolve));
    this.net.connect(client, server);
    await client.waitForConnection();
    await this.net.settle();
    const remote = await accepted;
    return { client, remote, id: node.idOf(remote), news };
  }

  /** Lets so many seconds pass, one at a time, with all that they lead to. */
  async turn(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.net.clock.advance(1);
      await this.settle();
    }
  }

  /** Resolves once all that is under way has arrived. */
  async settle(): Promise<void> {
    // An answer to what arrives may be published a turn later.
    for (let turn = 0; turn < 3; turn++) {
      await this.bus.settled();
      await this.net.settle();
    }
  }
}

/** What a promise came to: its value or error. */
export function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}
