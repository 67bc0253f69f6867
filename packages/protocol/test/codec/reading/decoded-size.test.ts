import { MsgpackCodec, ValueCodec } from "@peng3dnet/protocol";
import { BodyDecoder } from "../../../src/codec/reading/body-decoder.js";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";
import { zlib } from "../../support/zlib.js";

const LIMIT = 4 * 1024 * 1024;
const codec = new ValueCodec();

describe.each([
  ["in place", undefined],
  ["by another codec", new MsgpackCodec()],
])("decoded %s, the decoder says", (_way, other) => {
  const decoder = new BodyDecoder(new ValueReader(), 512, 65_536, { codec: other, compression: zlib });
  const sizeOf = (value: unknown): number => {
    const body = codec.encode(value).slice();
    decoder.decode(body, 0, body.length, 0, false, LIMIT);
    return decoder.decodedSize;
  };

  test("how much a value takes at most", () => {
    const nothing = sizeOf(null);
    expect(nothing).toBeLessThanOrEqual(1100);
    // An empty map takes 56 bytes and its place, a binary value two objects, a text two bytes for each letter.
    expect(sizeOf(Array.from({ length: 1000 }, () => ({}))) - nothing).toBeGreaterThan(64_000);
    expect(sizeOf(Array.from({ length: 1000 }, () => Uint8Array.of(1))) - nothing).toBeGreaterThan(200_000);
    expect(sizeOf("x".repeat(1000)) - nothing).toBeGreaterThanOrEqual(2000);
    expect(sizeOf({ 1000: 1 }) - sizeOf({ abcd: 1 })).toBe(8 * (1001 + 500 + 16 - 1));
    // And ordinary values no more than some times their size.
    expect(sizeOf({ x: 1.5, y: 2.5, name: "somebody" })).toBeLessThan(2000);
    expect(sizeOf(null)).toBe(nothing);
  });

  test("how many bytes were inflated", () => {
    const body = codec.encode("x".repeat(5000)).slice();
    const wire = zlib.deflate(body);
    decoder.decode(wire, 0, wire.length, 1, false, LIMIT);
    expect(decoder.inflatedBytes).toBe(body.length);
    expect(decoder.decodedSize).toBeGreaterThanOrEqual(2 * body.length);
    decoder.decode(body, 0, body.length, 0, false, LIMIT);
    expect(decoder.inflatedBytes).toBe(0);
  });
});
