// How long a peer may be silent, and take for its handshake.

import { ManualClock } from "@peng3dnet/peer/testing";
import { HandshakeTimeoutError, IdleTimeoutError } from "@peng3dnet/protocol";
import { HandshakeWatch } from "../../src/session/handshake-watch.js";
import { IdleWatch } from "../../src/session/idle-watch.js";

/** A clock that is read so many milliseconds after its timers were due. */
class LateClock extends ManualClock {
  late = 0;

  override now(): number {
    return super.now() + this.late;
  }
}

/** A clock whose program can read what has come before a deadline is judged. */
class ReadingClock extends ManualClock {
  #waiting: (() => void)[] = [];

  afterInput(call: () => void): void {
    this.#waiting.push(call);
  }

  read(): void {
    for (const call of this.#waiting.splice(0)) call();
  }
}

describe("the handshake", () => {
  function watch(spent = 0, clock: ManualClock = new ManualClock(), handshakeTimeout = 5) {
    const errors: HandshakeTimeoutError[] = [];
    const transport: { bytesBeforeStream?: number } = {};
    const session = {
      options: { clock, handshakeTimeout },
      transport,
      bytesIn: 0,
      hasUnprocessedInput: false,
    };
    return {
      clock,
      errors,
      session,
      watched: new HandshakeWatch(session, spent, { handshakeExpired: (e) => void errors.push(e) }),
    };
  }

  test("has the time that is set, less what is spent, and the error names the option", () => {
    const { clock, errors, session } = watch(2);
    session.bytesIn = 1;
    clock.advance(2.999);
    expect(errors).toEqual([]);
    clock.advance(0.001);
    expect(errors).toEqual([expect.any(HandshakeTimeoutError)]);
    expect(errors[0]?.message).toBe("the handshake was not complete within 5 s (net.timeout.handshake)");
  });

  test("says so where nothing came, as from a port where something else listens", () => {
    const { clock, errors } = watch();
    clock.advance(5);
    expect(errors[0]?.message).toMatch(
      /\(net\.timeout\.handshake\): nothing came; does the other side speak peng3dnet/,
    );
  });

  test.each([
    [5, 5, 1],
    [9, 5, 1],
    [9, 0.5, 0.5],
  ])("with %d s spent of %d s, it has %d s", (spent, timeout, left) => {
    const { clock, errors } = watch(spent, new ManualClock(), timeout);
    clock.advance(left - 0.001);
    expect(errors).toEqual([]);
    clock.advance(0.001);
    expect(errors.length).toBe(1);
  });

  test("has a second more for as long as something waits to be worked off", () => {
    const { clock, errors, session } = watch();
    session.hasUnprocessedInput = true;
    clock.advance(7.5);
    expect(errors).toEqual([]);
    session.hasUnprocessedInput = false;
    clock.advance(0.5);
    expect(errors.length).toBe(1);
  });

  test.each(["in the stream", "before it", "in both"])(
    "has a second more once for what comes %s at the last moment",
    (where) => {
      const clock = new ReadingClock();
      const { errors, session } = watch(0, clock);
      clock.advance(5);
      if (where !== "in the stream") session.transport.bytesBeforeStream = 1;
      if (where !== "before it") session.bytesIn = 1;
      clock.read();
      clock.advance(0.999);
      clock.read();
      expect(errors).toEqual([]);
      clock.advance(0.001);
      clock.read();
      expect(errors.length).toBe(1);
    },
  );

  test("is given no more time where nothing came", () => {
    const clock = new ReadingClock();
    const { errors } = watch(0, clock);
    clock.advance(5);
    clock.read();
    expect(errors.length).toBe(1);
  });

  test("has all of its time again after a break, and none is judged that was given up", () => {
    const { clock, errors, watched } = watch(4);
    clock.advance(0.5);
    watched.goOn();
    expect(clock.timers).toBe(1);
    clock.advance(4.5);
    expect(errors).toEqual([]);
    watched.cancel();
    clock.advance(10);
    expect([errors, clock.timers]).toEqual([[], 0]);
    watched.goOn();
    clock.advance(5);
    expect(errors.length).toBe(1);
  });

  test("is not judged without a limit", () => {
    const { clock, watched } = watch(0, new ManualClock(), 0);
    watched.cancel();
    watched.goOn();
    expect(clock.timers).toBe(0);
  });
});

describe("a peer that sends nothing", () => {
  function watch(seconds = 5) {
    const clock = new LateClock();
    const errors: [Error, string][] = [];
    const fail = (error: Error, where: string): void => void errors.push([error, where]);
    const watched = { blocked: false, hasUnprocessedInput: false, fail };
    return { clock, errors, watched, watch: new IdleWatch(clock, seconds, watched) };
  }

  test("is given up after the time, and the error names the option", () => {
    const { clock, errors } = watch();
    clock.advance(4.999);
    expect(errors).toEqual([]);
    clock.advance(0.001);
    expect(errors).toEqual([[expect.any(IdleTimeoutError), "idle"]]);
    expect(errors[0]?.[0].message).toBe("nothing was received for 5 s (net.timeout.idle)");
    expect(clock.timers).toBe(0);
  });

  test("has the time from its last sign of life", () => {
    const { clock, errors, watch: idle } = watch();
    clock.advance(3);
    idle.heard(10);
    clock.advance(4.999);
    expect(errors).toEqual([]);
    clock.advance(0.001);
    expect(errors.length).toBe(1);
  });

  test("is silent also where it sends heartbeats, and not where something came with them", () => {
    const { clock, errors, watch: idle } = watch();
    clock.advance(1);
    idle.heard(30);
    idle.heartbeat(20);
    clock.advance(3);
    idle.heard(20);
    idle.heartbeat(20);
    clock.advance(1.999);
    expect(errors).toEqual([]);
    clock.advance(0.001);
    expect(errors.length).toBe(1);
  });

  test.each(["blocked", "hasUnprocessedInput"] as const)("is not judged while %s", (what) => {
    const { clock, errors, watched } = watch();
    watched[what] = true;
    clock.advance(7);
    watched[what] = false;
    clock.advance(2.999);
    expect(errors).toEqual([]);
    clock.advance(0.001);
    expect(errors.length).toBe(1);
  });

  test("has all the time back in which the program was busy, up to as long as it may be silent", () => {
    const { clock, errors, watch: idle } = watch();
    clock.advance(4);
    idle.heard(10);
    clock.advance(1);
    clock.late = 4500;
    clock.advance(4);
    clock.advance(4.499);
    expect(errors).toEqual([]);
    clock.advance(0.001);
    expect(errors.length).toBe(1);
  });

  test("may be silent for good where there is no limit", () => {
    const { clock, watch: idle } = watch(Number.POSITIVE_INFINITY);
    idle.cancel();
    expect(clock.timers).toBe(0);
  });

  test("is not judged any more once it is left", () => {
    const { clock, errors, watch: idle } = watch();
    idle.cancel();
    clock.advance(10);
    expect([errors, clock.timers]).toEqual([[], 0]);
  });
});
