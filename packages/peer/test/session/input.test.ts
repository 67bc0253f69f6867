// How input is worked off: in turns, held where consumers do not keep up, and in order whatever happens.

import { type Codec, MsgpackCodec, Server, standardPlatform } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { sessionOf } from "../../../core/test/support/session.js";
import { accept, closeconn, frame, packet, settype } from "../../../core/test/support/wire.js";
import { ScriptedTransport } from "../resume/scripted.js";
import { NOTE, Note, packets, type SceneOptions, scene } from "./scripted-client.js";

/** A packet so long that it may take long, and one that is just not. */
const COSTLY = 7 * 512;
/** As much input as is worked off in a moment. */
const BRIEF_LENGTH = 512;
const EIGHT_NOTES = [0, 1, 2, 3, 4, 5, 6, 7].map((note) => packet(NOTE, note));

/** Takes bodies for what they would be if they were inflated, and counts each as 16 KiB. */
const platform = {
  ...standardPlatform,
  compression: () => ({
    deflate: (bytes: Uint8Array) => bytes,
    inflate: (bytes: Uint8Array) => bytes.slice(),
  }),
};

/** A scene in which a test says when the event loop goes on. */
function inTurns(options: SceneOptions = {}) {
  const turns: (() => void)[] = [];
  const platform = {
    ...standardPlatform,
    ...options.platform,
    yield: (call: () => void) => void turns.push(call),
  };
  const made = scene({ ...options, platform });
  return {
    ...made,
    session: sessionOf(made.client.conn),
    turn: (): void => {
      for (const call of turns.splice(0)) call();
    },
  };
}

/** One more client of a server. */
function join({ server }: ReturnType<typeof inTurns>) {
  const transport = new ScriptedTransport("another");
  const client = server.accept(transport);
  transport.handler?.ready();
  const send = (...bytes: Uint8Array[]): void => transport.handler?.data(Buffer.concat(bytes));
  send(settype(), accept());
  transport.calls.length = 0;
  return { transport, client, send };
}

describe("turns", () => {
  test("a connection whose time is over goes on in the next turn, and is not read meanwhile", () => {
    const { net, server, transport, send, notes, turn, session } = inTurns();
    turn();
    server.on(Note, () => net.clock.advance(0.002));
    send(...EIGHT_NOTES, ...EIGHT_NOTES, ...EIGHT_NOTES);
    const first = notes.length;
    expect(first).toBeLessThan(24);
    expect([transport.calls, session.hasUnprocessedInput, session.restless]).toEqual([
      ["pause"],
      true,
      false,
    ]);
    // What comes now waits behind it.
    send(packet(NOTE, "last"));
    expect(notes).toHaveLength(first);
    turn();
    expect(notes.length).toBeGreaterThan(first);
    // It has to wait again.
    expect(notes.length).toBeLessThan(25);
    expect(transport.calls).not.toContain("resume");
    while (notes.length < 25) turn();
    expect(notes).toEqual([...[0, 1, 2].flatMap(() => [0, 1, 2, 3, 4, 5, 6, 7]), "last"]);
    expect([transport.calls.at(-1), session.hasUnprocessedInput, session.restless]).toEqual([
      "resume",
      false,
      false,
    ]);
  });

  test("nothing is worked off of one that was closed meanwhile", async () => {
    const { net, server, client, transport, send, notes, turn } = inTurns();
    turn();
    server.on(Note, () => net.clock.advance(0.02));
    send(...EIGHT_NOTES, ...EIGHT_NOTES, ...EIGHT_NOTES);
    const { length } = notes;
    void sessionOf(client.conn).close("bye");
    turn();
    turn();
    expect(notes).toHaveLength(length);
    expect(transport.calls).toEqual(["pause", "closing bye", "resume"]);
  });

  test("those that had none go first, and packets that may take long last", () => {
    const made = inTurns();
    const { net, server, turn } = made;
    const others = { fresh: join(made), long: join(made), compressed: join(made) };
    turn();
    const order: unknown[] = [];
    let slow = true;
    server.on(Note, (note) => {
      order.push(note);
      if (slow) net.clock.advance(0.02);
    });
    // The second packet that may take long finds the time used up.
    const long = packet(NOTE, new Uint8Array(COSTLY));
    others.long.send(long, long, long);
    made.send(packet(NOTE, "used"));
    others.fresh.send(packet(NOTE, "fresh"));
    others.compressed.send(packet(NOTE, "x", 1));
    expect(order).toHaveLength(2);
    order.length = 0;
    slow = false;
    turn();
    expect(order.map((note) => (typeof note === "string" ? note : "long"))).toEqual([
      "used",
      "fresh",
      "long",
    ]);
  });

  test("one that has received what is worked off in a moment goes before one with a byte more", () => {
    const made = inTurns();
    const { net, server, turn } = made;
    const others = { more: join(made), brief: join(made) };
    turn();
    const lengths: number[] = [];
    server.on(Note, (note) => {
      if (note instanceof Uint8Array) lengths.push(note.length);
      else net.clock.advance(0.02);
    });
    // All its time is used up by these.
    made.send(...EIGHT_NOTES, ...EIGHT_NOTES);
    const overhead = packet(NOTE, new Uint8Array(400)).length - 400;
    others.more.send(packet(NOTE, new Uint8Array(BRIEF_LENGTH - overhead + 1)));
    others.brief.send(packet(NOTE, new Uint8Array(BRIEF_LENGTH - overhead)));
    expect(lengths).toEqual([]);
    turn();
    expect(lengths).toEqual([BRIEF_LENGTH - overhead, BRIEF_LENGTH - overhead + 1]);
  });

  test("a packet may take long from a length on, and goes after one with a byte less", () => {
    const made = inTurns();
    const { net, server, turn } = made;
    const others = { long: join(made), less: join(made) };
    turn();
    const lengths: number[] = [];
    server.on(Note, (note) => {
      if (note instanceof Uint8Array) lengths.push(note.length);
      else net.clock.advance(0.02);
    });
    made.send(...EIGHT_NOTES, ...EIGHT_NOTES);
    // Without the length prefix, which is not part of a packet.
    const overhead = packet(NOTE, new Uint8Array(COSTLY)).length - COSTLY - 4;
    others.long.send(packet(NOTE, new Uint8Array(COSTLY - overhead)));
    others.less.send(packet(NOTE, new Uint8Array(COSTLY - overhead - 1)));
    expect(lengths).toEqual([]);
    turn();
    turn();
    expect(lengths).toEqual([COSTLY - overhead - 1, COSTLY - overhead]);
  });

  test("the time begins before a packet that may take long, and not with its end", () => {
    const { net, server, turn, send, notes } = inTurns();
    turn();
    server.on(Note, () => net.clock.advance(0.02));
    net.clock.advance(1);
    const overhead = packet(NOTE, new Uint8Array(COSTLY)).length - COSTLY - 4;
    const long = packet(NOTE, new Uint8Array(COSTLY - overhead));
    send(long, long);
    expect(notes).toHaveLength(1);
    turn();
    expect(notes).toHaveLength(2);
  });

  test("one that had some already goes after those that had none", () => {
    const made = inTurns();
    const { net, server, turn } = made;
    const other = join(made);
    turn();
    const order: unknown[] = [];
    let slow = true;
    server.on(Note, (note) => {
      order.push(note);
      if (slow) net.clock.advance(0.02);
    });
    made.send(...EIGHT_NOTES, ...EIGHT_NOTES, packet(NOTE, "used"));
    other.send(packet(NOTE, "fresh"));
    expect(order).not.toContain("used");
    slow = false;
    turn();
    turn();
    expect(order.slice(-1)).toEqual(["used"]);
    expect(order.indexOf("fresh")).toBeLessThan(order.indexOf("used"));
    expect(order.slice(order.indexOf("fresh") - 1)[0]).not.toBe("used");
  });

  test.each([0, 1])(
    "packets that may take long, be it with flags %d, wait behind those of others that had some",
    (flags) => {
      const made = inTurns({ platform });
      const { net, server, turn } = made;
      const short = join(made);
      turn();
      const order: unknown[] = [];
      server.on(Note, (note) => {
        order.push(note);
        net.clock.advance(0.0006);
      });
      const costly = flags === 1 ? packet(NOTE, "costly", 1) : packet(NOTE, `costly${"x".repeat(COSTLY)}`);
      made.send(...Array.from({ length: 40 }, () => costly));
      short.send(...Array.from({ length: 40 }, () => packet(NOTE, "short")));
      const turns: string[] = [];
      while (turns.at(-1) !== "") {
        order.length = 0;
        turn();
        turns.push([...new Set(order.map((note) => String(note).slice(0, 5)))].join());
      }
      // Whenever both had some in a turn, those that may take long came last.
      const both = turns.slice(1).filter((kinds) => kinds.includes(","));
      expect(both.length).toBeGreaterThan(0);
      expect(new Set(both)).toEqual(new Set(["short,costl"]));
    },
  );

  test("what comes for one that waits for its turn waits, too, while others have theirs", () => {
    const made = inTurns();
    const { net, server, turn } = made;
    const other = join(made);
    turn();
    const order: string[] = [];
    server.on(Note, (note) => {
      order.push(`begin ${note}`);
      net.clock.advance(0.02);
      // It was longer without a turn, so that it has its own first.
      if (note === "other") made.send(packet(NOTE, "fed"));
      order.push(`end ${note}`);
    });
    made.send(...EIGHT_NOTES, ...EIGHT_NOTES, packet(NOTE, "mine"));
    other.send(packet(NOTE, "other"));
    for (let round = 0; round < 20; round++) turn();
    expect(order.filter((_, index) => index % 2 === 1)).toEqual(
      order.filter((_, index) => index % 2 === 0).map((line) => line.replace("begin", "end")),
    );
    expect(order.at(-1)).toBe("end fed");
    expect(order.indexOf("end other")).toBeLessThan(order.indexOf("begin mine"));
  });

  test("nor does one that waits for its turn have it sooner since a pause of it ends", () => {
    const made = inTurns();
    const { net, server, client, turn } = made;
    const other = join(made);
    turn();
    const order: unknown[] = [];
    server.on(Note, (note) => {
      order.push(note);
      if (note !== "other") net.clock.advance(0.02);
    });
    made.send(...EIGHT_NOTES, ...EIGHT_NOTES, packet(NOTE, "mine"));
    other.send(packet(NOTE, "other"));
    server.on(Note, (note) => {
      if (note !== "other") return;
      client.conn.pause();
      client.conn.resume();
      order.push("end other");
    });
    for (let round = 0; round < 20; round++) turn();
    expect(order[order.indexOf("other") + 1]).toBe("end other");
    expect(order.at(-1)).toBe("mine");
  });

  test("one that is held and let go while what it gave rise to is sent waits for one turn only", () => {
    const made = inTurns({ cfg: { "net.limits.unsent.highwater": 1000, "net.compress.enabled": false } });
    const { net, server, client, transport, turn, notes } = made;
    turn();
    server.on(Note, (note) => {
      net.clock.advance(0.02);
      if (note === 0) client.sendMessage(Note, new Uint8Array(2000));
    });
    server.on("drain", () => {
      client.conn.pause();
      client.conn.resume();
    });
    made.send(...EIGHT_NOTES, ...EIGHT_NOTES);
    expect(notes.length).toBeLessThan(16);
    // For the pause, and for the turn.
    expect(transport.calls).toEqual(["pause", "pause"]);
  });

  test("a transport that fails ends its connection, and keeps nobody from a turn", () => {
    const made = inTurns();
    const { net, server, client, transport, turn, failures } = made;
    const other = join(made);
    turn();
    server.on(Note, () => net.clock.advance(0.02));
    made.send(...EIGHT_NOTES, ...EIGHT_NOTES);
    other.send(packet(NOTE, "other"));
    transport.resume = () => {
      throw new Error("no socket");
    };
    for (let round = 0; round < 20; round++) turn();
    expect(failures).toEqual(["connection: no socket"]);
    expect([client.conn.open, transport.calls.at(-1), other.client.conn.open]).toEqual([
      false,
      "destroy",
      true,
    ]);
    expect(made.notes).toContain("other");
  });
});

describe("a pause", () => {
  test("lasts until whoever asked for it, each of them, asks for no more", () => {
    const { client, transport, send, notes } = scene();
    client.conn.pause();
    client.conn.pause();
    expect(transport.calls).toEqual(["pause", "pause"]);
    send(...EIGHT_NOTES);
    client.conn.resume();
    expect([notes, transport.calls.at(-1)]).toEqual([[], "pause"]);
    client.conn.resume();
    expect(notes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(transport.calls).toEqual(["pause", "pause", "resume"]);
  });

  test("from within a handler holds back what comes behind that packet", () => {
    const { server, client, send, notes } = scene();
    server.on(Note, (note) => {
      if (note === 2) client.conn.pause();
    });
    send(...EIGHT_NOTES);
    expect(notes).toEqual([0, 1, 2]);
    client.conn.resume();
    expect(notes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("needs no turn, although the time is over", () => {
    const { net, server, client, transport, send, notes, turn } = inTurns();
    turn();
    server.on(Note, (note) => {
      if (note === "behind") return;
      net.clock.advance(0.02);
      client.conn.pause();
    });
    net.clock.advance(1);
    send(packet(NOTE, new Uint8Array(COSTLY)), packet(NOTE, "behind"));
    turn();
    expect(transport.calls).toEqual(["pause"]);
    client.conn.resume();
    expect(notes.at(-1)).toBe("behind");
  });

  test("is over with the connection", async () => {
    const { client, transport, send, handler, notes } = scene();
    client.conn.pause();
    send(packet(NOTE, 1));
    void sessionOf(client.conn).close("bye");
    transport.calls.length = 0;
    client.conn.pause();
    client.conn.resume();
    client.conn.resume();
    expect([notes, transport.calls]).toEqual([[], []]);
    handler.ended();
    handler.closed(undefined);
    expect(client.conn.open).toBe(false);
  });

  test("has it looked each second whether the peer is still there, for as long as it lasts", () => {
    const { net, client, transport, handler } = scene();
    client.conn.pause();
    expect(net.clock.timers).toBe(0);
    client.conn.resume();
    let looks = 0;
    Object.assign(transport, { probe: () => void looks++ });
    net.clock.advance(5);
    expect(looks).toBe(0);
    client.conn.pause();
    net.clock.advance(3);
    expect(looks).toBe(3);
    client.conn.resume();
    net.clock.advance(5);
    // One look more, since it had just begun.
    expect(looks).toBeLessThanOrEqual(4);
    const before = looks;
    client.conn.pause();
    void sessionOf(client.conn).close("bye");
    net.clock.advance(1);
    expect(looks).toBe(before);
    handler.closed(undefined);
    net.clock.advance(5);
    expect([looks, net.clock.timers]).toEqual([before, 0]);
  });

  test("has it looked again once a line is back, and not where there is no pause", () => {
    const { net, client, transport } = scene();
    const session = sessionOf(client.conn);
    let looks = 0;
    Object.assign(transport, { probe: () => void looks++ });
    const lines = (): void => {
      session.stopWatches();
      net.clock.advance(3);
      session.goOnWatching();
    };
    lines();
    expect(transport.calls).toEqual([]);
    client.conn.pause();
    lines();
    expect([looks, transport.calls]).toEqual([0, ["pause", "pause"]]);
    net.clock.advance(3);
    expect(looks).toBe(3);
  });

  test("that ends has who waits for packets go on, and not one that lasts", async () => {
    const { net, server, client, send } = scene({ manual: true });
    server.process();
    send(...EIGHT_NOTES);
    client.conn.pause();
    client.conn.pause();
    const counts: number[] = [];
    void server.process({ wait: true, timeout: 60 }).then((count) => void counts.push(count));
    await net.settle();
    client.conn.resume();
    await net.settle();
    expect(counts).toEqual([]);
    client.conn.resume();
    await net.settle();
    expect(counts).toEqual([8]);
  });
});

test("what a handler feeds in is worked off behind what came before", () => {
  const { server, send, notes } = scene();
  const order: unknown[] = [];
  server.on(Note, (note) => {
    if (note === 1) send(packet(NOTE, "fed"));
    order.push(note);
  });
  send(packet(NOTE, 1));
  expect(order).toEqual([1, "fed"]);
  expect(notes).toEqual([1, "fed"]);
});

test("a packet that comes in pieces is whole, also where the transport uses its buffer again", () => {
  const transport = new ScriptedTransport();
  transport.reusesChunks = true;
  const { handler, notes } = scene({ transport });
  const bytes = Buffer.concat([packet(NOTE, "first"), packet(NOTE, "a text of some length")]);
  const chunk = Buffer.from(bytes.subarray(0, -5));
  handler.data(chunk);
  chunk.fill(0xff);
  handler.data(bytes.subarray(-5));
  expect(notes).toEqual(["first", "a text of some length"]);
});

test("what is held by a pause stays what it is, also where the transport uses its buffer again", () => {
  const transport = new ScriptedTransport();
  transport.reusesChunks = true;
  const { handler, server, client, notes } = scene({ transport });
  server.on(Note, (note) => {
    if (note === 2) client.conn.pause();
  });
  const chunk = Buffer.concat(EIGHT_NOTES);
  handler.data(chunk);
  chunk.fill(0xff);
  client.conn.resume();
  expect(notes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

/** A codec that fails as code of an application does. */
class Failing extends MsgpackCodec implements Codec {
  fails = false;

  override decode(bytes: Uint8Array, exactly: boolean): unknown {
    if (this.fails) throw Object.assign(new Error("bug"), { code: "BUG" });
    return super.decode(bytes, exactly);
  }
}

test.each([
  [false, "processSinglePacket"],
  [true, "process"],
])("what fails while a packet is worked off is told with the step (by process(): %p)", (manual, where) => {
  const codec = new Failing();
  const { server, transport, send, failures } = scene({ manual, codec });
  server.process();
  transport.calls.length = 0;
  codec.fails = true;
  send(packet(NOTE, 1), packet(NOTE, 2));
  server.process();
  expect(transport.calls).toEqual(["closing internalerror", "resume"]);
  expect(failures).toEqual([`${where}: bug`]);
});

describe("packets that wait for process()", () => {
  const cfg = { "net.limits.unprocessed.packets": 4 };

  test("stop reading at the limit, which goes on once half of them are handled", () => {
    const { server, transport, send, notes, client } = scene({ manual: true, cfg });
    server.process();
    transport.calls.length = 0;
    send(...EIGHT_NOTES.slice(0, 3));
    expect(transport.calls).toEqual([]);
    send(...EIGHT_NOTES.slice(3, 4));
    expect([transport.calls, client.conn.metrics.queued]).toEqual([["pause"], 4]);
    send(...EIGHT_NOTES.slice(4));
    expect(client.conn.metrics.queued).toBe(4);
    while (notes.length < 8) server.process();
    expect(transport.calls.at(-1)).toBe("resume");
    expect(notes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([client.conn.metrics.queued, sessionOf(client.conn).hasUnprocessedInput]).toEqual([0, false]);
  });

  test("wait while their connection is paused, and for the next call after that", () => {
    const { server, client, send, notes } = scene({ manual: true });
    server.process();
    send(...EIGHT_NOTES);
    client.conn.pause();
    server.process();
    expect(notes).toEqual([]);
    client.conn.resume();
    server.process();
    expect(notes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("come before what arrives while they are handled, also where the server handles all by itself from now on", async () => {
    const { net, server, send, notes } = scene({ manual: true });
    server.process();
    server.on(Note, (note) => {
      if (note === 0) send(packet(NOTE, "late"));
    });
    send(...EIGHT_NOTES);
    server.processAsync();
    await net.settle();
    expect(notes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, "late"]);
  });

  test("also where they have to wait for a turn then", async () => {
    const { net, server, send, notes } = scene({ manual: true });
    server.process();
    server.on(Note, () => net.clock.advance(0.02));
    send(...EIGHT_NOTES);
    server.processAsync();
    expect(notes.length).toBeLessThan(8);
    send(packet(NOTE, "late"));
    for (let round = 0; round < 10; round++) await net.settle();
    expect(notes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, "late"]);
  });

  test("are not handled of one that is closed", () => {
    const { server, client, send, notes } = scene({ manual: true });
    server.process();
    send(...EIGHT_NOTES);
    void sessionOf(client.conn).close("bye");
    server.process();
    expect(notes).toEqual([]);
  });
});

describe("compressed packets", () => {
  const cfg = { "net.limits.inflated.rate": 80 * 1024 };
  const compressed = (count: number): Buffer[] =>
    Array.from({ length: count }, (_, note) => packet(NOTE, note, 1));

  test.each([false, true])(
    "wait for their rate, be they handled by process() (%p) or not",
    async (manual) => {
      const { net, server, send, notes, transport, client } = scene({ manual, cfg, platform });
      server.process();
      transport.calls.length = 0;
      send(...compressed(8));
      server.process();
      expect(notes).toEqual([0, 1, 2, 3, 4, 5]);
      expect(transport.calls).toContain("pause");
      // So do those behind them that are not compressed.
      send(packet(NOTE, "plain"));
      server.process();
      expect([notes.length, client.conn.open]).toEqual([6, true]);
      for (let second = 0; second < 3; second++) {
        await net.pass(1);
        server.process();
      }
      expect(notes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, "plain"]);
    },
  );

  test.each([false, true])("others are no concern of that rate (by process(): %p)", (manual) => {
    const { server, send, notes } = scene({ manual, cfg, platform });
    server.process();
    send(...EIGHT_NOTES, ...EIGHT_NOTES);
    server.process();
    expect(notes).toHaveLength(16);
  });

  test("behind those that wait for process() are kept where the peer is reset, so that nothing is missing between", async () => {
    const { net, server, send, notes, handler, closes } = scene({ manual: true, cfg, platform });
    server.process();
    send(...compressed(8));
    server.process();
    expect(notes).toHaveLength(6);
    send(...compressed(2));
    handler.closed(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
    for (let second = 0; second < 3; second++) {
      await net.pass(1);
      server.process();
    }
    expect(notes).toHaveLength(10);
    await net.settle();
    expect(closes.map(({ reason }) => reason)).toEqual(["socketclose"]);
  });

  test.each([
    ["ECONNRESET", "not for their rate", 1],
    ["ETIMEDOUT", "for their rate as well", 0],
  ])("that wait for a turn when the peer is lost (%s) wait for that, and %s", (code, _, ended) => {
    const { net, server, send, notes, handler, closes, turn } = inTurns({ cfg, platform });
    turn();
    // Two milliseconds allow nothing to speak of.
    server.on(Note, () => net.clock.advance(0.002));
    send(...compressed(8));
    const { length } = notes;
    expect(length).toBeLessThan(6);
    handler.closed(Object.assign(new Error(`read ${code}`), { code }));
    for (let round = 0; round < 8; round++) turn();
    expect([notes.length, closes.length]).toEqual([6, ended]);
  });
});

describe("messages that nobody has taken", () => {
  const cfg = { "net.limits.buffered": 64 * 1024 };
  const texts = Array.from({ length: 30 }, (_, index) => `${index}`.padEnd(8000, "x"));

  test.each([false, true])("hold what comes behind them, in order (by process(): %p)", async (manual) => {
    const { server, send, transport, client } = scene({ manual, cfg });
    server.process();
    const stream = server.messages(Note);
    transport.calls.length = 0;
    send(...texts.map((text) => packet(NOTE, text)));
    server.process();
    expect([transport.calls.includes("pause"), sessionOf(client.conn).paused]).toEqual([true, true]);
    for (const text of texts) {
      expect((await stream.next()).value?.msg).toBe(text);
      server.process();
    }
    expect([transport.calls.at(-1), sessionOf(client.conn).paused]).toEqual(["resume", false]);
    send(packet(NOTE, "end"));
    server.process();
    expect((await stream.next()).value?.msg).toBe("end");
    await stream.return();
  });

  test("stay where they are while their connection is paused, although there is room again", async () => {
    const { server, send, notes, client } = scene({ cfg });
    const stream = server.messages(Note);
    send(...texts.map((text) => packet(NOTE, text)));
    const { length } = notes;
    client.conn.pause();
    for (let count = 0; count < length; count++) await stream.next();
    send(packet(NOTE, "end"));
    expect(notes).toHaveLength(length);
    client.conn.resume();
    expect(notes.length).toBeGreaterThan(length);
    expect(notes[length]).toBe(texts[length]);
    await stream.return();
  });

  test("are what another program goes on with: the one that was taken up, and those behind it", () => {
    const { server, send, notes, client } = scene({ cfg });
    const session = sessionOf(client.conn);
    expect(Buffer.concat([...session.pendingInput])).toHaveLength(0);
    const stream = server.messages(Note);
    const all = texts.map((text) => packet(NOTE, text));
    send(...all);
    expect(notes.length).toBeGreaterThan(0);
    const pending = Buffer.concat([...session.pendingInput]);
    expect(pending.equals(Buffer.concat(all.slice(notes.length)))).toBe(true);
    void stream.return();
    send(packet(NOTE, "behind").subarray(0, 8));
    expect(Buffer.concat([...session.pendingInput]).equals(packet(NOTE, "behind").subarray(0, 8))).toBe(true);
  });

  test("are not added to by one that is closed", () => {
    const { server, send, client } = scene({ cfg });
    const stream = server.messages(Note);
    send(...texts.map((text) => packet(NOTE, text)));
    const { packetsIn } = client.conn.metrics;
    void sessionOf(client.conn).close("bye");
    void stream.return();
    expect(client.conn.metrics.packetsIn).toBeGreaterThanOrEqual(packetsIn);
    expect(client.conn.open).toBe(false);
  });
});

describe("what input holds that is not worked off", () => {
  /** A scene that notes what the server is told of it. */
  function noted(options: SceneOptions = {}) {
    const made = scene(options);
    const told: number[] = [];
    const { hooks } = sessionOf(made.client.conn);
    const { inputHeld } = hooks;
    hooks.inputHeld = (session, bytes) => {
      told.push(bytes);
      inputHeld.call(hooks, session, bytes);
    };
    return { ...made, told };
  }
  const long = packet(NOTE, new Uint8Array(10_000));

  test("is told of a packet that is not whole, and when that is worked off", () => {
    const { send, told, notes, client, transport } = noted();
    send(packet(NOTE, 1));
    send(packet(NOTE, new Uint8Array(100)).subarray(0, 100));
    expect(told).toEqual([]);
    send(packet(NOTE, new Uint8Array(100)).subarray(100), long.subarray(0, 5000));
    expect(transport.calls).toEqual([]);
    const { inputHeld } = sessionOf(client.conn).connection;
    expect([told, inputHeld >= 5000]).toEqual([[inputHeld], true]);
    send(long.subarray(5000, 6000));
    expect(told).toEqual([inputHeld]);
    send(long.subarray(6000));
    expect([told, notes.length]).toEqual([[inputHeld, 0], 3]);
  });

  test("counts what the transport holds, is told from 4 KiB on, and when it changes", () => {
    const { send, told, handler, client } = noted();
    handler.holds?.(4095);
    expect(told).toEqual([]);
    for (const bytes of [4096, 4096, 5000, 0]) handler.holds?.(bytes);
    expect(told).toEqual([4096, 5000, 0]);
    send(long.subarray(0, 10));
    const { inputHeld } = sessionOf(client.conn).connection;
    handler.holds?.(4095);
    expect([told.at(-1), inputHeld > 0]).toEqual([4095 + inputHeld, true]);
  });

  test.each([
    [4095, []],
    [4096, [4096]],
  ])("counts what waits for a turn: of %d bytes, %p are told", (bytes, expected) => {
    const made = inTurns();
    const { net, server, turn } = made;
    const other = join(made);
    turn();
    server.on(Note, () => net.clock.advance(0.02));
    const told: number[] = [];
    const session = sessionOf(other.client.conn);
    session.hooks.inputHeld = (of, held) => void (of === session && told.push(held));
    made.send(...EIGHT_NOTES, ...EIGHT_NOTES);
    const overhead = packet(NOTE, new Uint8Array(4000)).length - 4000;
    other.send(packet(NOTE, new Uint8Array(bytes - overhead)));
    expect(told).toEqual(expected);
  });

  test("counts what is taken up and kept for a buffer of messages", () => {
    const { server, send, told, client } = noted({ cfg: { "net.limits.buffered": 64 * 1024 } });
    const stream = server.messages(Note);
    while (!sessionOf(client.conn).paused) send(long);
    // Its length prefix is not kept.
    expect(told).toEqual([long.length - 4]);
    void stream.return();
  });

  test("counts what waits for process() of one that is gone, and is nothing once it is over", () => {
    const { server, send, told, handler } = noted({ manual: true });
    server.process();
    send(long);
    expect(told).toEqual([]);
    handler.closed(undefined);
    expect(told).toEqual([4096 + long.length - 4]);
    server.stop();
    expect(told).toEqual([4096 + long.length - 4, 0]);
  });

  test("is nothing of one that closed within a packet", () => {
    const { send, told, handler } = noted();
    send(long.subarray(0, 5000));
    handler.ended();
    handler.closed(undefined);
    expect(told.at(-1)).toBe(0);
  });
});

test("a closing packet is heeded at once, however much waits for process()", () => {
  const { server, transport, send } = scene({ manual: true });
  server.process();
  transport.calls.length = 0;
  send(packet(NOTE, 1), closeconn("bye"), frame(NOTE, new Uint8Array(0)));
  server.process();
  expect(transport.calls[0]).toBe("closing bye");
});

test("a packet of the handshake that a server passes on only after a close is handled no more", () => {
  const late: [Uint8Array, number][] = [];
  class Late extends Server {
    override receivePacket(data: Uint8Array, cid: number): void {
      late.push([data, cid]);
    }

    passOn(): void {
      for (const [data, cid] of late.splice(0)) super.receivePacket(data, cid);
    }
  }
  const net = new TestNetwork();
  const server = new Late({ packets, clock: net.clock });
  server.initialize();
  const transport = new ScriptedTransport();
  const client = server.accept(transport);
  transport.handler?.ready();
  transport.handler?.data(settype());
  server.passOn();
  transport.handler?.data(accept());
  expect([late.length, client.conn.metrics.packetsIn]).toEqual([1, 1]);
  void sessionOf(client.conn).close("bye");
  server.passOn();
  expect([late.length, client.conn.metrics.packetsIn]).toEqual([0, 1]);
});
