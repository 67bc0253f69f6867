// Whatever happens in whatever order: packets of each client are processed in order and without a gap, each connection
// closes once, and nothing is left of it.

import {
  type Client,
  type ClientOnServer,
  definePacket,
  Peng3dnetError,
  payload,
  Server,
  type ServerOptions,
} from "@peng3dnet/core";
import { type MemoryLink, TestNetwork } from "@peng3dnet/core/testing";
import fc from "fast-check";
import { ServerHooks } from "../../../peer/src/server/server-hooks.js";
import { sessionOf } from "../support/session.js";
import { packet } from "../support/wire.js";

const CLIENTS = 3;
/** A message: a number for each client, how long it takes in milliseconds, and whether its handler feeds another one in. */
type Work = readonly [number: number, milliseconds: number, feeds: boolean, padding: string];

const Item = definePacket({ name: "test:item", schema: payload<Work>() });
const Buffered = definePacket({ name: "test:buffered", schema: payload<Work>() });

const COMMANDS = [
  "send",
  "send",
  "send",
  "sendBuffered",
  "hold",
  "unhold",
  "unhold",
  "process",
  "process",
  "consume",
  "consume",
  "micro",
  "turn",
  "turn",
  "advance",
  "slice",
  "freeze",
  "thaw",
  "processAsync",
  "stopStream",
  "close",
  "serverClose",
  "reset",
] as const;

interface Step {
  readonly command: (typeof COMMANDS)[number];
  readonly who: number;
  readonly count: number;
  readonly milliseconds: number;
  readonly feeds: boolean;
  readonly size: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  command: fc.constantFrom(...COMMANDS),
  who: fc.nat(CLIENTS - 1),
  count: fc.integer({ min: 1, max: 30 }),
  milliseconds: fc.constantFrom(0, 0, 1, 4, 12),
  feeds: fc.boolean(),
  size: fc.constantFrom(0, 0, 0, 600, 9000),
});

/** What sessions said last that they hold, by session, and by cid for output. */
const held = new Map<unknown, number>();

beforeEach(() => {
  const { inputHeld, unsentHeld } = ServerHooks.prototype;
  jest.spyOn(ServerHooks.prototype, "inputHeld").mockImplementation(function (
    this: ServerHooks<ClientOnServer>,
    session,
    bytes,
  ) {
    held.set(session, bytes);
    inputHeld.call(this, session, bytes);
  });
  jest.spyOn(ServerHooks.prototype, "unsentHeld").mockImplementation(function (
    this: ServerHooks<ClientOnServer>,
    session,
    bytes,
  ) {
    held.set(`unsent ${session.cid}`, bytes);
    unsentHeld.call(this, session, bytes);
  });
});

afterEach(() => jest.restoreAllMocks());

/** What is known of one client. */
interface Known {
  readonly client: Client;
  readonly link: MemoryLink;
  readonly remote: ClientOnServer;
  sent: number;
  readonly processed: number[];
  fed: number;
  fedProcessed: number;
  readonly buffered: number[];
  readonly consumed: number[];
  holds: number;
  closes: number;
  /** Its own close, with nothing that breaks off: all that it sent has to be processed. */
  whole: boolean;
  closing: boolean;
}

interface Setting {
  readonly manual: boolean;
  readonly queueing: boolean;
  readonly limits: ServerOptions["cfg"];
}

async function play(steps: readonly Step[], { manual, queueing, limits }: Setting): Promise<void> {
  const net = new TestNetwork();
  held.clear();
  class Queueing extends Server {
    override receivePacket(data: Uint8Array, cid: number): void {
      super.receivePacket(data, cid);
    }
  }
  const Class = queueing ? Queueing : Server;
  const server = new Class({ clock: net.clock, cfg: limits });
  const failures: unknown[] = [];
  server.on("handlerError", (error) => failures.push(error));
  server.initialize();
  const item = server.register(Item);
  server.register(Buffered);
  if (!manual) server.processAsync();
  const known = new Map<ClientOnServer, Known>();
  const all: Known[] = [];
  for (let count = 0; count < CLIENTS; count++) {
    // What waits may take longer than a close usually has.
    const client: Client = net.client({ cfg: { "net.timeout.close": 600 } });
    client.register(Item);
    client.register(Buffered);
    const link = net.connect(client, server);
    await client.waitForConnection();
    await net.settle();
    const remote = [...server.clients.values()].at(-1) as ClientOnServer;
    const one: Known = {
      client,
      link,
      remote,
      sent: 0,
      processed: [],
      fed: 0,
      fedProcessed: 0,
      buffered: [],
      consumed: [],
      holds: 0,
      closes: 0,
      whole: true,
      closing: false,
    };
    known.set(remote, one);
    all.push(one);
  }
  const of = (remote: ClientOnServer): Known => known.get(remote) as Known;

  const work = (remote: ClientOnServer, [number, milliseconds, feeds]: Work): void => {
    const one = of(remote);
    if (number < 0) one.fedProcessed++;
    else one.processed.push(number);
    net.clock.advance(milliseconds / 1000);
    if (!feeds) return;
    // Behind what has come.
    one.fed++;
    sessionOf(remote.conn).receive(packet(item, [-1, 1, false, ""]));
  };
  server.on(Item, (msg, { client }) => work(client, msg));
  server.on(Buffered, (msg, { client }) => {
    of(client).buffered.push(msg[0]);
    work(client, msg);
  });
  server.on("close", (client) => void of(client).closes++);
  const stream = server.messages(Buffered, { limit: 3 });
  let streaming = true;
  let dispatching = !manual;
  const consume = (): void => {
    void stream.next().then(({ value }) => value && of(value.client).consumed.push(value.msg[0]));
  };

  const inOrder = (): void => {
    for (const one of all) {
      expect(one.processed).toEqual(one.processed.map((_, index) => index));
      expect(one.processed.length).toBeLessThanOrEqual(one.sent);
      expect(one.fedProcessed).toBeLessThanOrEqual(one.fed);
      expect(one.consumed).toEqual(one.buffered.slice(0, one.consumed.length));
      expect(one.closes).toBeLessThanOrEqual(1);
    }
  };

  for (const { command, who, count, milliseconds, feeds, size } of steps) {
    const one = all[who] as Known;
    switch (command) {
      case "send":
      case "sendBuffered":
        for (let left = count; left > 0 && one.client.active && !one.closing; left--) {
          // What is fed into a piece of the stream has to find whole packets in it.
          const msg: Work = [
            one.sent++,
            milliseconds,
            feeds && one.link.toServer.slice > 1e9,
            "x".repeat(size),
          ];
          one.client.sendMessage(command === "send" ? Item : Buffered, msg);
        }
        break;
      case "hold":
        one.holds++;
        one.remote.conn.pause();
        break;
      case "unhold":
        if (one.holds === 0) break;
        one.holds--;
        one.remote.conn.resume();
        break;
      case "process":
        if (!dispatching) server.process();
        break;
      case "processAsync":
        if (count > 8) break;
        dispatching = true;
        server.processAsync();
        break;
      case "consume":
        for (let left = count; left > 0; left--) consume();
        break;
      case "micro":
        for (let left = count; left > 0; left--) await Promise.resolve();
        break;
      case "turn":
        await new Promise((resolve) => setImmediate(resolve));
        break;
      case "advance":
        net.clock.advance(milliseconds / 1000);
        break;
      case "slice":
        // Not beside what is fed in.
        if (one.sent === 0) one.link.toServer.slice = count;
        break;
      case "freeze":
        one.link.toServer.freeze();
        break;
      case "thaw":
        one.link.toServer.thaw();
        break;
      case "stopStream":
        if (count < 6) {
          streaming = false;
          void stream.return();
        }
        break;
      case "close":
        if (count > 6) break;
        one.closing = true;
        void one.client.close("bye");
        break;
      case "serverClose":
        if (count > 6) break;
        one.whole = false;
        one.closing = true;
        void one.remote.close("enough");
        break;
      case "reset":
        if (count > 6) break;
        one.whole = false;
        one.closing = true;
        one.link.cut();
        break;
    }
    inOrder();
  }

  // All may go on now, and all of it is worked off.
  for (const one of all) {
    one.link.toServer.thaw();
    for (; one.holds > 0; one.holds--) one.remote.conn.resume();
  }
  const pending = (one: Known): boolean => one.whole && one.processed.length < one.sent;
  for (let laps = 0; laps < 2000 && all.some(pending); laps++) {
    if (!dispatching) server.process();
    if (streaming) consume();
    net.clock.advance(0.05);
    await new Promise((resolve) => setImmediate(resolve));
  }
  inOrder();
  for (const one of all.filter(({ whole }) => whole)) expect(one.processed).toHaveLength(one.sent);
  const ended = server.shutdown();
  for (let laps = 0; laps < 20; laps++) {
    if (!dispatching) server.process();
    await net.settle();
    net.clock.advance(2);
  }
  await ended;
  await server.join();
  await stream.return();
  for (const { client } of all) await client.join();
  await net.settle();
  inOrder();
  expect(all.map(({ closes }) => closes)).toEqual(all.map(() => 1));
  for (const one of all) if (one.whole) expect(one.fedProcessed).toBeLessThanOrEqual(one.fed);
  expect(failures.filter((error) => !(error instanceof Peng3dnetError))).toEqual([]);
  expect([...held.values()].every((bytes) => bytes === 0)).toBe(true);
  expect(server.metrics).toMatchObject({ queued: 0, unsent: 0 });
  expect(server.clients.size).toBe(0);
  expect(net.clock.timers).toBe(0);
}

const settings: [what: string, Setting][] = [
  ["as they come", { manual: false, queueing: false, limits: {} }],
  ["by process()", { manual: true, queueing: false, limits: {} }],
  ["with an overridden step", { manual: false, queueing: true, limits: {} }],
  [
    "with little room",
    {
      manual: true,
      queueing: false,
      limits: {
        "net.limits.unprocessed.packets": 5,
        "net.limits.unprocessed.bytes": 4000,
        "net.limits.buffered": 4000,
        "net.limits.inflated.rate": 100_000,
      },
    },
  ],
  [
    "as they come, with little room",
    {
      manual: false,
      queueing: false,
      limits: { "net.limits.buffered": 4000, "net.limits.inflated.rate": 100_000 },
    },
  ],
];

test.each(settings)(
  "packets that are processed %s",
  async (_what, setting) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 100, size: "max" }), (steps) =>
        play(steps, setting),
      ),
      { numRuns: 40 },
    );
  },
  60_000,
);
