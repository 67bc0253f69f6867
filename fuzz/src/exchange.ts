import {
  type Cid,
  type Client,
  type CloseInfo,
  type ConfigOverrides,
  type MaybeAsync,
  Packet,
  type Peer,
  Server,
  silentLogger,
} from "@peng3dnet/core";
import { expectThat } from "./finding.js";

export const ECHO = "fuzz:echo";

/** A packet type made of a function. */
export class Handler extends Packet {
  readonly #receive: (msg: unknown, cid: Cid) => MaybeAsync;

  constructor(peer: Peer, receive: (msg: unknown, cid: Cid) => MaybeAsync) {
    super(peer.registry, peer);
    this.#receive = receive;
  }

  override receive(msg: unknown, cid: Cid): MaybeAsync {
    return this.#receive(msg, cid);
  }
}

/** What one side of one connection saw. */
export interface Seen {
  readonly messages: unknown[];
  readonly closes: CloseInfo[];
}

/** A server that sends back what it gets, and writes down what each connection saw. */
export interface EchoServer {
  readonly server: Server;
  readonly seen: Map<number, Seen>;
  readonly failures: unknown[];
}

export function prepareEcho<S extends Server>(server: S): EchoServer & { readonly server: S } {
  const seen = new Map<number, Seen>();
  const failures: unknown[] = [];
  server.registerPacket(
    ECHO,
    new Handler(server, (msg, cid) => {
      seen.get(cid as number)?.messages.push(msg);
      server.sendMessage(ECHO, msg, cid);
    }),
  );
  server.on("connection", ({ cid }) => seen.set(cid, { messages: [], closes: [] }));
  server.on("close", ({ cid }, info) => seen.get(cid)?.closes.push(info));
  server.on("handlerError", (error) => failures.push(error));
  return { server, seen, failures };
}

/** A client that writes down what it sees. */
export interface EchoClient<C extends Client = Client> extends Seen {
  readonly client: C;
  readonly failures: unknown[];
  /** Resolves once so many messages have come, or the connection is closed. */
  until(count: number): Promise<void>;
}

export function prepareClient<C extends Client>(client: C): EchoClient<C> {
  const messages: unknown[] = [];
  const closes: CloseInfo[] = [];
  const failures: unknown[] = [];
  let awaited = Number.POSITIVE_INFINITY;
  let resolve = (): void => {};
  client.registerPacket(
    ECHO,
    new Handler(client, (msg) => {
      messages.push(msg);
      if (messages.length >= awaited) resolve();
    }),
  );
  client.on("close", (info) => {
    closes.push(info);
    resolve();
  });
  client.on("handlerError", (error) => failures.push(error));
  const until = (count: number): Promise<void> =>
    new Promise((done) => {
      awaited = count;
      resolve = done;
      if (messages.length >= count || closes.length > 0) done();
    });
  return { client, messages, closes, failures, until };
}

/** Listens on a free port of this machine. */
export async function startEcho(cfg: ConfigOverrides): Promise<EchoServer> {
  const echo = prepareEcho(new Server({ addr: ["127.0.0.1", 0], cfg, logger: silentLogger }));
  await echo.server.start();
  return echo;
}

/** What arrived is the beginning of what was sent: nothing lost in between, doubled, or in another order. */
export function expectPrefix(
  messages: readonly unknown[],
  sent: readonly unknown[],
  what: () => string,
): void {
  expectThat(messages.length <= sent.length, () => `${what()}: ${messages.length} of ${sent.length} arrived`);
  for (const [index, message] of messages.entries()) {
    expectThat(
      JSON.stringify(message) === JSON.stringify(sent[index]),
      () => `${what()}: number ${index} is ${JSON.stringify(message)}`,
    );
  }
}
