// The transport that outlives its lines, over lines that do what a test says.

import { Line } from "../../src/resume/line.js";
import { ResumableTransport } from "../../src/resume/resumable-transport.js";
import { NotedHandler, ScriptedHost, ScriptedTransport } from "./scripted.js";

const WINDOW = 1000;

function opened() {
  const first = new ScriptedTransport("first");
  const transport = new ResumableTransport(first);
  const host = new ScriptedHost();
  const session = new NotedHandler();
  transport.host = host;
  transport.start(session);
  transport.keep({ window: WINDOW, deaf: 10 * WINDOW });
  return { first, transport, host, session };
}

/** A packet of so many bytes, prefix included. */
function packet(length: number, fill = 1): Uint8Array {
  const bytes = new Uint8Array(length + 1).subarray(0, length).fill(fill);
  new DataView(bytes.buffer).setUint32(0, length - 4);
  return bytes;
}

function goOn(transport: ResumableTransport, offset: number, greeting?: Uint8Array, room?: number) {
  const next = new ScriptedTransport("next");
  if (room !== undefined) next.room = room;
  const line = new Line(next);
  next.start(line);
  transport.goOn(line, offset, greeting);
  return next;
}

async function microtasks(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

describe("without anybody who outlives a break", () => {
  test("it is the transport that it has", () => {
    const inner = new ScriptedTransport();
    const transport = new ResumableTransport(inner);
    const session = new NotedHandler();
    transport.start(session);
    inner.handler?.ready();
    inner.handler?.data(Uint8Array.of(1, 2));
    transport.write(Uint8Array.of(3));
    inner.handler?.drained();
    transport.pause();
    transport.resume();
    transport.closing("why");
    transport.end();
    inner.handler?.ended();
    inner.handler?.closed(new Error("broken"));
    expect(session.told).toEqual(["ready", "data 1,2", "drained", "ended", "closed broken"]);
    expect(inner.calls).toEqual(["pause", "resume", "closing why", "end"]);
    expect(inner.bytes).toEqual([3]);
  });
});

describe("when the line breaks", () => {
  test("the session is told nothing, and the line is cut and heard no more", () => {
    const { first, transport, host, session } = opened();
    first.handler?.closed(new Error("reset"));
    expect(host.told).toEqual(["broken reset"]);
    expect(transport.suspended).toBe(true);
    expect(transport.busy).toBe(true);
    first.handler?.data(Uint8Array.of(1));
    first.handler?.drained();
    first.handler?.ended();
    first.handler?.closed(undefined);
    first.handler?.crashed(new Error("late"));
    expect(session.told).toEqual([]);
    expect(transport.received).toBe(0);
  });

  test("nothing waits in a line that is gone", () => {
    const { first, transport } = opened();
    first.busy = true;
    first.backlog = 77;
    expect(transport.backlog).toBe(77);
    transport.suspend(undefined);
    expect(transport.backlog).toBe(0);
  });

  test("what it held back of the other side's stream is gone, and counts no more", () => {
    const { first, session } = opened();
    const held: number[] = [];
    Object.assign(session, { holds: (bytes: number) => void held.push(bytes) });
    first.handler?.holds?.(5000);
    first.handler?.closed(new Error("reset"));
    expect(held).toEqual([5000, 0]);
  });

  test("the end of the other side's stream is a break, unless it is an answer", () => {
    const { first, transport, host, session } = opened();
    host.endIsAnswer = true;
    first.handler?.ended();
    expect([session.told, transport.suspended]).toEqual([["ended"], false]);
    host.endIsAnswer = false;
    first.handler?.ended();
    expect([session.told, transport.suspended]).toEqual([["ended"], true]);
  });

  test("a session that does not outlive it is told", () => {
    const { first, transport, host, session } = opened();
    host.outlives = false;
    transport.write(packet(100));
    first.handler?.closed(new Error("reset"));
    expect(session.told).toEqual(["closed reset"]);
    expect([transport.suspended, transport.keptBytes, host.told]).toEqual([false, 0, []]);
  });

  test("destroying it meanwhile is told once, not within the call", async () => {
    const { transport, session } = opened();
    transport.suspend(undefined);
    transport.destroy();
    transport.destroy();
    expect(session.told).toEqual([]);
    await microtasks();
    expect(session.told).toEqual(["closed"]);
    expect(transport.suspended).toBe(false);
  });
});

describe("when it goes on", () => {
  test("what the other side has not received is sent again, behind the greeting, then what follows", () => {
    const { first, transport, host, session } = opened();
    transport.write(packet(10, 1));
    transport.write(packet(20, 2));
    transport.write(packet(30, 3));
    transport.suspend(undefined);
    const next = goOn(transport, 15, Uint8Array.of(9, 9));
    const all = first.bytes;
    expect(next.bytes).toEqual([9, 9, ...all.slice(15)]);
    expect(host.again).toEqual({ bytes: 45, packets: 2 });
    expect(session.told).toEqual(["drained"]);
    transport.write(packet(12, 4));
    expect(next.bytes.length).toBe(2 + 45 + 12);
    expect(transport.remoteAddress).toEqual(["next", 1]);
  });

  test.each(Array.from({ length: 61 }, (_, offset) => offset))("from every offset: %d", (offset) => {
    const { first, transport } = opened();
    for (const length of [10, 20, 30]) transport.write(packet(length, length));
    const next = goOn(transport, offset);
    expect(next.bytes).toEqual(first.bytes.slice(offset));
    expect(first.calls).toEqual(["destroy"]);
  });

  describe("others have their turn while much is sent again", () => {
    const PIECE = 64 * 1024;
    function many() {
      const scene = opened();
      scene.transport.keep({ window: 10 * PIECE, deaf: 10 * PIECE });
      for (let i = 0; i < 3; i++) scene.transport.write(packet(PIECE, i + 1));
      scene.host.others = true;
      return scene;
    }

    test("a piece in each turn, and what follows comes behind it", () => {
      const { first, transport, host, session } = many();
      const next = goOn(transport, 10, Uint8Array.of(9));
      const lengths = [next.bytes.length];
      expect(transport.busy).toBe(true);
      // The line says that there is room, which is no turn.
      next.handler?.drained();
      while (transport.busy) {
        expect(host.waiting).toHaveLength(1);
        session.told.length = 0;
        host.waiting.shift()?.takeTurn();
        lengths.push(next.bytes.length);
      }
      expect(lengths.slice(0, -1).every((length, i) => (lengths[i + 1] as number) - length <= PIECE)).toBe(
        true,
      );
      expect(lengths.length).toBeGreaterThanOrEqual(3);
      expect(session.told).toEqual(["drained"]);
      const expected = Buffer.from([9, ...first.bytes.slice(10), ...packet(12, 4)]);
      transport.write(packet(12, 4));
      expect(Buffer.compare(Buffer.from(next.bytes), expected)).toBe(0);
    });

    test("one that comes back once more waits for the same turn, and gets all of its own", () => {
      const { first, transport, host } = many();
      const given = goOn(transport, 10, Uint8Array.of(8));
      const before = given.bytes.length;
      const next = goOn(transport, 20, Uint8Array.of(9));
      expect(host.waiting).toHaveLength(1);
      expect(next.bytes).toEqual([]);
      while (host.waiting.length > 0) host.waiting.shift()?.takeTurn();
      expect(given.bytes).toHaveLength(before);
      expect(Buffer.compare(Buffer.from(next.bytes), Buffer.from([9, ...first.bytes.slice(20)]))).toBe(0);
    });

    test("nothing is written where the line broke meanwhile", () => {
      const { transport, host, session } = many();
      const next = goOn(transport, 10);
      const before = next.bytes.length;
      transport.suspend(undefined);
      session.told.length = 0;
      host.waiting.shift()?.takeTurn();
      expect([next.bytes.length, host.waiting.length, session.told]).toEqual([before, 0, []]);
    });

    test("what is thrown while it goes on is the session's affair", () => {
      const { transport, host, session } = many();
      const next = goOn(transport, 10);
      next.write = () => {
        throw new Error("no line");
      };
      host.waiting.shift()?.takeTurn();
      expect(session.told.at(-1)).toBe("crashed Error: no line");
    });
  });

  test("a line that takes little at once is not written to while it is busy, not with the greeting either", () => {
    const { first, transport, host, session } = opened();
    for (let i = 0; i < 5; i++) transport.write(packet(900, i).slice());
    host.blocked = true;
    const { bytes } = first;
    transport.suspend(undefined);
    const next = new ScriptedTransport("next");
    next.busy = true;
    const line = new Line(next);
    next.start(line);
    transport.goOn(line, 400, Uint8Array.of(9));
    expect(next.written).toHaveLength(0);
    expect(transport.busy).toBe(true);
    for (let i = 0; i < 20 && transport.busy; i++) next.drain(1);
    expect(next.bytes).toEqual([9, ...bytes.slice(400)]);
    expect(session.told.at(-1)).toBe("drained");
  });

  test("the former line, which nobody noticed to be dead, is cut before the other one is used", () => {
    const { first, transport, host } = opened();
    transport.write(packet(10));
    const next = new ScriptedTransport("next");
    const line = new Line(next);
    next.start(line);
    host.broken = () => expect(next.written).toHaveLength(0);
    transport.goOn(line, 0);
    expect(first.calls).toEqual(["destroy"]);
    expect(host.told.slice(0, 2)).toEqual(["broken", "restored"]);
    first.handler?.data(Uint8Array.of(1));
    expect(transport.received).toBe(0);
  });

  test("a session that is ended by who is told of the break takes no other line", async () => {
    const { transport, host, session } = opened();
    host.broken = () => transport.destroy();
    const next = goOn(transport, 0);
    await microtasks();
    expect(next.calls).toEqual(["destroy"]);
    expect(host.told).toEqual(["broken"]);
    expect(session.told).toEqual(["closed"]);
    expect(transport.canGoOnAt(0)).toBe(false);
  });

  test("a paused session is not read for, and one that is not is, whatever its line was before", () => {
    const { transport } = opened();
    transport.pause();
    expect(goOn(transport, 0).calls).toEqual(["pause"]);
    transport.resume();
    expect(goOn(transport, 0).calls).toEqual(["resume"]);
  });

  test("a line is told why the session closes that closed while there was none", () => {
    const { transport } = opened();
    transport.suspend(undefined);
    transport.closing("enough");
    expect(goOn(transport, 0).calls).toContain("closing enough");
  });

  test("only where that is kept which the other side lacks", () => {
    const { transport } = opened();
    transport.write(packet(100));
    transport.acknowledgedUpTo(40);
    expect([39, 40, 100, 101].map((offset) => transport.canGoOnAt(offset))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe("acknowledgements", () => {
  test("of more than was sent are refused", () => {
    const { transport } = opened();
    transport.write(packet(100));
    expect(() => transport.acknowledgedUpTo(101)).toThrow("acknowledged 101 bytes, of 100");
  });

  test("of what was not sent again yet are refused, too", () => {
    const { transport } = opened();
    for (let i = 0; i < 3; i++) transport.write(packet(2000, i).slice());
    const next = goOn(transport, 0, undefined, 1);
    expect(next.written).toHaveLength(1);
    expect(() => transport.acknowledgedUpTo(6000)).toThrow("acknowledged 6000 bytes");
    next.drain();
    expect(next.bytes).toHaveLength(6000);
  });

  test("of less than before say nothing", () => {
    const { transport } = opened();
    transport.write(packet(100));
    transport.acknowledgedUpTo(60);
    transport.acknowledgedUpTo(10);
    expect(transport.keptBytes).toBe(40);
  });

  test("writing waits past the window, and goes on when enough is acknowledged", () => {
    const { transport, session } = opened();
    transport.write(packet(WINDOW));
    expect(transport.busy).toBe(false);
    transport.write(packet(10));
    expect(transport.busy).toBe(true);
    transport.acknowledgedUpTo(10);
    expect([transport.busy, session.told]).toEqual([false, ["drained"]]);
  });

  test("writing goes on past the window to the end of a packet, within which they cannot pass", () => {
    const { first, transport, host } = opened();
    host.inPacket = true;
    transport.write(packet(2 * WINDOW).slice());
    expect([transport.busy, transport.writePast(packet(15))]).toEqual([false, false]);
    host.inPacket = false;
    transport.write(new Uint8Array(10));
    expect([transport.busy, transport.writePast(packet(15))]).toEqual([true, true]);
    expect(first.written).toHaveLength(3);
  });

  test("each of them is progress where writing waits", () => {
    const { transport, session } = opened();
    transport.write(packet(3 * WINDOW).slice());
    expect(transport.busy).toBe(true);
    transport.acknowledgedUpTo(100);
    expect([transport.busy, session.told]).toEqual([true, ["drained"]]);
  });

  test("writing goes on that came to wait while nobody listened", () => {
    const { transport, host, session } = opened();
    host.blocked = true;
    transport.write(packet(3 * WINDOW).slice());
    expect(transport.busy).toBe(false);
    host.blocked = false;
    expect(transport.busy).toBe(true);
    transport.acknowledgedUpTo(2500);
    expect([transport.busy, session.told]).toEqual([false, ["drained"]]);
  });

  test("where nobody listens any more, writing is tried again, as it need not wait", () => {
    const { transport, host } = opened();
    transport.write(packet(2 * WINDOW).slice());
    transport.pause();
    expect(host.told).toEqual(["flush"]);
  });

  test("are asked for by what comes, but not by themselves", () => {
    const { first, transport, host } = opened();
    first.handler?.data(new Uint8Array(10));
    expect(host.told).toEqual(["due"]);
    expect(transport.acknowledging()).toBe(10);
    expect(transport.owes).toBe(false);
    transport.controlReceived(5);
    first.handler?.data(new Uint8Array(5));
    expect(transport.owes).toBe(false);
    first.handler?.data(new Uint8Array(64 * 1024));
    expect(host.told).toEqual(["due", "due now"]);
  });

  test("are asked for before the next bytes are handed on, so that they leave with what these give rise to", () => {
    const { first, transport, host, session } = opened();
    first.handler?.data(new Uint8Array(48 * 1024));
    expect(host.told).toEqual(["due"]);
    const order: unknown[] = [];
    host.acknowledgeAlong = () => order.push(`acknowledged ${transport.acknowledging()}`);
    session.data = (chunk) => order.push(`data ${chunk.length}`);
    host.flush = () => order.push("flush");
    first.handler?.data(new Uint8Array(10));
    expect(order).toEqual(["acknowledged 49152", "data 10", "flush"]);
    expect(host.told).toEqual(["due", "due"]);
  });

  test("pass by what waits, but not within a packet or by what the line holds", () => {
    const { first, transport, host } = opened();
    transport.write(packet(2 * WINDOW).slice());
    expect(transport.holdsBack).toBe(true);
    expect(transport.writePast(packet(15))).toBe(true);
    expect(first.written).toHaveLength(2);
    first.busy = true;
    expect(transport.writePast(packet(15))).toBe(false);
    first.drain();
    expect(host.told).toEqual(["due now"]);
  });

  test("too much is forgotten where nobody listens, and then there is no going on but from the end", () => {
    const { transport, host } = opened();
    host.blocked = true;
    for (let i = 0; i < 6; i++) transport.write(packet(2 * WINDOW).slice());
    expect(transport.keptBytes).toBe(0);
    expect([transport.canGoOnAt(0), transport.canGoOnAt(12 * WINDOW)]).toEqual([false, true]);
    expect(() => transport.acknowledgedUpTo(100)).not.toThrow();
  });

  test("the memory is told that is held, in steps", () => {
    const { transport, host } = opened();
    host.blocked = true;
    transport.keep({ window: 1e6, deaf: 1e6 });
    for (let i = 0; i < 10; i++) transport.write(packet(10_000).slice());
    expect(host.held).toBeGreaterThan(80_000);
    transport.acknowledgedUpTo(100_000);
    expect(host.held).toBe(0);
  });
});

test("a line that was over before it was handed over is a broken one", () => {
  const { first, transport, host } = opened();
  first.handler?.closed(new Error("reset"));
  const next = new ScriptedTransport("next");
  const line = new Line(next);
  next.start(line);
  // It told whoever had it then, and will not tell again.
  next.handler?.closed(undefined);
  transport.goOn(line, 0);
  expect(transport.suspended).toBe(true);
  expect(host.told.at(-1)).toMatch(/^broken/);
  goOn(transport, 0);
  expect(transport.suspended).toBe(false);
});
