// What packets of the handshake said, so that the same need not be decoded again for each connection.

import { KnownBodies } from "../../src/handshake/known-bodies.js";
import { bytes, concat } from "../support/bytes.js";

const BODY = bytes("81a178a179");
const VALUE = { x: "y" };

const find = (known: KnownBodies, id: number, body: Uint8Array): unknown => {
  const around = concat(bytes("aabbcc"), body, bytes("ddee"));
  return known.find(id, around, 3, 3 + body.length);
};

/** Notes a body that lies between others. */
const noted = (id: number, body: Uint8Array, value: unknown): KnownBodies => {
  const known = new KnownBodies();
  const around = concat(bytes("aabb"), body, bytes("cc"));
  known.note(id, around, 2, 2 + body.length, value);
  around.fill(0);
  return known;
};

test("the body that came last is known, wherever it lies", () => {
  const known = noted(2, BODY, VALUE);
  expect(find(known, 2, BODY)).toBe(VALUE);
  expect(Object.isFrozen(VALUE)).toBe(true);
  const other = bytes("81a178a17a");
  known.note(2, other, 0, other.length, { x: "z" });
  expect(find(known, 2, BODY)).toBeUndefined();
  expect(find(known, 2, other)).toEqual({ x: "z" });
});

test.each([
  ["another first byte", "82a178a179"],
  ["another last byte", "81a178a17a"],
  ["a byte less", "81a178a1"],
  ["a byte more", "81a178a17900"],
  ["nothing", ""],
])("a body with %s is another one", (_, body) => {
  const known = noted(2, BODY, VALUE);
  expect(find(known, 2, bytes(body))).toBeUndefined();
  expect(known.find(2, bytes(body), 0, body.length / 2)).toBeUndefined();
});

test.each([0, 1, 15, 16])("at first, nothing is known of packet %d", (id) => {
  expect(new KnownBodies().find(id, BODY, 0, BODY.length)).toBeUndefined();
});

test("a body is that of one packet", () => {
  const known = noted(2, BODY, VALUE);
  expect(find(known, 1, BODY)).toBeUndefined();
  expect(find(known, 3, BODY)).toBeUndefined();
});

test.each([
  [0, true],
  [15, true],
  [16, false],
  [64, false],
])("a body of packet %d is remembered: %s", (id, remembered) => {
  expect(find(noted(id, BODY, VALUE), id, BODY) === VALUE).toBe(remembered);
});

test.each([
  [4096, true],
  [4097, false],
])("a body of %d bytes is remembered: %s", (length, remembered) => {
  const body = new Uint8Array(length);
  expect(find(noted(2, body, VALUE), 2, body) === VALUE).toBe(remembered);
});

test.each<[string, unknown, boolean]>([
  ["a text", "x", true],
  ["nil", null, true],
  ["a map without prototype", Object.create(null), true],
  ["a map in a map", { x: { y: 1 } }, true],
  ["a list", [1], false],
  ["a list in a map", { x: [1] }, false],
  ["bytes in a map in a map", { x: 1, y: { z: new Uint8Array(1) } }, false],
  ["a Map", new Map(), false],
])("a body that is %s is remembered: %s", (_, value, remembered) => {
  const known = noted(2, BODY, value);
  expect(find(known, 2, BODY)).toBe(remembered ? value : undefined);
});

test("maps within a map do not change, either", () => {
  const inner = { y: 1 };
  noted(2, BODY, { x: inner });
  expect(Object.isFrozen(inner)).toBe(true);
});

test("what a remembered body declares of extensions is read once, until another one does", () => {
  const known = new KnownBodies();
  const remember = (interval: number): { readonly ext: unknown } => {
    const value = { ext: { heartbeat: { interval } } };
    known.note(1, BODY, 0, BODY.length, value);
    return value;
  };
  const five = remember(5);
  const read = known.extensionsOf(five.ext);
  expect(read.heartbeat).toEqual({ interval: 5 });
  expect(known.extensionsOf(five.ext)).toBe(read);
  expect(known.extensionsOf(remember(6).ext).heartbeat).toEqual({ interval: 6 });
  expect(known.extensionsOf(undefined)).toEqual({});
});

test("extensions of a body that may change are read each time", () => {
  const known = new KnownBodies();
  const ext = { heartbeat: { interval: 5 } };
  known.extensionsOf(ext);
  ext.heartbeat.interval = 6;
  expect(known.extensionsOf(ext).heartbeat).toEqual({ interval: 6 });
});
