// Numbers of every width, read one after the other from buffers of their own.

import { BadDataError, ValueCodec } from "@peng3dnet/protocol";
import { bytes } from "../../support/bytes.js";

const codec = new ValueCodec();

test.each<[string, number | bigint]>([
  ["ca3fc00000", 1.5],
  ["cabfc00000", -1.5],
  ["cb3ff8000000000000", 1.5],
  ["cb8000000000000000", -0],
  ["ccff", 255],
  ["cd0102", 258],
  ["ce01020304", 0x01020304],
  ["ceffffffff", 0xffffffff],
  ["cf0000000100000002", 2 ** 32 + 2],
  ["cf001fffffffffffff", Number.MAX_SAFE_INTEGER],
  ["cf0020000000000000", 2n ** 53n],
  ["cfffffffffffffffff", 2n ** 64n - 1n],
  ["d0ff", -1],
  ["d1fffe", -2],
  ["d2fffffffd", -3],
  ["d3fffffffffffffffc", -4],
  ["d30000000100000002", 2 ** 32 + 2],
  ["d3ffe0000000000001", Number.MIN_SAFE_INTEGER],
  ["d3ffe0000000000000", -(2n ** 53n)],
  ["d30020000000000000", 2n ** 53n],
  ["d38000000000000000", -(2n ** 63n)],
])("%s is %p, alone, behind others, and behind other bodies", (body, value) => {
  for (const before of [
    "cb3ff8000000000000",
    "ca3fc00000",
    "cfffffffffffffffff",
    "d38000000000000000",
    "00",
  ]) {
    codec.decode(bytes(before));
    expect(codec.decode(bytes(body))).toBe(value);
    const list = codec.decode(bytes(`93${before}${body}${before}`)) as unknown[];
    expect(list[1]).toBe(value);
    expect(list[2]).toBe(list[0]);
  }
  // Whatever lies behind it in its buffer.
  const cut = bytes(`${body}0000000000000000`).subarray(0, body.length / 2 - 1);
  expect(() => codec.decode(cut)).toThrow(BadDataError);
  expect(() => codec.decode(cut)).toThrow("ends within a value");
});

test("a binary value that is most of its body is a view of that, and a short one is none", () => {
  const body = bytes("c40401020304");
  expect((codec.decode(body) as Uint8Array).buffer).toBe(body.buffer);
  const longer = bytes(`92c40101d908${"61".repeat(8)}`);
  expect((codec.decode(longer) as Uint8Array[])[0]?.buffer).not.toBe(longer.buffer);
});
