// How output gets to a transport that takes it slowly, in pieces or not at all, and who is told what of that.

import {
  ConnectionLostError,
  definePacket,
  payload,
  SlowConsumerError,
  standardPlatform,
} from "@peng3dnet/peer";
import { ManualClock } from "@peng3dnet/peer/testing";
import { sessionOf } from "../../../core/test/support/session.js";
import { accept, closeconn, packet, settype } from "../../../core/test/support/wire.js";
import { KeptBytes } from "../../src/resume/kept-bytes.js";
import { ScriptedTransport } from "../resume/scripted.js";
import { movedWhile } from "../support/steps.js";
import { NOTE, Note, type SceneOptions, scene } from "./scripted-client.js";

/** Longest piece that a transport is handed at once. */
const SLICE = 256 * 1024 + 64;

/** A transport that goes on to read what it was handed, for as long as it is not done. */
class KeepingTransport extends ScriptedTransport {
  readonly kept: Uint8Array[] = [];

  override write(bytes: Uint8Array): boolean {
    super.write(bytes);
    this.kept.push(bytes);
    return false;
  }
}

/** A scene whose transport takes one write more, and nothing behind that. */
function slow({ cfg, ...options }: SceneOptions = {}) {
  const made = scene({ cfg: { "net.compress.enabled": false, ...cfg }, ...options });
  const { server, transport, client } = made;
  const drains: unknown[] = [];
  server.on("drain", (drained) => void drains.push(drained.cid));
  transport.room = transport.written.length + 1;
  const session = sessionOf(client.conn);
  const before = session.bytesOut;
  const firstWrite = transport.written.length;
  return {
    ...made,
    drains,
    session,
    before,
    /** The pieces that were handed to the transport since. */
    pieces: () => transport.written.slice(firstWrite),
    note: (bytes: number) => client.sendMessage(Note, new Uint8Array(bytes)),
  };
}

/** What a packet with so many bytes takes on the wire. */
const wireLength = (bytes: number): number => packet(NOTE, new Uint8Array(bytes)).length;

describe("what is long", () => {
  test("is handed over in pieces, one after the other, and what comes behind it after that", async () => {
    const { transport, client, session, pieces, before } = slow();
    const long = Uint8Array.from({ length: 2 * SLICE + 1000 }, (_, index) => index);
    client.sendMessage(Note, long);
    for (let note = 0; note < 100; note++) client.sendMessage(Note, note);
    await Promise.resolve();
    const all = Buffer.concat([
      packet(NOTE, long),
      ...Array.from({ length: 100 }, (_, note) => packet(NOTE, note)),
    ]);
    expect(pieces().map(({ length }) => length)).toEqual([SLICE]);
    expect([session.bytesOut, session.bytesAccepted]).toEqual([before + SLICE, before + all.length]);
    expect(session.unhanded).toBe(all.length - SLICE);
    expect(client.conn.metrics.unsent).toBe(all.length - SLICE);
    transport.drain(1);
    expect(pieces().map(({ length }) => length)).toEqual([SLICE, SLICE]);
    transport.drain();
    expect(Buffer.concat(pieces()).equals(all)).toBe(true);
    for (const { length } of pieces()) expect(length).toBeLessThanOrEqual(SLICE);
    expect([session.bytesOut, session.unhanded, client.conn.metrics.unsent]).toEqual([
      before + all.length,
      0,
      0,
    ]);
  });

  test("is all written before the stream ends, also where the peer's end comes before the news of room", async () => {
    const { net, transport, send, handler, note, pieces } = slow();
    note(2 * SLICE);
    await net.settle();
    send(closeconn("bye"));
    expect(pieces()).toHaveLength(1);
    transport.busy = false;
    handler.ended();
    expect(transport.calls).not.toContain("end");
    transport.drain();
    expect(Buffer.concat(pieces())).toHaveLength(wireLength(2 * SLICE));
    expect(transport.calls.at(-1)).toBe("end");
  });

  test("is handed over as it is up to the length of a piece", async () => {
    const { pieces, note } = slow();
    const overhead = wireLength(SLICE - 100) - (SLICE - 100);
    note(SLICE - overhead);
    await Promise.resolve();
    expect(pieces().map(({ length }) => length)).toEqual([SLICE]);
  });

  test("is not written over by what is sent while its pieces are handed over", async () => {
    const { transport, client, pieces } = slow();
    const sent: Buffer[] = [];
    const burst = (from: number): void => {
      for (let note = from; note < from + 3; note++) {
        const long = new Uint8Array(2 * SLICE).fill(note);
        client.sendMessage(Note, long);
        sent.push(packet(NOTE, long));
      }
    };
    burst(1);
    transport.drain(1);
    burst(4);
    transport.drain(2);
    burst(7);
    transport.drain();
    expect(Buffer.concat(pieces()).equals(Buffer.concat(sent))).toBe(true);
  });

  test("stays as it is for as long as the transport reads it", async () => {
    const transport = new KeepingTransport();
    const { client } = slow({ transport });
    transport.room = Number.POSITIVE_INFINITY;
    const first = transport.kept.length;
    for (let round = 0; round < 3; round++) {
      client.sendMessage(Note, new Uint8Array(round === 1 ? 2 * SLICE : 100).fill(round));
      await client.flush();
    }
    expect(
      Buffer.concat(transport.kept.slice(first)).equals(Buffer.concat(transport.written.slice(first))),
    ).toBe(true);
  });
});

describe("flush", () => {
  test("resolves once all that was accepted before is with the system, one after the other", async () => {
    const { transport, client, note } = slow();
    const order: string[] = [];
    const flushed = (name: string) => client.flush().then(() => void order.push(name));
    note(100);
    const first = flushed("first");
    await first;
    note(100);
    const second = flushed("second");
    note(2 * SLICE);
    const third = flushed("third");
    await Promise.resolve();
    expect(order).toEqual(["first"]);
    // What the transport has not handed on does not count.
    transport.backlog = SLICE - wireLength(100) + 1;
    transport.drain(1);
    await Promise.resolve();
    expect(order).toEqual(["first"]);
    const fourth = flushed("fourth");
    transport.backlog--;
    transport.handler?.drained();
    await second;
    expect(order).toEqual(["first", "second"]);
    transport.backlog = 0;
    transport.drain();
    await fourth;
    await third;
    expect(order).toEqual(["first", "second", "third", "fourth"]);
  });

  test("takes no more for each that waits where many do", async () => {
    const { transport, client, note } = slow();
    note(100);
    await client.flush();
    note(100);
    const waiting = Array.from({ length: 2000 }, () => client.flush());
    const moved = await movedWhile(async () => {
      transport.drain();
      await Promise.all(waiting);
    });
    expect(moved).toBeLessThan(10 * waiting.length);
  });

  test("says how much was not handed over, and why, if the connection ends before", async () => {
    const { transport, client, note, send, handler } = slow();
    note(100);
    await client.flush();
    note(100);
    const flushed = client.flush();
    const lost = expect(flushed).rejects.toThrow(ConnectionLostError);
    send(closeconn("because"));
    handler.ended();
    handler.closed(undefined);
    await lost;
    const message = `the connection ended with ${wireLength(100)} bytes not handed over (because)`;
    await expect(flushed).rejects.toThrow(message);
    // Whoever asks once it is over is told the same.
    await expect(client.flush()).rejects.toThrow(message);
    expect(transport.calls).not.toContain("end");
  });

  test("says so also where no reason was given, and names the error", async () => {
    const { client, note, send, handler } = slow();
    note(100);
    await client.flush();
    note(100);
    const flushed = client.flush();
    const lost = expect(flushed).rejects.toThrow("not handed over (no reason given)");
    send(closeconn(null));
    handler.closed(undefined);
    await lost;
    const other = slow();
    other.note(100);
    await other.client.flush();
    other.note(100);
    const cause = new Error("read ETIMEDOUT");
    const failed = expect(other.client.flush()).rejects.toMatchObject({ cause: { cause } });
    other.handler.closed(cause);
    await failed;
  });

  test("waits as long as it is told to", async () => {
    const { net, client, note } = slow();
    note(100);
    await client.flush();
    note(100);
    const late = expect(client.flush({ timeout: 2 })).rejects.toThrow(/output to be sent/);
    net.clock.advance(2);
    await late;
  });
});

describe("above the mark", () => {
  const cfg = { "net.limits.unsent.highwater": 1000 };

  test("a send says so, and there is one drain once it is below again, never within a send", async () => {
    const { net, transport, note, drains, client } = slow({ cfg });
    note(10);
    await client.flush();
    expect([note(900), note(900)]).toEqual([true, false]);
    await net.settle();
    expect(drains).toEqual([]);
    transport.drain(1);
    await net.settle();
    expect(drains).toEqual([client.cid]);
    transport.drain();
    await net.settle();
    expect(drains).toEqual([client.cid]);
    expect(note(10)).toBe(true);
  });

  test("nobody is told of room who never lacked it", async () => {
    const { net, server, drains } = slow({ cfg });
    const other = new ScriptedTransport("another");
    const second = server.accept(other);
    other.handler?.ready();
    other.handler?.data(Buffer.concat([settype(), accept()]));
    expect(second.sendMessage(Note, 1)).toBe(true);
    await net.settle();
    expect(drains).toEqual([]);
  });

  test("there is one drain as well where all is written at once", async () => {
    const { net, transport, note, drains, client } = slow({ cfg });
    note(10);
    await client.flush();
    expect(note(2000)).toBe(false);
    await net.settle();
    transport.drain();
    await net.settle();
    expect(drains).toEqual([client.cid]);
  });

  test("a send that finds room again tells nobody before it has returned", async () => {
    const { net, transport, note, drains, client } = slow({ cfg });
    note(10);
    await client.flush();
    expect(note(2000)).toBe(false);
    await net.settle();
    transport.busy = false;
    transport.room = Number.POSITIVE_INFINITY;
    note(300_000);
    expect([drains, client.conn.metrics.unsent]).toEqual([[], 0]);
    await net.settle();
    expect(drains).toEqual([client.cid]);
  });

  test("what only the transport knows of counts, too, and the mark itself is not above it", async () => {
    const { net, transport, note, drains, client, handler } = slow({ cfg });
    note(10);
    await client.flush();
    for (const [backlog, told] of [
      [1000, []],
      [900, []],
      [1001, []],
      [1000, [client.cid]],
    ] as const) {
      transport.backlog = backlog;
      handler.drained();
      await net.settle();
      expect(drains).toEqual(told);
    }
    expect(sessionOf(client.conn).bytesHanded).toBe(client.conn.metrics.bytesOut - 1000);
  });

  test("a part that the transport still has counts", async () => {
    const { net, transport, note, drains, client } = slow({ cfg });
    transport.backlog = 1001;
    note(2000);
    await net.settle();
    transport.handler?.drained();
    await net.settle();
    expect(drains).toEqual([]);
    transport.backlog = 1000;
    transport.handler?.drained();
    await net.settle();
    expect([drains, transport.busy, client.conn.open]).toEqual([[client.cid], true, true]);
  });
});

describe("droppable packets", () => {
  const Position = definePacket({ name: "test:position", schema: payload<Uint8Array>(), droppable: true });
  const cfg = { "net.limits.unsent.policy": "drop", "net.limits.unsent.highwater": 2000 } as const;

  test("are dropped by what is left of that which waited, and not by what came behind it", async () => {
    const { net, note, client, transport, handler } = slow({ cfg, packets: [Note, Position] });
    const position = (bytes: number) => client.trySend(Position, new Uint8Array(bytes));
    const left = (bytes: number): void => {
      transport.backlog = bytes;
      handler.drained();
    };
    note(5000);
    await client.flush();
    left(5000);
    expect(position(1000)).toBe("behind");
    await net.settle();
    expect(position(10)).toBe("dropped");
    const behind = wireLength(1000);
    left(2001 - behind);
    expect(position(10)).toBe("dropped");
    left(2000 - behind);
    expect([position(1000), position(1000), position(1000)]).toEqual(["behind", "behind", "behind"]);
    // All that waited is out, and what waits now did not in an earlier turn.
    left(0);
    expect(position(10)).toBe("behind");
    await net.settle();
    expect(position(10)).toBe("dropped");
  });
});

test.each([
  ["drop", 1],
  ["close", 0],
] as const)(
  "with the policy %s, what many have sent above the mark in a turn is looked at again in a later one: %d time(s)",
  async (policy, looks) => {
    const turns: (() => void)[] = [];
    const platform = { ...standardPlatform, yield: (call: () => void) => void turns.push(call) };
    const cfg = { "net.limits.unsent.policy": policy, "net.limits.unsent.highwater": 1000 };
    const { note, client } = slow({ platform, cfg });
    note(10);
    await client.flush();
    for (const call of turns.splice(0)) call();
    for (let round = 0; round < 2; round++) {
      turns.length = 0;
      expect([note(2000), note(2000), note(2000)]).toEqual([false, false, false]);
      expect(turns).toHaveLength(looks);
      for (const call of turns.splice(0)) call();
    }
  },
);

describe("what another program goes on with", () => {
  /** Where the stream is from which it is kept. */
  const OFFSET = 1000;

  test.each([
    ["nothing where nothing waits", 7, [], 0],
    ["what waits behind a transport that is busy", 7, [10, 20, 30], 3],
    ["the rest of what is long, and what is behind it", 2 * SLICE, [20, 30], 3],
  ])("is %s", async (_, first, lengths, packets) => {
    const { net, note, session, pieces, before, transport } = slow();
    note(first);
    await net.settle();
    for (const length of lengths) note(length);
    await net.settle();
    const handed = Buffer.concat(pieces());
    const all = Buffer.concat([first, ...lengths].map((length) => packet(NOTE, new Uint8Array(length))));
    const kept = new KeptBytes(OFFSET);
    // Of what is long, the other side has acknowledged nothing; else it has all that it was sent.
    if (first > SLICE) kept.append(handed, true);
    const from = kept.end;
    session.leave(kept);
    const moved: Uint8Array[] = [];
    for (let at = from; at < kept.end; at += moved.at(-1)?.length ?? 0) moved.push(kept.view(at));
    expect(Buffer.concat([handed, ...moved]).equals(all)).toBe(true);
    // How many packets are sent again is told, the one included of which a part was sent.
    expect(kept.packetsFrom(from)).toBe(packets);
    expect([session.bytesOut, transport.calls]).toEqual([
      before + handed.length,
      ["closing saved", "destroy"],
    ]);
    transport.drain();
    expect(Buffer.concat(pieces()).equals(handed)).toBe(true);
  });
});

/** A clock of an event loop that can be busy. */
class BusyClock extends ManualClock {
  #away = 0;

  override now(): number {
    return super.now() + this.#away;
  }

  /** Time passes in which no timer can fire. */
  busy(seconds: number): void {
    this.#away += seconds * 1000;
  }
}

describe("a peer that does not read", () => {
  test.each([
    [8, 8],
    [100, 10],
  ])("is given back %d s in which this program was busy, up to its time: %d s", async (busy, back) => {
    const clock = new BusyClock();
    const { note, client, transport } = slow({ clock, manual: true, cfg: { "net.timeout.unsent": 10 } });
    note(10);
    await client.flush();
    note(100);
    void client.flush().catch(() => {});
    clock.busy(busy);
    clock.advance(5);
    clock.advance(back - 0.1);
    expect(transport.calls).toEqual([]);
    clock.advance(0.1);
    expect(transport.calls).toEqual(["closing slowconsumer", "destroy"]);
  });

  test("may have as much unsent as the limit says, and is broken off with one byte more", async () => {
    const limit = 50_000;
    const overhead = wireLength(10_000) - 10_000;
    for (const more of [0, 1]) {
      const { transport, note, client, handler, closes, server } = slow({
        cfg: { "net.limits.unsent": limit, "net.limits.unsent.highwater": limit },
      });
      note(10);
      void client.flush();
      note(limit - overhead + more);
      const flushed = client.flush().catch((error: Error) => error.message);
      expect(transport.calls.includes("destroy")).toBe(more > 0);
      if (more === 0) continue;
      handler.closed(undefined);
      expect(await flushed).toMatch(`ended with ${limit + 1} bytes not handed over`);
      expect(closes[0]?.error).toBeInstanceOf(SlowConsumerError);
      expect(closes[0]?.error?.message).toBe(
        `the peer does not read: ${limit + 1} bytes are unsent, more than net.limits.unsent`,
      );
      expect(server.metrics).toMatchObject({ unsent: 0, rejectedBy: { slowconsumer: 1 } });
    }
  });

  test("is told of all that was dropped, also of what was freed at once", async () => {
    const { net, note, client, handler } = slow({ cfg: { "net.limits.unsent": 500_000 } });
    note(10);
    await net.settle();
    for (let count = 0; count < 4; count++) note(100_000);
    const flushed = client.flush().catch((error: Error) => error.message);
    note(100_001);
    await net.settle();
    expect(client.conn.metrics.unsent).toBeLessThan(500_000);
    handler.closed(undefined);
    const all = 4 * wireLength(100_000) + wireLength(100_001);
    expect(await flushed).toMatch(`ended with ${all} bytes not handed over`);
  });

  test("holds nothing any more once it is broken off, also of what is handed over in pieces", async () => {
    const { net, note, client, session } = slow();
    note(3 * SLICE);
    await net.settle();
    expect(client.conn.metrics.unsent).toBe(wireLength(3 * SLICE) - SLICE);
    session.abort(new SlowConsumerError("too much"));
    expect([client.conn.metrics.unsent, session.unhanded]).toEqual([0, 0]);
  });

  test("counts for what all may have unsent together only for as long as something is", async () => {
    const { net, server, note, client, transport } = slow({ cfg: { "net.limits.unsent.total": 50_000 } });
    const other = new ScriptedTransport("another");
    const second = server.accept(other);
    other.handler?.ready();
    other.handler?.data(Buffer.concat([settype(), accept()]));
    other.room = other.written.length + 1;
    note(10);
    await client.flush();
    note(40_000);
    await net.settle();
    transport.drain();
    second.sendMessage(Note, 1);
    await net.settle();
    second.sendMessage(Note, new Uint8Array(40_000));
    await net.settle();
    expect([client.conn.open, second.conn.open]).toEqual([true, true]);
    expect(second.conn.metrics.unsent).toBe(wireLength(40_000));
  });

  const cfg = { "net.timeout.unsent": 10 };

  test("is broken off once nothing has got further for the time, and not before", async () => {
    const { net, note, client, transport, handler, closes } = slow({ cfg });
    note(10);
    await client.flush();
    note(100);
    void client.flush().catch(() => {});
    net.clock.advance(9.9);
    expect(transport.calls).toEqual([]);
    net.clock.advance(0.1);
    expect(transport.calls).toEqual(["closing slowconsumer", "destroy"]);
    handler.closed(undefined);
    expect(closes[0]?.error?.message).toBe(
      `the peer did not read anything for 10 s (net.timeout.unsent) with ${wireLength(100)} bytes unsent`,
    );
    expect(net.clock.timers).toBe(0);
  });

  test("has the time again with each step", async () => {
    const { net, note, client, transport } = slow({ cfg });
    note(10);
    await client.flush();
    for (let round = 0; round < 5; round++) {
      note(100);
      void client.flush().catch(() => {});
      net.clock.advance(6);
      transport.drain(1);
    }
    expect(transport.calls).toEqual([]);
    note(100);
    net.clock.advance(9.9);
    expect(transport.calls).toEqual([]);
    net.clock.advance(0.1);
    expect(transport.calls).toEqual(["closing slowconsumer", "destroy"]);
  });

  test("is watched no more once all is sent", async () => {
    const { net, note, client, transport } = slow({ cfg });
    note(10);
    await client.flush();
    note(100);
    net.clock.advance(1);
    transport.drain();
    net.clock.advance(100);
    expect([transport.calls, net.clock.timers]).toEqual([[], 0]);
    // Nor is one that had to wait before, for the time in which nothing was to be sent.
    transport.room = transport.written.length + 1;
    note(10);
    await client.flush();
    net.clock.advance(9.9);
    expect(transport.calls).toEqual([]);
    net.clock.advance(0.1);
    expect(transport.calls).toEqual(["closing slowconsumer", "destroy"]);
  });

  test("has the time from when it has to wait again", async () => {
    const { net, note, client, transport, handler, closes } = slow({ cfg });
    handler.drained();
    note(10);
    await net.settle();
    net.clock.advance(1);
    transport.drain();
    net.clock.advance(2);
    transport.room = transport.written.length + 1;
    note(10);
    await net.settle();
    expect(net.clock.timers).toBe(1);
    net.clock.advance(9.9);
    expect(transport.calls).toEqual([]);
    net.clock.advance(0.1);
    expect(transport.calls).toEqual(["closing slowconsumer", "destroy"]);
    handler.closed(undefined);
    expect([closes.length, client.conn.open]).toEqual([1, false]);
  });

  test("is broken off also where nothing more is sent to it", async () => {
    const { net, note, transport } = slow({ cfg });
    note(10);
    await net.settle();
    net.clock.advance(10);
    expect(transport.calls).toEqual(["closing slowconsumer", "destroy"]);
  });

  test("is not watched any more once it is gone", async () => {
    const { net, note, handler } = slow({ cfg });
    note(10);
    await net.settle();
    expect(net.clock.timers).toBe(1);
    handler.closed(undefined);
    expect(net.clock.timers).toBe(0);
  });

  test("may go on with a close, whose reason stays what it was", async () => {
    const { net, note, client, transport, handler, closes } = slow({
      cfg: { "net.timeout.unsent": 1, "net.timeout.close": 30 },
    });
    note(10);
    await net.settle();
    void client.close("bye");
    await net.settle();
    net.clock.advance(1);
    expect(transport.calls).toEqual(["closing bye", "resume", "destroy"]);
    handler.closed(undefined);
    expect(closes).toEqual([{ reason: "bye", error: expect.any(SlowConsumerError), clean: false }]);
  });

  test("whose transport fails ends alone, and others are sent what waits for them", async () => {
    const made = slow({ cfg });
    const { net, server, note, client, transport, failures } = made;
    const other = new ScriptedTransport();
    const second = server.accept(other);
    other.handler?.ready();
    other.handler?.data(Buffer.concat([settype(), accept()]));
    const before = other.written.length;
    transport.write = () => {
      throw new Error("no socket");
    };
    note(10);
    second.sendMessage(Note, 1);
    await net.settle();
    expect(failures).toEqual(["connection: no socket"]);
    expect([client.conn.open, transport.calls.at(-1), other.written.length]).toEqual([
      false,
      "destroy",
      before + 1,
    ]);
  });

  /** A transport within whose write something happens. */
  class Breaking extends ScriptedTransport {
    breaks: (() => void) | undefined = undefined;

    override write(bytes: Uint8Array): boolean {
      const done = super.write(bytes);
      this.breaks?.();
      return done;
    }
  }

  test("is told of all that was not handed over where it is broken off within a write", async () => {
    const transport = new Breaking();
    const { net, note, client, session, pieces, handler } = slow({ transport });
    note(10);
    await client.flush();
    const lengths = [100_000, 100_001, 100_002];
    for (const length of lengths) note(length);
    const flushed = client.flush().catch((error: Error) => error.message);
    transport.breaks = () => session.abort(new SlowConsumerError("too much"));
    transport.drain();
    await net.settle();
    const handed = Buffer.concat(pieces().slice(1)).length;
    handler.closed(undefined);
    const all = lengths.reduce((sum, length) => sum + wireLength(length), 0);
    expect(await flushed).toMatch(`ended with ${all - handed} bytes not handed over`);
  });

  test("has nothing unsent any more, and whoever asks later learns that not all was sent", async () => {
    const { net, note, client, handler, server } = slow();
    const lengths = [10, 100_000, 100_001];
    for (const length of lengths) {
      note(length);
      await net.settle();
    }
    handler.closed(undefined);
    const all = lengths.reduce((sum, length) => sum + wireLength(length), 0);
    const { unsent } = client.conn.metrics;
    await net.settle();
    expect([unsent, client.conn.metrics.unsent, server.metrics.unsent]).toEqual([0, 0, 0]);
    for (let count = 0; count < 2; count++) {
      const flushed = client.flush();
      await expect(flushed).rejects.toThrow(ConnectionLostError);
      await expect(flushed).rejects.toThrow(`ended with ${all - wireLength(10)} bytes not handed over`);
    }
  });

  test("is sent nothing more where it is broken off within a write", async () => {
    const transport = new Breaking();
    const { client, note, session, drains, net, pieces } = slow({ transport });
    transport.room = Number.POSITIVE_INFINITY;
    transport.breaks = () => session.abort(new SlowConsumerError("too much"));
    note(3 * SLICE);
    const flushed = client.flush();
    await expect(flushed).rejects.toThrow(ConnectionLostError);
    await net.settle();
    expect(pieces().length).toBe(1);
    expect([drains, client.conn.metrics.unsent, client.conn.open]).toEqual([[], 0, false]);
    expect(transport.calls).toEqual(["closing slowconsumer", "destroy"]);
  });

  /** A scene whose system says what it has not handed on. */
  async function asked(answers: (number | undefined)[]) {
    const asks: number[] = [];
    const made = slow({ cfg });
    const { net, transport, note, client } = made;
    Object.assign(transport, {
      unacknowledged: async () => {
        asks.push(net.clock.now());
        return answers.shift();
      },
    });
    note(10);
    await client.flush();
    note(100);
    void client.flush().catch(() => {});
    const pass = async (seconds: number): Promise<void> => {
      net.clock.advance(seconds);
      await net.settle();
    };
    return { ...made, asks, pass };
  }

  test("is left alone while the system gets on with what it has", async () => {
    const { asks, pass, transport } = await asked([900, 800, 700, 700]);
    await pass(4.9);
    expect(asks).toEqual([]);
    await pass(0.1);
    expect(asks).toEqual([5000]);
    await pass(5);
    expect([asks, transport.calls]).toEqual([[5000, 10_000], []]);
    await pass(5);
    await pass(4.9);
    expect([asks, transport.calls]).toEqual([[5000, 10_000, 15_000], []]);
    await pass(0.1);
    expect(asks).toEqual([5000, 10_000, 15_000, 20_000]);
    expect(transport.calls).toEqual(["closing slowconsumer", "destroy"]);
  });

  test("is broken off where the system tells nothing", async () => {
    const { asks, pass, transport } = await asked([]);
    await pass(5);
    await pass(5);
    expect([asks, transport.calls]).toEqual([[5000], ["closing slowconsumer", "destroy"]]);
  });

  test("is not judged by what the system said before it got further", async () => {
    const { asks, pass, transport, note } = await asked([900, 900, 900]);
    await pass(5);
    transport.drain(1);
    note(100);
    await pass(5);
    await pass(4.9);
    expect(transport.calls).toEqual([]);
    await pass(0.1);
    expect(asks).toEqual([5000, 10_000, 15_000]);
    expect(transport.calls).toEqual(["closing slowconsumer", "destroy"]);
  });

  test("is not judged by an answer of the system that comes after it got further, and after a newer one", async () => {
    const { net, note, client, transport } = slow({ cfg });
    const answers: ((bytes: number) => void)[] = [];
    Object.assign(transport, {
      unacknowledged: () => new Promise<number>((resolve) => void answers.push(resolve)),
    });
    note(10);
    await client.flush();
    note(100);
    net.clock.advance(5);
    transport.drain(1);
    note(100);
    net.clock.advance(5);
    for (const [index, bytes] of [
      [1, 900],
      [0, 1000],
    ] as const) {
      answers[index]?.(bytes);
      await net.settle();
    }
    net.clock.advance(5);
    answers[2]?.(900);
    await net.settle();
    expect([answers.length, transport.calls]).toEqual([3, ["closing slowconsumer", "destroy"]]);
  });

  test("is asked for once half of its time is over since it got further", async () => {
    const { asks, pass, transport, note } = await asked([900, 900]);
    await pass(3);
    transport.drain(1);
    note(100);
    await pass(4.9);
    expect(asks).toEqual([]);
    await pass(0.1);
    expect(asks).toEqual([8000]);
    await pass(5);
    expect([asks, transport.calls]).toEqual([
      [8000, 13_000],
      ["closing slowconsumer", "destroy"],
    ]);
  });

  test.each([
    ["ends", 900],
    ["ends", 800],
    ["is left to another program", 900],
    ["waits for another line", 900],
    ["gets further", 900],
    ["has all", 900],
  ])("that %s while the system is asked is left alone, which says %d", async (how, answer) => {
    const { net, note, client, session, transport, handler, closes } = slow({ cfg });
    const answers: ((bytes: number) => void)[] = [];
    Object.assign(transport, {
      unacknowledged: () => new Promise<number>((resolve) => void answers.push(resolve)),
    });
    note(10);
    await client.flush();
    note(100);
    net.clock.advance(5);
    answers[0]?.(900);
    await net.settle();
    net.clock.advance(5);
    expect([answers.length, transport.calls]).toEqual([2, []]);
    net.clock.advance(0.5);
    if (how === "ends") handler.closed(undefined);
    if (how === "is left to another program") session.leave(new KeptBytes(0));
    if (how === "waits for another line") session.stopWatches();
    if (how === "gets further") transport.drain(1);
    if (how === "has all") transport.drain();
    net.clock.advance(1);
    answers[1]?.(answer);
    await net.settle();
    if (how === "is left to another program") {
      handler.closed(undefined);
      expect(closes).toEqual([{ reason: "saved", error: undefined, clean: false }]);
      return;
    }
    expect(transport.calls).toEqual([]);
    if (how === "ends" || how === "waits for another line") expect(net.clock.timers).toBe(0);
    if (how !== "gets further") return;
    // Its time began when it got further, and not with the answer.
    note(100);
    for (const seconds of [5, 3.9]) {
      net.clock.advance(seconds);
      answers.at(-1)?.(900);
      await net.settle();
    }
    const before = answers.length;
    net.clock.advance(0.1);
    answers.at(-1)?.(900);
    await net.settle();
    expect(answers.length).toBe(before + 1);
    expect(transport.calls).toEqual(["closing slowconsumer", "destroy"]);
  });
});
