import { type Client, type CloseInfo, type Server, silentLogger } from "@peng3dnet/core";
import { type MemoryLink, TestNetwork } from "@peng3dnet/core/testing";
import { ECHO, type EchoServer, expectPrefix, prepareClient, prepareEcho, type Seen } from "./exchange.js";
import { expectOneClose } from "./fault-session.js";
import { expectThat } from "./finding.js";
import type { Random } from "./random.js";

/** Commands of a sequence. */
const COMMANDS = [
  "connect",
  "connect",
  "send",
  "send",
  "send",
  "serverSend",
  "freeze",
  "thaw",
  "slice",
] as const;
const ENDINGS = [
  "reset",
  "end",
  "clientClose",
  "serverClose",
  "clientStop",
  "shutdown",
  "settle",
  "wait",
] as const;
type Command = (typeof COMMANDS)[number] | (typeof ENDINGS)[number];

/** What the model knows of one connection: what was accepted on each side, and what may have happened to it. */
interface Modelled {
  readonly client: Client;
  readonly failures: readonly unknown[];
  readonly seen: Seen;
  readonly link: MemoryLink;
  readonly sent: unknown[];
  readonly sentByServer: unknown[];
  readonly cid: number;
  /** Nothing has closed it: it has to be there. */
  open: boolean;
  /** It was closed in order by the client, with nothing broken before: all that it sent has to arrive. */
  whole: boolean;
  /** Something was broken on purpose. */
  broken: boolean;
  frozen: boolean;
}

/** A server, clients, and what should be true of them. */
class World {
  readonly net = new TestNetwork();
  readonly echo: EchoServer;
  readonly server: Server;
  readonly connections: Modelled[] = [];
  readonly trace: string[] = [];
  #stopped = false;
  #count = 0;

  readonly #beats: boolean;

  /** @param beats - whether there are heartbeats. */
  constructor(beats: boolean) {
    this.#beats = beats;
    const cfg = beats ? {} : { "net.heartbeat.interval": 0 };
    this.echo = prepareEcho(this.net.server({ logger: silentLogger, cfg }));
    this.server = this.echo.server;
  }

  async apply(command: Command, random: Random): Promise<void> {
    const connection = this.connections.length === 0 ? undefined : random.pick(this.connections);
    this.trace.push(connection === undefined ? command : `${command} ${connection.cid}`);
    if (command === "connect") await this.#connect();
    else if (command === "shutdown") {
      // Rarely: nothing much can happen afterwards.
      if (random.oneIn(4)) await this.#shutdown();
    } else if (command === "settle") await this.net.settle();
    else if (command === "wait") await this.#wait(1 + random.below(20));
    else if (connection !== undefined) this.#act(command, connection, random);
  }

  async #connect(): Promise<void> {
    if (this.#stopped || this.connections.length >= 6) return;
    const { client, messages, closes, failures } = prepareClient(this.net.client({ logger: silentLogger }));
    const link = this.net.connect(client, this.server);
    const cid = ++this.#count;
    await client.waitForConnection();
    this.connections.push({
      client,
      failures,
      seen: { messages, closes },
      link,
      sent: [],
      sentByServer: [],
      cid,
      open: true,
      whole: false,
      broken: false,
      frozen: false,
    });
  }

  #act(command: Command, connection: Modelled, random: Random): void {
    const { client, link, cid } = connection;
    switch (command) {
      case "send":
        if (!client.active) return;
        for (let left = 1 + random.below(5); left > 0; left--) {
          const message = [cid, connection.sent.length, "x".repeat(random.below(200))];
          client.sendMessage(ECHO, message);
          connection.sent.push(message);
        }
        return;
      case "serverSend": {
        const remote = this.server.clients.get(cid);
        if (remote?.active !== true) return;
        remote.sendMessage(ECHO, ["server", connection.sentByServer.length]);
        connection.sentByServer.push(["server", connection.sentByServer.length]);
        return;
      }
      case "freeze":
        connection.frozen = true;
        random.pick([link.toClient, link.toServer]).freeze();
        return;
      case "thaw":
        connection.frozen = false;
        link.toClient.thaw();
        link.toServer.thaw();
        return;
      case "slice":
        random.pick([link.toClient, link.toServer]).slice = 1 + random.below(9);
        return;
      default:
        this.#end(command, connection);
    }
  }

  #end(command: Command, connection: Modelled): void {
    const { client, link, cid } = connection;
    const wasOpen = connection.open;
    connection.open = false;
    if (command === "clientClose") {
      if (wasOpen && client.active && !connection.broken) connection.whole = true;
      void client.close("model");
      return;
    }
    // What breaks it leaves only a beginning of what was sent.
    if (command !== "serverClose") connection.broken = true;
    connection.whole = false;
    if (command === "reset") link.cut();
    else if (command === "end") link.toServer.endAfter(link.toServer.delivered);
    else if (command === "clientStop") client.stop();
    else if (this.server.clients.has(cid)) void this.server.closeConnection(cid, "model");
  }

  async #shutdown(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const connection of this.connections) {
      connection.open = false;
      connection.whole = false;
    }
    void this.server.shutdown();
    await this.net.settle();
  }

  /** Time passes: whoever waits for a frozen link in a close has waited long enough. */
  async #wait(seconds: number): Promise<void> {
    for (const connection of this.connections) {
      // Unsent output and closes have deadlines.
      if (connection.frozen) {
        connection.whole = false;
        connection.broken = true;
      }
    }
    this.net.clock.advance(seconds);
    // Whoever answers heartbeats has to have had the time for it.
    if (this.#beats) await this.net.settle();
  }

  /** Lets all that is under way come to its end, and compares. */
  async check(): Promise<void> {
    const what = (): string => this.trace.join(", ");
    for (const { link } of this.connections) {
      link.toClient.thaw();
      link.toServer.thaw();
    }
    await this.net.settle();
    for (const connection of this.connections) {
      // An active connection that nothing has closed is there, and everything has arrived.
      if (connection.open && !connection.broken) {
        expectThat(connection.client.active, () => `connection ${connection.cid} is gone: ${what()}`);
        const received = this.echo.seen.get(connection.cid)?.messages.length;
        expectThat(
          received === connection.sent.length,
          () => `${received} of ${connection.sent.length}: ${what()}`,
        );
      }
    }
    await this.#endAll();
    for (const connection of this.connections) this.#compare(connection, what);
    expectThat(this.echo.failures.length === 0, () => `${String(this.echo.failures[0])}: ${what()}`);
    expectThat(this.net.clock.timers === 0, () => `${this.net.clock.timers} timers are left: ${what()}`);
    expectThat(this.server.clients.size === 0, () => `${this.server.clients.size} are left: ${what()}`);
  }

  async #endAll(): Promise<void> {
    const over = this.server.shutdown();
    await this.net.settle();
    // Whatever waits, e.g. for a peer's end that was cut off, has a deadline.
    this.net.clock.advance(60);
    await this.net.settle();
    await over;
    for (const { client } of this.connections) client.stop();
    await this.net.settle();
  }

  #compare(connection: Modelled, what: () => string): void {
    const { cid, seen, sent, sentByServer } = connection;
    const remote = this.echo.seen.get(cid) as Seen;
    expectOneClose(seen.closes as CloseInfo[], () => `client ${cid}: ${what()}`);
    expectOneClose(remote.closes, () => `server's ${cid}: ${what()}`);
    expectPrefix(remote.messages, sent, () => `server's ${cid}: ${what()}`);
    const own = (message: unknown): boolean => (message as readonly unknown[])[0] === "server";
    expectPrefix(seen.messages.filter(own), sentByServer, () => `client ${cid}: ${what()}`);
    const echoes = seen.messages.filter((message) => !own(message));
    expectPrefix(echoes, remote.messages, () => `client ${cid}: ${what()}`);
    expectThat(
      !connection.whole || remote.messages.length === sent.length,
      () => `${remote.messages.length} of ${sent.length} before an orderly close of ${cid}: ${what()}`,
    );
    expectThat(connection.failures.length === 0, () => `${String(connection.failures[0])}: ${what()}`);
  }
}

/** A random sequence of what can happen between a server and its clients, compared with a model of it. */
export async function modelSequence(random: Random): Promise<number> {
  const world = new World(random.oneIn(2));
  const length = 4 + random.below(30);
  await world.apply("connect", random);
  for (let step = 1; step < length; step++) {
    await world.apply(random.oneIn(4) ? random.pick(ENDINGS) : random.pick(COMMANDS), random);
  }
  await world.check();
  return length;
}
