// A server and a client whose line a test breaks, over links in memory: the client connects again by itself.

import {
  type Client,
  type ClientOnServer,
  type ClientOptions,
  type CloseInfo,
  type ConfigOverrides,
  ConnectError,
  definePacket,
  defineRequest,
  payload,
  Server,
  type ServerOptions,
  standardPlatform,
} from "@peng3dnet/peer";
import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";

export const Number_ = definePacket({ name: "resume:number", schema: payload<number>() });
/** A number, and bytes that fill the packet. */
export const Filled = definePacket({ name: "resume:filled", schema: payload<[number, Uint8Array]>() });
export const Droppable = definePacket({
  name: "resume:droppable",
  schema: payload<number>(),
  droppable: true,
});
export const Double = defineRequest({
  name: "resume:double",
  request: payload<number>(),
  response: payload<number>(),
});
export const packets = [Number_, Filled, Droppable, Double];

/** With turns of the event loop that cost no timer, since a test takes very many of them. */
export function quickNetwork(): TestNetwork {
  return new TestNetwork({ ...standardPlatform, yield: (call) => void setImmediate(call) });
}

export interface SceneOptions {
  readonly cfg?: ConfigOverrides;
  readonly clientCfg?: ConfigOverrides;
  readonly server?: Partial<ServerOptions>;
  readonly client?: Partial<ClientOptions>;
  readonly net?: TestNetwork;
  /** The server's packets wait for `process()`. */
  readonly manual?: boolean;
  /** Prepares each link before its first byte. */
  readonly prepare?: (link: MemoryLink, index: number) => void;
}

/** What happened to one side, in order. */
export interface Told {
  readonly numbers: number[];
  readonly events: string[];
  readonly closes: CloseInfo[];
}

export class Scene {
  readonly net: TestNetwork;
  readonly server: Server;
  /** All links, the first one included. */
  readonly links: MemoryLink[] = [];
  /** Whether attempts to connect succeed. */
  online = true;
  readonly client: Client;
  /** What the server was told of this client, and of those that came back for it. */
  readonly atServer: Told = { numbers: [], events: [], closes: [] };
  readonly atClient: Told = { numbers: [], events: [], closes: [] };
  /** What handlers threw on either side. */
  readonly faults: unknown[] = [];
  /** Reasons for which connections ended that brought the client back. */
  readonly attempts: (string | null)[] = [];
  remote!: ClientOnServer;

  constructor({ cfg, clientCfg, server, client, net = quickNetwork(), manual, prepare }: SceneOptions = {}) {
    this.net = net;
    const quiet: ConfigOverrides = { "net.heartbeat.interval": 0, "net.compress.enabled": false };
    const options = { packets, cfg: { ...quiet, "net.resume.window": 30, ...cfg }, ...server };
    if (manual === true) {
      this.server = new Server({ ...options, clock: net.clock } as ServerOptions);
      this.server.initialize();
    } else this.server = net.server(options as ServerOptions) as Server;
    this.client = net.client({
      packets,
      // Most tests break lines one after another, in no time.
      resume: { delay: 0.0005 },
      cfg: { ...quiet, ...clientCfg },
      connector: {
        connect: async ({ established }) => {
          if (!this.online) throw new ConnectError("there is no network");
          const link = new MemoryLink();
          prepare?.(link, this.links.length);
          this.links.push(link);
          this.server.accept(link.server);
          established(link.client);
        },
      },
      ...client,
    } as ClientOptions) as Client;
    this.#listen();
  }

  #listen(): void {
    const { server, client, atServer, atClient, faults } = this;
    server.on("handlerError", (error) => void faults.push(error));
    client.on("handlerError", (error) => void faults.push(error));
    server.on("connection", (one) => {
      this.remote ??= one;
    });
    server.on("close", (one, info) => {
      if (one !== this.remote) this.attempts.push(info.reason);
      else {
        atServer.closes.push(info);
        atServer.events.push("close");
      }
    });
    server.on("suspend", (one) => void (one === this.remote && atServer.events.push("suspend")));
    server.on("resume", (one) => void (one === this.remote && atServer.events.push("resume")));
    client.on("close", (info) => {
      atClient.closes.push(info);
      atClient.events.push("close");
    });
    client.on("suspend", () => void atClient.events.push("suspend"));
    client.on("resume", () => void atClient.events.push("resume"));
    server.on(Number_, (number) => void atServer.numbers.push(number));
    client.on(Number_, (number) => void atClient.numbers.push(number));
    server.on(Filled, ([number]) => void atServer.numbers.push(number));
    client.on(Filled, ([number]) => void atClient.numbers.push(number));
  }

  /** The link that was made last. */
  get link(): MemoryLink {
    return this.links.at(-1) as MemoryLink;
  }

  /** Lets all happen that needs no time. */
  async settle(): Promise<void> {
    let before = -1;
    for (let turn = 0, quiet = 0; quiet < 2; turn++) {
      if (turn > 5000) throw new Error("bytes go back and forth without end");
      await this.net.settle();
      const moved = this.links.reduce(
        (sum, link) => sum + link.toClient.delivered + link.toServer.delivered,
        0,
      );
      quiet = moved === before ? quiet + 1 : 0;
      before = moved;
    }
  }

  /** Lets a time pass, in steps, as a client that comes back needs several. */
  async pass(seconds: number, step = seconds): Promise<void> {
    for (let left = seconds; left > 1e-9; left -= step) {
      this.net.clock.advance(Math.min(left, step));
      await this.settle();
    }
  }

  /** Breaks the line, so that both ends notice. */
  async cut(): Promise<void> {
    this.link.cut();
    await this.settle();
  }

  /** Breaks the line, and lets the client come back. */
  async cutAndResume(): Promise<void> {
    await this.cut();
    await this.pass(0.001);
  }
}

/** A scene with a session that has begun. */
export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const scene = new Scene(options);
  await scene.client.connect();
  await scene.settle();
  await scene.client.waitForConnection();
  await scene.settle();
  return scene;
}

/** The numbers from one on, up to the other, without it. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
