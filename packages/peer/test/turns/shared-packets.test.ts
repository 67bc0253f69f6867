// Packets that wait for `process` on a server: what a pass costs, and handlers that call `process` themselves.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ManualClock } from "@peng3dnet/peer/testing";
import type { Session } from "../../src/session/session.js";
import { PacketProcessor } from "../../src/turns/packet-processor.js";
import { SharedPackets } from "../../src/turns/shared-packets.js";

/** What a packet takes, in seconds. */
const TIME = 0.001;

/** Packets of connections that are not there, whose handler is `handle`. */
function scene(handle: (name: string, raw: Uint8Array) => void) {
  const clock = new ManualClock();
  const packets = new SharedPackets(clock, { arrivals: undefined });
  const looks = { count: 0 };
  const connection = (name: string, paused = false) => {
    const session = {
      share: name,
      paused,
      closed: false,
      queuedPackets: 0,
      get open() {
        looks.count++;
        return !session.closed;
      },
      dequeued: () => void session.queuedPackets--,
      dispatchRaw(raw: Uint8Array) {
        clock.advance(TIME);
        handle(name, raw);
        return true;
      },
    };
    return session;
  };
  const push = (session: ReturnType<typeof connection>, ...numbers: number[]): void => {
    for (const number of numbers) {
      packets.push(session as unknown as Session, Uint8Array.of(number));
      session.queuedPackets++;
    }
  };
  return { clock, packets, looks, connection, push };
}

test("a pass looks at no more connections than it has time for, however many wait", () => {
  const turns = new Map<string, number>();
  const { packets, looks, connection, push } = scene(
    (name) => void turns.set(name, (turns.get(name) ?? 0) + 1),
  );
  const names = Array.from({ length: 1000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  for (const name of names) push(connection(name), 1, 2, 3);
  // This one looks at each packet that came.
  packets.run();
  let passes = 0;
  looks.count = 0;
  for (; packets.length > 0; passes++) {
    const before = packets.length;
    const { count, outOfTime } = packets.run();
    expect(count).toBe(before - packets.length);
    // The rest is for a later turn of the event loop.
    expect(outOfTime || packets.length === 0).toBe(true);
  }
  expect([...turns.values()]).toEqual(names.map(() => 3));
  expect(passes).toBeGreaterThan(100);
  expect(looks.count).toBeLessThan(3 * 3000);
});

test("what comes while a handler of the last packet calls process() is processed, too, and in order", () => {
  const got: number[] = [];
  const { packets, connection, push } = scene((_name, raw) => {
    const [number = 0] = raw;
    got.push(number);
    if (number !== 2) return;
    push(held, 3);
    packets.run();
  });
  const held = connection("held", true);
  push(held, 1, 2);
  packets.run();
  held.paused = false;
  packets.released(held as unknown as Session);
  for (let passes = 0; passes < 5; passes++) packets.run();
  expect(got).toEqual([1, 2, 3]);
  expect(packets.length).toBe(0);
});

test("what comes to those that wait while others have their turn is for a later turn of the event loop", () => {
  const { packets, connection, push } = scene((name) => {
    if (name === "two") push(one, 1);
  });
  const [one, two] = [connection("one", true), connection("two", true)];
  for (const session of [one, two]) push(session, 1, 1);
  packets.run();
  for (const session of [one, two]) {
    session.paused = false;
    packets.released(session as unknown as Session);
  }
  expect(packets.run()).toEqual({ count: 4, outOfTime: true });
  expect(packets.run()).toEqual({ count: 2, outOfTime: false });
});

test("keeps nothing of a connection that was closed while its packets waited", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { packets, connection, push } = scene(() => {});
  const close = (): WeakRef<object> => {
    const session = connection("one", true);
    push(session, 1, 2);
    packets.run();
    session.closed = true;
    packets.released(session as unknown as Session);
    packets.run();
    return new WeakRef(session);
  };
  const closed = close();
  expect(packets.run()).toEqual({ count: 0, outOfTime: false });
  expect(packets.length).toBe(0);
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(closed.deref()).toBeUndefined();
});

describe("of a connection that is held", () => {
  /** A connection with two packets that wait, and what processes them. */
  function held() {
    const { clock, packets, connection, push } = scene(() => {});
    const later: (() => void)[] = [];
    const processor = new PacketProcessor(clock, (call) => void later.push(call), packets);
    const session = connection("held", true);
    push(session, 1, 2);
    return { clock, packets, processor, connection: session, session: session as unknown as Session, later };
  }

  test("packets are thrown away in a later turn of the event loop once it is closed", () => {
    const { packets, processor, connection, session, later } = held();
    processor.run();
    processor.dispatch();
    connection.closed = true;
    processor.closed(session);
    expect([packets.length, later.length]).toEqual([2, 1]);
    later[0]?.();
    expect(packets.length).toBe(0);
  });

  test("whoever waits for a packet is woken if there is one when it goes on", async () => {
    const { processor, connection, session } = held();
    processor.run();
    const counts: number[] = [];
    const wait = processor.waitAndRun({}).then((count) => void counts.push(count));
    processor.released({ queuedPackets: 0 } as Session);
    await new Promise((resolve) => setImmediate(resolve));
    expect(counts).toEqual([]);
    connection.paused = false;
    processor.released(session);
    await wait;
    expect(counts).toEqual([2]);
  });
});

test("those that are paused are not looked at for each packet of another one, until they go on", () => {
  const got: string[] = [];
  const { packets, looks, connection, push } = scene((name) => void got.push(name));
  const paused = Array.from({ length: 100 }, (_, index) => connection(`paused ${index}`, true));
  for (const session of paused) push(session, 1);
  packets.run();
  packets.run();
  const one = connection("one");
  looks.count = 0;
  for (let count = 0; count < 10; count++) {
    push(one, 1);
    expect(packets.run()).toEqual({ count: 1, outOfTime: false });
  }
  expect(looks.count).toBeLessThan(100);
  expect(got).toHaveLength(10);
  for (const [index, session] of paused.entries()) {
    // Of one that is closed, nothing is processed any more, and nothing is kept.
    if (index === 0) session.closed = true;
    else session.paused = false;
    packets.released(session as unknown as Session);
  }
  while (packets.run().count > 0);
  expect(got).toHaveLength(109);
  expect(packets.length).toBe(0);
});
