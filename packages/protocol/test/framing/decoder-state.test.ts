// What a frame decoder tells of what it holds.

import { FrameDecoder, MalformedPacketError } from "@peng3dnet/protocol";
import { bytes, concat, packet } from "../support/bytes.js";

const LIMIT = 1000;
const one = packet(1, "c0");
const compressed = packet(2, new Uint8Array(300), 1);

describe("the next packet", () => {
  test("is known as soon as its header is there, of the chunk or of what came before", () => {
    const whole = concat(compressed, one);
    for (let cut = 0; cut <= whole.length; cut++) {
      const decoder = new FrameDecoder(LIMIT);
      decoder.push(whole.subarray(0, cut));
      const expected = cut < 10 ? undefined : { length: 306, flags: 1 };
      expect(decoder.upcoming).toEqual(expected);
      const found = decoder.next();
      expect(found).toBe(cut >= compressed.length);
      if (found)
        expect(decoder.upcoming).toEqual(cut < whole.length - 1 ? undefined : { length: 7, flags: 0 });
      else expect(decoder.upcoming).toEqual(expected);
    }
  });

  test("is known however its header was cut", () => {
    for (let cut = 1; cut < 10; cut++) {
      const decoder = new FrameDecoder(LIMIT);
      for (const piece of [compressed.subarray(0, cut), compressed.subarray(cut, 10)]) {
        decoder.push(piece);
        expect(decoder.next()).toBe(false);
      }
      expect(decoder.upcoming).toEqual({ length: 306, flags: 1 });
    }
  });

  test("is the one behind those that were taken", () => {
    const decoder = new FrameDecoder(LIMIT);
    decoder.push(concat(one, compressed, one));
    expect(decoder.upcoming).toEqual({ length: 7, flags: 0 });
    decoder.next();
    expect(decoder.upcoming).toEqual({ length: 306, flags: 1 });
    decoder.next();
    expect(decoder.upcoming).toEqual({ length: 7, flags: 0 });
    decoder.next();
    expect(decoder.upcoming).toBeUndefined();
  });

  test("has its length and flags from all their bytes", () => {
    const decoder = new FrameDecoder(LIMIT);
    decoder.push(bytes("01020304 05060708 090a"));
    expect(decoder.upcoming).toEqual({ length: 0x01020304, flags: 0x090a });
  });
});

describe("the memory that is held", () => {
  test("is the chunk, until all of it was taken", () => {
    const decoder = new FrameDecoder(LIMIT);
    expect(decoder.held).toBe(0);
    decoder.push(concat(one, one));
    expect(decoder.held).toBe(2 * one.length);
    decoder.next();
    expect(decoder.held).toBe(2 * one.length);
    decoder.next();
    expect(decoder.held).toBe(0);
  });

  test("is the buffer of a packet that is not whole, and the chunk behind that", () => {
    const decoder = new FrameDecoder(LIMIT, (length) => new Uint8Array(length));
    decoder.push(compressed.subarray(0, 20));
    expect(decoder.held).toBe(20);
    decoder.next();
    // At most as long as the packet.
    expect(decoder.held).toBe(compressed.length);
    decoder.push(concat(compressed.subarray(20), one));
    expect(decoder.held).toBe(compressed.length + (compressed.length - 20) + one.length);
    decoder.next();
    expect(decoder.held).toBe(compressed.length - 20 + one.length);
    decoder.next();
    expect(decoder.held).toBe(0);
  });
});

test("once all was taken, no bytes of a chunk are kept", () => {
  const decoder = new FrameDecoder(LIMIT);
  decoder.push(one);
  expect(decoder.next()).toBe(true);
  expect(decoder.bytes.length).toBe(one.length);
  expect(decoder.next()).toBe(false);
  expect(decoder.bytes.length).toBe(0);
});

test("too short a packet is that, even where the limit is no longer", () => {
  const decoder = new FrameDecoder(5);
  decoder.push(bytes("00000005"));
  expect(() => decoder.next()).toThrow(MalformedPacketError);
});
