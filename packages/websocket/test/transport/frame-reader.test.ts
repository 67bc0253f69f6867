// What frames carry, however they are cut and masked, and how much is told at once.

import { randomBytes } from "node:crypto";
import { type FrameHandler, FrameReader } from "../../src/transport/frame-reader.js";

/** A masked frame, as browsers send it. */
function masked(first: number, payload: Uint8Array): Buffer {
  const key = randomBytes(4);
  const { length } = payload;
  const header =
    length < 126
      ? Buffer.from([first, 0x80 | length])
      : Buffer.from([first, 0x80 | 126, length >> 8, length & 255]);
  return Buffer.concat([header, key, payload.map((byte, at) => byte ^ (key[at & 3] as number))]);
}

/** What a reader tells, in order; pieces that follow each other as one. */
class Told implements FrameHandler {
  readonly events: (string | Buffer)[] = [];
  pieces = 0;

  piece(bytes: Uint8Array): void {
    this.pieces++;
    const last = this.events.at(-1);
    if (last instanceof Buffer) this.events[this.events.length - 1] = Buffer.concat([last, bytes]);
    else this.events.push(Buffer.from(bytes));
  }

  empty(): void {
    this.events.push("empty");
  }

  pinged(data: Uint8Array): void {
    this.pings.push(Buffer.from(data).toString("latin1"));
  }

  readonly pings: string[] = [];

  ponged(): void {}

  closeFrame(payload: Uint8Array): void {
    this.events.push(`closed with ${Buffer.from(payload).toString("hex")}`);
  }

  violated(code: number): void {
    this.events.push(`violated: ${code}`);
  }
}

const time = { spent: false, after() {} };
const LENGTHS = [1, 2, 3, 11, 63, 64, 65, 125, 126, 300, 4095, 4096, 4097, 20_000];

test.each([1, 2, 7, 100, 5000, 65_536])(
  "payloads of all lengths, with frames for the WebSocket between them, read %i bytes at a time",
  (size) => {
    const payloads = [...LENGTHS, ...LENGTHS.toReversed()].map((length) => randomBytes(length));
    const wire = Buffer.concat([
      ...payloads.flatMap((payload, index) => [
        masked(0x82, payload),
        masked(0x89, Buffer.from(`ping ${index}`)),
      ]),
      masked(0x82, new Uint8Array(0)),
      masked(0x82, Buffer.from("behind")),
      masked(0x88, Uint8Array.of(0x03, 0xe8)),
    ]);
    const told = new Told();
    const reader = new FrameReader(told, time, 100_000, true);
    for (let at = 0; at < wire.length; at += size) reader.read(wire.subarray(at, at + size));
    expect(told.events).toEqual([
      Buffer.concat(payloads),
      "empty",
      Buffer.from("behind"),
      "closed with 03e8",
    ]);
    expect(told.pings).toEqual(payloads.map((_, index) => `ping ${index}`));
  },
);

test("what comes before a wrong frame is told before it is", () => {
  const told = new Told();
  const reader = new FrameReader(told, time, 100_000, true);
  reader.read(Buffer.concat([masked(0x82, Buffer.from("a")), masked(0x83, Buffer.from("b"))]));
  expect(told.events).toEqual([Buffer.from("a"), "violated: 1002"]);
});

test("what was told stays as it is while more is read", () => {
  const pieces: Uint8Array[] = [];
  const told = new Told();
  told.piece = (bytes) => void pieces.push(bytes);
  told.empty = () => {};
  const payloads = Array.from({ length: 300 }, (_, index) => randomBytes(1 + ((index * 37) % 200)));
  const frames = payloads.flatMap((payload, index) =>
    index % 10 === 0 ? [masked(0x82, payload), masked(0x82, new Uint8Array(0))] : [masked(0x82, payload)],
  );
  new FrameReader(told, time, 100_000, true).read(Buffer.concat(frames));
  expect(pieces.length).toBeGreaterThan(10);
  expect(Buffer.concat(pieces)).toEqual(Buffer.concat(payloads));
});

test("short messages that were read together are told together", () => {
  const told = new Told();
  const wire = Buffer.concat(Array.from({ length: 4000 }, () => masked(0x82, randomBytes(9))));
  new FrameReader(told, time, 100_000, true).read(wire);
  expect((told.events[0] as Buffer).length).toBe(36_000);
  expect(told.pieces).toBe(1);
});
