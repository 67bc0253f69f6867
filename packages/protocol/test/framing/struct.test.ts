import { STRUCT_HEADER, STRUCT_LENGTH32, Struct } from "@peng3dnet/protocol";
import fc from "fast-check";
import { bytes, hex } from "../support/bytes.js";

test("the length prefix and the header", () => {
  expect([STRUCT_LENGTH32.format, STRUCT_LENGTH32.size]).toEqual(["!I", 4]);
  expect([STRUCT_HEADER.format, STRUCT_HEADER.size]).toEqual(["!IH", 6]);
  expect(hex(STRUCT_LENGTH32.pack(35))).toBe("00000023");
  expect(hex(STRUCT_HEADER.pack(0x01020304, 1))).toBe("010203040001");
  expect(hex(STRUCT_LENGTH32.pack(0xffffffff))).toBe("ffffffff");
  expect(STRUCT_HEADER.unpack(bytes("ffffffff8000"))).toEqual([0xffffffff, 0x8000]);
});

test("what is packed unpacks, at any offset", () => {
  const struct = new Struct("!BHIB");
  const values = fc.tuple(fc.nat(255), fc.nat(65535), fc.nat(0xffffffff), fc.nat(255));
  fc.assert(
    fc.property(values, fc.nat(5), (fields, offset) => {
      const packed = struct.pack(...fields);
      expect(packed).toHaveLength(8);
      const shifted = new Uint8Array(offset + 8);
      shifted.set(packed, offset);
      expect(struct.unpack(shifted, offset)).toEqual(fields);
    }),
  );
});

test.each(["", "I", ">I", "!Q", "!i", "!I H", "!4I"])("the format %p is refused", (format) => {
  expect(() => new Struct(format)).toThrow(RangeError);
});

test("a format without fields", () => {
  expect(new Struct("!").pack()).toEqual(new Uint8Array(0));
});

test.each([[[]], [[1]], [[1, 2, 3]], [[-1, 0]], [[2 ** 32, 0]], [[0, 65536]], [[1.5, 0]], [[Number.NaN, 0]]])(
  "%p cannot be packed as a header",
  (values: number[]) => {
    expect(() => STRUCT_HEADER.pack(...values)).toThrow(RangeError);
  },
);

test.each([
  [5, 0],
  [6, 1],
  [6, 7],
  [6, -1],
  [6, Number.NaN],
])("%d bytes hold no header at %d", (length, offset) => {
  expect(() => STRUCT_HEADER.unpack(new Uint8Array(length), offset)).toThrow(RangeError);
});

test.each([
  [() => new Struct("!Q"), 'unsupported struct format "!Q": "!" and then B, H or I'],
  [() => STRUCT_HEADER.pack(1), '"!IH" takes 2 values, not 1'],
  [() => STRUCT_HEADER.pack(1, 65536), "65536 does not fit an unsigned integer of 2 bytes"],
  [() => STRUCT_HEADER.unpack(new Uint8Array(7), 2), '"!IH" needs 6 bytes, which are not there at 2 of 7'],
])("the error says what is wrong: %s", (attempt, message) => {
  expect(attempt).toThrow(message);
});
