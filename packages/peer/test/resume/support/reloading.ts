// A server that keeps sessions, and programs that come after one another and go on with the session of the one before.

import {
  Client,
  ClientOnServer,
  type ClientOptions,
  type ConfigOverrides,
  definePacket,
  defineRequest,
  payload,
  type Server,
  SessionKeeper,
  SIDE_CLIENT,
  SIDE_SERVER,
} from "@peng3dnet/peer";
import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";

export const Said = definePacket({ name: "test:said", schema: payload<number>(), side: SIDE_SERVER });
export const Told = definePacket({ name: "test:told", schema: payload<number>(), side: SIDE_CLIENT });
/** The server alone has it, so that ids differ from those that clients begin with. */
export const Other = definePacket({ name: "test:other", schema: payload<number>() });
/** A client alone has it. */
export const Own = definePacket({ name: "test:own", schema: payload<number>() });
/** Answered by both sides. */
export const Ask = defineRequest({
  name: "test:ask",
  request: payload<string>(),
  response: payload<string>(),
});
export const packets = [Said, Told, Ask, Own];

export const WINDOW = 60;
/** Bytes that a session keeps. */
export const BYTES = 4096;

/** A program: a client and what it was told. */
export interface Program {
  readonly client: Client;
  readonly keeper: SessionKeeper;
  readonly told: number[];
  readonly events: string[];
  /** The line of the moment. */
  readonly link: () => MemoryLink;
}

export class Reloading {
  readonly net = new TestNetwork();
  readonly server: Server;
  /** What the server was told. */
  readonly said: number[] = [];
  /** How often a client tried to connect. */
  dialled = 0;

  constructor(cfg: ConfigOverrides = {}) {
    this.server = this.net.server({
      packets: [Other, Ask, Told, Said],
      cfg: {
        "net.resume.window": WINDOW,
        "net.resume.bytes": BYTES,
        "net.registry.missingpacketaction": "ignore",
        ...cfg,
      },
    });
    this.server.on(Said, (n) => this.said.push(n));
  }

  /** The client as the server has it. */
  get remote(): ClientOnServer {
    const [remote] = this.server.clients.values();
    if (!(remote instanceof ClientOnServer)) throw new Error("no client");
    return remote;
  }

  /** A program that was not started. @param saved - what one before has saved. */
  program(saved?: string, options: ClientOptions = {}): Program {
    const keeper = new SessionKeeper(saved);
    let link: MemoryLink | undefined;
    const told: number[] = [];
    const events: string[] = [];
    const client = new Client({
      packets,
      connector: {
        connect: async ({ established }) => {
          this.dialled++;
          link = new MemoryLink();
          this.server.accept(link.server);
          established(link.client);
        },
      },
      resume: { keeper },
      ...options,
      cfg: {
        "net.resume.bytes": BYTES,
        "net.registry.missingpacketaction": "ignore",
        ...options.cfg,
      },
      clock: this.net.clock,
    });
    client.on(Told, (n) => told.push(n));
    for (const event of ["connect", "handshakecomplete", "suspend", "resume"] as const)
      client.on(event, () => events.push(event));
    client.on("close", ({ reason }) => events.push(`close ${reason}`));
    return {
      client,
      keeper,
      told,
      events,
      link: () => {
        if (link === undefined) throw new Error("it did not connect");
        return link;
      },
    };
  }

  /** A program that has started. Its first attempt to connect is made with a timer. */
  async started(saved?: string, options: ClientOptions = {}): Promise<Program> {
    const program = this.program(saved, options);
    const started = program.client.start();
    this.net.clock.advance(0);
    await started;
    await this.net.settle();
    return program;
  }
}

/** What a keeper saved. */
export function saved({ keeper }: Program): string {
  const text = keeper.save();
  if (text === undefined) throw new Error("it could not be saved");
  return text;
}
