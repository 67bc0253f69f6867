// What holds a connection whose peer sends more than this side takes, and lets it go on.

import { ManualClock } from "@peng3dnet/peer/testing";
import { InflateLimit } from "../../src/session/inflate-limit.js";
import { ReceiveWindow } from "../../src/session/receive-window.js";

const KIB = 1024;

/** A clock that is read so many milliseconds after its timers were due. */
class LateClock extends ManualClock {
  late = 0;

  override now(): number {
    return super.now() + this.late;
  }
}

describe("what a connection makes this side inflate", () => {
  function limit(perSecond = 64 * KIB) {
    const clock = new LateClock();
    const calls: string[] = [];
    const session = { pause: () => void calls.push("pause"), resume: () => void calls.push("resume") };
    return { clock, calls, limited: new InflateLimit(clock, perSecond, session) };
  }

  test("may come at once up to what is allowed in a second, and waits past that until the rate allows it", () => {
    const { clock, calls, limited } = limit();
    limited.inflated(64 * KIB);
    expect(limited.waits).toBe(false);
    limited.inflated(32 * KIB);
    expect([calls, limited.waits]).toEqual([["pause"], true]);
    clock.advance(0.499);
    expect(calls).toEqual(["pause"]);
    clock.advance(0.001);
    expect([calls, limited.waits]).toEqual([["pause", "resume"], false]);
    // Nothing was left over.
    limited.inflated(16 * KIB);
    expect(calls).toEqual(["pause", "resume", "pause"]);
  });

  test("is allowed again with time, and never more than of one second", () => {
    const { clock, calls, limited } = limit();
    limited.inflated(64 * KIB);
    clock.advance(0.5);
    limited.inflated(32 * KIB);
    clock.advance(100);
    limited.inflated(64 * KIB);
    expect(calls).toEqual([]);
    limited.inflated(1);
    expect(calls).toEqual(["pause"]);
  });

  test("counts as 16 KiB at least for each body", () => {
    const { calls, limited } = limit();
    for (let body = 0; body < 4; body++) limited.inflated(1);
    expect(calls).toEqual([]);
    limited.inflated(1);
    expect(calls).toEqual(["pause"]);
  });

  test("holds it once, however much is inflated meanwhile", () => {
    const { clock, calls, limited } = limit();
    limited.inflated(96 * KIB);
    limited.inflated(32 * KIB);
    expect([calls, clock.timers]).toEqual([["pause"], 1]);
  });

  test("can be let go at once, and once only", () => {
    const { clock, calls, limited } = limit();
    limited.release();
    expect(calls).toEqual([]);
    limited.inflated(96 * KIB);
    limited.release();
    limited.release();
    expect([calls, limited.waits, clock.timers]).toEqual([["pause", "resume"], false, 0]);
  });

  test("waits no longer where the program was busy meanwhile", () => {
    const { clock, calls, limited } = limit();
    limited.inflated(96 * KIB);
    clock.late = 400;
    clock.advance(0.5);
    expect(calls).toEqual(["pause", "resume"]);
  });

  test("is of no concern once the connection is over", () => {
    const { clock, calls, limited } = limit();
    limited.cancel();
    limited.inflated(96 * KIB);
    limited.cancel();
    clock.advance(10);
    expect([calls, limited.waits, limited.lost]).toEqual([["pause"], false, false]);
  });
});

describe("what was received and waits", () => {
  const LIMITS = { maxQueuedPackets: 5, maxQueuedBytes: 100, maxQueuedTotal: 1000 };

  test("makes it full at each of the three limits, and says so once", () => {
    for (const [packets, bytes, total] of [
      [5, 1, 0],
      [2, 50, 0],
      [1, 1, 1000],
    ] as const) {
      const window = new ReceiveWindow(LIMITS);
      for (let packet = 1; packet < packets; packet++) expect(window.enqueued(bytes, total - 1)).toBe(false);
      expect(window.blocked).toBe(false);
      expect(window.enqueued(bytes, total)).toBe(true);
      expect([window.blocked, window.paused]).toEqual([true, false]);
      expect(window.enqueued(bytes, total)).toBe(false);
      expect([window.packets, window.bytes]).toEqual([packets + 1, (packets + 1) * bytes]);
    }
  });

  test("stops those with more than 16 packets earlier, where all together have three quarters of the room", () => {
    const many = { ...LIMITS, maxQueuedPackets: 100 };
    const [few, more] = [new ReceiveWindow(many), new ReceiveWindow(many)];
    for (let packet = 1; packet <= 16; packet++) {
      for (const window of [few, more]) expect(window.enqueued(1, 999)).toBe(false);
    }
    expect(few.enqueued(1, 749)).toBe(false);
    expect(more.enqueued(1, 750)).toBe(true);
  });

  test("has room again once half of the packets and half of the bytes are gone", () => {
    const packets = new ReceiveWindow(LIMITS);
    for (let packet = 0; packet < 5; packet++) packets.enqueued(1, 0);
    expect([packets.dequeued(1), packets.dequeued(1), packets.blocked]).toEqual([false, false, true]);
    expect([packets.dequeued(1), packets.blocked]).toEqual([true, false]);
    expect(packets.dequeued(1)).toBe(false);
    expect([packets.packets, packets.bytes]).toEqual([1, 1]);
    const bytes = new ReceiveWindow(LIMITS);
    bytes.enqueued(50, 0);
    bytes.enqueued(1, 0);
    bytes.enqueued(49, 0);
    expect(bytes.dequeued(49)).toBe(false);
    expect(bytes.dequeued(1)).toBe(true);
  });

  test("is not taken up for as long as any consumer asks for a pause", () => {
    const window = new ReceiveWindow(LIMITS);
    window.resume();
    window.pause();
    window.pause();
    window.resume();
    expect([window.blocked, window.paused]).toEqual([true, true]);
    window.resume();
    expect([window.blocked, window.paused]).toEqual([false, false]);
  });

  test("has somebody look every second for as long as there is something to look for", () => {
    const clock = new LateClock();
    const window = new ReceiveWindow(LIMITS);
    let looks = 0;
    let more = true;
    const look = (): boolean => {
      looks++;
      return more;
    };
    window.watch(clock, look);
    window.watch(clock, look);
    expect(clock.timers).toBe(1);
    clock.advance(0.999);
    expect(looks).toBe(0);
    clock.advance(0.001);
    clock.advance(1);
    expect(looks).toBe(2);
    clock.late = 400;
    clock.advance(1);
    expect(looks).toBe(3);
    // It stopped again since: there is one look more than asked for.
    more = false;
    window.watch(clock, look);
    clock.advance(1);
    expect([looks, clock.timers]).toEqual([4, 1]);
    clock.advance(1);
    expect([looks, clock.timers]).toEqual([5, 0]);
    window.watch(clock, look);
    expect(clock.timers).toBe(1);
    window.kept = new Uint8Array(1);
    window.clear();
    expect([clock.timers, window.kept]).toEqual([0, undefined]);
    window.unwatch();
    // Whoever stops after that is looked after anew.
    window.watch(clock, look);
    expect(clock.timers).toBe(1);
  });
});
