// Sums of what connections count: what is added can be taken away again, and keys are the library's own reasons.

import { packet } from "../../../core/test/support/wire.js";
import { MetricsSum, NO_METRICS, RejectionCounter } from "../../src/session/metrics.js";
import { isCompressed, lengthPrefixed, packetIdOf, wireLength } from "../../src/session/raw-packet.js";
import {
  addNumbers,
  type CountedSession,
  clearNumbers,
  SessionNumbers,
} from "../../src/session/session-numbers.js";
import { scene } from "./scripted-client.js";

/** A session of which each number is another one. */
function session(times = 1, parts: Partial<CountedSession> = {}): CountedSession {
  return {
    connection: {
      packetsIn: 3 * times,
      packetsOut: 4,
      unsent: 5,
      inputHeld: 600,
    } as CountedSession["connection"],
    bytesIn: 1,
    bytesOut: 2 * times,
    queuedPackets: 7,
    queuedBytes: 8000,
    unhandled: 9,
    rejections: undefined,
    greeted: false,
    resumption: { suspended: true, transport: { keptBytes: 10 } },
    requests: { asked: { size: 11 }, running: { size: 12 } },
    ...parts,
  };
}

const ONE = {
  connections: 1,
  handshaking: 0,
  suspended: 1,
  bytesIn: 1,
  bytesOut: 2,
  packetsIn: 3,
  packetsOut: 4,
  queued: 7,
  unsent: 5,
  unhandled: 9,
  kept: 10,
  unprocessed: 8600,
  asked: 11,
  answering: 12,
};
const NONE = Object.fromEntries(Object.keys(ONE).map((key) => [key, 0]));

test("the numbers of sessions add up, and are taken away again", () => {
  const numbers = new SessionNumbers();
  expect(numbers).toEqual(NONE);
  numbers.count(session());
  expect(numbers).toEqual(ONE);
  numbers.count(session());
  expect(numbers.connections).toBe(2);
  const sum = new SessionNumbers();
  sum.count(session());
  addNumbers(sum, numbers);
  addNumbers(sum, numbers);
  const five = Object.fromEntries(Object.entries(ONE).map(([key, value]) => [key, 5 * value]));
  expect(sum).toEqual(five);
  addNumbers(sum, numbers, -1);
  addNumbers(sum, numbers, -1);
  expect(sum).toEqual(ONE);
  clearNumbers(sum);
  expect(sum).toEqual(NONE);
});

test("a session in its handshake counts as that, unless its line is broken", () => {
  const there = session(1, { resumption: { suspended: false, transport: { keptBytes: 10 } } });
  const numbers = new SessionNumbers();
  numbers.count(there);
  expect(numbers).toEqual({ ...ONE, handshaking: 1, suspended: 0 });
  const sum = new SessionNumbers();
  addNumbers(sum, numbers);
  addNumbers(sum, numbers);
  addNumbers(sum, numbers, -1);
  expect(sum).toEqual(numbers);
});

test("a session whose handshake is complete, that is there, and has no requests counts as none of these", () => {
  const numbers = new SessionNumbers();
  numbers.count(
    session(1, {
      greeted: true,
      resumption: { suspended: false, transport: { keptBytes: 10 } },
      requests: undefined,
    }),
  );
  expect(numbers).toEqual({ ...ONE, handshaking: 0, suspended: 0, asked: 0, answering: 0 });
  const other = new SessionNumbers();
  other.count(session(1, { resumption: undefined }));
  expect(other).toEqual({ ...ONE, handshaking: 1, suspended: 0, kept: 0 });
});

test("metrics of many add up, of which nothing waits once they are over", () => {
  const sum = new MetricsSum();
  expect(sum.get()).toEqual(NO_METRICS);
  const numbers = new SessionNumbers();
  numbers.count(session());
  numbers.addTo(sum);
  numbers.count(session(2, { unhandled: 0 }));
  const all = new MetricsSum();
  all.add(sum);
  numbers.addTo(all);
  expect(all.get()).toEqual({
    bytesIn: 3,
    bytesOut: 8,
    packetsIn: 12,
    packetsOut: 12,
    queued: 21,
    unsent: 15,
    rejectedBy: { unhandled: 18 },
  });
  all.nothingWaits();
  expect(all.get()).toMatchObject({ bytesIn: 3, queued: 0, unsent: 0 });
  const quiet = new SessionNumbers();
  quiet.count(session(1, { unhandled: 0 }));
  const none = new MetricsSum();
  quiet.addTo(none);
  expect(none.get().rejectedBy).toEqual({});
});

test("reasons are counted under the library's own names, and as other", () => {
  const counter = new RejectionCounter();
  for (const reason of ["baddata", "dropped", "unhandled", "strayanswer", "strayrequest", "mine", "yours"])
    counter.add(reason);
  counter.add("baddata", 3);
  const expected = { baddata: 4, dropped: 1, unhandled: 1, strayanswer: 1, strayrequest: 1, other: 2 };
  expect(counter.get()).toEqual(expected);
  const sum = new RejectionCounter();
  sum.addAll(counter);
  sum.addAll(counter);
  sum.addAll(counter, -1);
  expect(sum.get()).toEqual(expected);
  sum.addAll(counter, -1);
  expect(sum.get()).toEqual({});
});

test("a packet without its length is as it was with it", () => {
  const whole = packet(0x01020304, "text");
  const raw = whole.subarray(4);
  expect(packetIdOf(raw)).toBe(0x01020304);
  expect(wireLength(raw)).toBe(whole.length);
  expect(Buffer.from(lengthPrefixed(raw)).equals(whole)).toBe(true);
  expect([0, 1, 0x100].map((flags) => isCompressed(packet(1, "text", flags).subarray(4)))).toEqual([
    false,
    true,
    true,
  ]);
});

test("a reason that is no text is refused before anything is done", async () => {
  const { server, client, transport, handler } = scene();
  for (const reason of [42, {}, true]) {
    const wrong = reason as unknown as string;
    await expect(client.close(wrong)).rejects.toThrow(/^a reason is a string or null, and not /);
    await expect(server.closeConnection(client.cid, wrong)).rejects.toThrow(TypeError);
  }
  expect([client.conn.open, transport.calls]).toEqual([true, []]);
  // Also of a client that has just left, for which nothing else would be done.
  handler.closed(undefined);
  expect(await server.closeConnection(client.cid, "late")).toMatchObject({ reason: "socketclose" });
  await expect(server.closeConnection(client.cid, 42 as unknown as string)).rejects.toThrow(TypeError);
});
