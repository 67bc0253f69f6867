// Servers that come and go at one address, and a client that connects again, over links in memory and with a clock that is turned.

import {
  Client,
  type ClientEvents,
  type ClientOptions,
  ConnectionRefusedError,
  type Connector,
  definePacket,
  defineRequest,
  payload,
  type Server,
  type ServerOptions,
  SIDE_CLIENT,
  SIDE_SERVER,
} from "@peng3dnet/peer";
import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";

export const Say = definePacket({ name: "test:say", schema: payload<string>(), side: SIDE_SERVER });
export const Told = definePacket({ name: "test:told", schema: payload<string>(), side: SIDE_CLIENT });
/** Answered by both. */
export const Ask = defineRequest({
  name: "test:ask",
  request: payload<string>(),
  response: payload<string>(),
});
export const packets = [Say, Told, Ask];

/** More than the longest delay of the tests' clients. */
export const PAUSE = 8;

/** Name of each event of a client, as it came. */
export const EVENTS = ["connect", "handshakecomplete", "lost", "retry", "session", "close"] as const;

export class World {
  readonly net = new TestNetwork();
  /** The server at the address; `undefined`: nothing listens. */
  server: Server | undefined = undefined;
  /** What the next attempts fail with, instead of reaching the server. */
  readonly failures: Error[] = [];
  readonly links: MemoryLink[] = [];
  /** When an attempt was made, in seconds. */
  readonly attempts: number[] = [];
  readonly connector: Connector = {
    connect: async ({ established }) => {
      this.attempts.push(this.net.clock.now() / 1000);
      const failure = this.failures.shift();
      if (failure !== undefined) throw failure;
      if (this.server === undefined) throw new ConnectionRefusedError("nothing listens there");
      const link = new MemoryLink();
      this.links.push(link);
      this.server.accept(link.server);
      established(link.client);
    },
  };

  /** Has another server listen, which answers `test:ask` by its name. */
  serve(options: ServerOptions = {}, name = "server"): Server {
    const server = this.net.server({ packets, ...options });
    server.answer(Ask, (question) => `${name} hears ${question}`);
    server.on(Say, () => {});
    this.server = server;
    return server;
  }

  /** A client that connects again. */
  client(options: ClientOptions = {}): Client {
    return this.net.run(
      new Client({ packets, connector: this.connector, reconnect: true, ...options, clock: this.net.clock }),
    );
  }

  /** A client that is active, and its server. */
  async active(options: ClientOptions = {}): Promise<{ readonly client: Client; readonly server: Server }> {
    const server = this.serve();
    const client = this.client(options);
    await client.start();
    return { client, server };
  }

  /** The link of the moment. */
  get link(): MemoryLink {
    return this.links.at(-1) as MemoryLink;
  }

  /** Breaks the line. */
  async cut(): Promise<void> {
    this.link.cut();
    await this.net.settle();
  }

  /** Lets so many seconds pass, and what they lead to happen. */
  async pass(seconds = PAUSE): Promise<void> {
    this.net.clock.advance(seconds);
    await this.net.settle();
  }
}

/** What a client was told of. */
export function watch(client: Client): { readonly events: string[]; readonly infos: unknown[] } {
  const events: string[] = [];
  const infos: unknown[] = [];
  for (const event of EVENTS) {
    client.on(event, (...args: ClientEvents[typeof event]) => {
      events.push(event);
      infos.push(args[0]);
    });
  }
  return { events, infos };
}
