// The check of bodies for another codec, and our own decoder, which checks while it decodes, say the same of every body.

import { BadDataError } from "@peng3dnet/protocol";
import { BODY_HAS_BINARY, BODY_NEEDS_EXACTNESS, BodyCheck } from "../../../src/codec/reading/body-check.js";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";
import { bytes, concat } from "../../support/bytes.js";

const DEPTH = 4;
const ELEMENTS = 40;
const extensions = { encode: () => undefined, decode: () => 1 };
const check = new BodyCheck(DEPTH, ELEMENTS, extensions);
const reader = new ValueReader();

/** What one of both says of a body that lies somewhere in a buffer. */
function said(body: Uint8Array, by: "check" | "reader"): string {
  const padding = Uint8Array.of(0x91, 0x91, 0x91);
  const all = concat(padding, body, padding);
  const [start, end] = [padding.length, padding.length + body.length];
  try {
    if (by === "check") check.check(all, start, end);
    else reader.read(all, start, end, true, DEPTH, ELEMENTS, extensions);
    return `accepted, ${(by === "check" ? check : reader).decodedSize} bytes`;
  } catch (error) {
    if (error instanceof BadDataError) return error.message;
    throw error;
  }
}

function expectAgreement(body: Uint8Array): void {
  const verdict = said(body, "reader");
  // One text is enough to tell which body it was.
  const text = Buffer.from(body).toString("hex");
  if (said(body, "check") !== verdict) expect(`${text}: ${said(body, "check")}`).toBe(`${text}: ${verdict}`);
}

const TAILS = ["", "00", "0000", "01", "0161", "a161", "ff", "ffffffff", "8000000000000000"]
  .concat(["0102030405060708090a0b0c0d0e0f1011", "c0c0c0c0", "04ff00000001"])
  .map(bytes);

test("whatever a body begins with, and whatever follows", () => {
  for (let head = 0; head < 0x100; head++)
    for (const tail of TAILS)
      for (const before of ["", "91", "81"])
        expectAgreement(concat(bytes(before), Uint8Array.of(head), tail));
  expect(said(bytes("9100"), "check")).toMatch(/^accepted/);
});

test("texts of every kind of bytes", () => {
  const leads = [
    0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3,
  ];
  const seconds = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
  for (const lead of [...leads, 0xf4, 0xf5, 0xff]) {
    for (const second of seconds)
      for (const rest of [
        [],
        [0x80],
        [0x80, 0x80],
        [0xbf, 0xbf],
        [0x7f, 0x80],
        [0x80, 0xc0],
        [0x80, 0x80, 0x80],
      ]) {
        const text = Uint8Array.of(lead, second, ...rest);
        expectAgreement(concat(Uint8Array.of(0xa0 | text.length), text));
      }
  }
});

test("keys of maps: like an index, like __proto__, integers of every width, and binary", () => {
  const keys = [
    ...["0", "1", "9", "10", "00", "01", "1023", "2575", "50000", "4294967294", "4294967295", "99999999999"],
    ...["a", "1a", "-1", "__proto__", "x__proto__", "__proto_", "__prot___", "_", "__proto__x"],
  ].map((key) => concat(Uint8Array.of(0xa0 | key.length), Buffer.from(key)));
  const integers = [
    "00",
    "7f",
    "ff",
    "e0",
    "cc80",
    "d080",
    "d07f",
    "cdffff",
    "d18000",
    "ceffffffff",
    "d280000000",
  ]
    .concat(["cf0000000000000001", "cfffffffffffffffff", "d38000000000000000", "d3ffffffffffffffff"])
    .concat(["c400", "c40161", "c5000161", "c600000000", "d900", "d90161", "da000161", "db0000000161"])
    .map(bytes);
  const proto = Buffer.from("__proto__");
  const longProto = [
    concat(bytes("d909"), proto),
    concat(bytes("da0009"), proto),
    concat(bytes("db00000009"), proto),
  ];
  const nil = Uint8Array.of(0xc0);
  const all = [...keys, ...integers, ...longProto];
  for (const first of all) {
    expectAgreement(concat(Uint8Array.of(0x81), first, nil));
    for (const second of all) expectAgreement(concat(Uint8Array.of(0x82), first, nil, second, nil));
  }
});

test("integer keys that collide, of each width, up to what they may cost", () => {
  const many = 4000;
  const roomy = new BodyCheck(DEPTH, 65_536);
  for (const [head, width, signed] of [
    [0xce, 4, false],
    [0xd2, 4, true],
    [0xcf, 8, false],
    [0xd3, 8, true],
  ] as const)
    for (const stride of [1, 4096, 1_048_576]) {
      const body = Buffer.alloc(5 + many * (2 + width));
      body.writeUInt8(0xdf, 0);
      body.writeUInt32BE(many, 1);
      for (let index = 0, at = 5; index < many; index++) {
        body.writeUInt8(head, at);
        const value = BigInt(signed ? -index : index) * BigInt(stride);
        const shown = width === 4 ? BigInt.asUintN(32, value) : BigInt.asUintN(64, value);
        if (width === 4) body.writeUInt32BE(Number(shown), at + 1);
        else body.writeBigUInt64BE(shown, at + 1);
        body.writeUInt8(0xc0, at + 1 + width);
        at += 2 + width;
      }
      const verdict = (by: () => unknown): string => {
        try {
          by();
          return "accepted";
        } catch (error) {
          return (error as Error).message;
        }
      };
      expect(verdict(() => roomy.check(body, 0, body.length))).toBe(
        verdict(() => reader.read(body, 0, body.length, true, DEPTH, 65_536, undefined)),
      );
    }
});

test.each([
  ["a text", "a161", 0],
  ["a text with the mark at its beginning", "a4efbbbf61", BODY_NEEDS_EXACTNESS],
  ["the mark alone", "a3efbbbf", BODY_NEEDS_EXACTNESS],
  ["the mark behind a letter", "a461efbbbf", 0],
  ["a text that begins almost like it", "a3efbbbe", 0],
  ["another one", "a3efbcbf", 0],
  ["an integer that a number holds", "cf001fffffffffffff", 0],
  ["one that it does not", "cf0020000000000000", BODY_NEEDS_EXACTNESS],
  ["a negative one that it holds", "d3ffe0000100000000", 0],
  ["one that it does not hold", "d3ffdfffffffffffff", BODY_NEEDS_EXACTNESS],
  ["a binary value", "c40100", BODY_HAS_BINARY],
  ["a value of an extension type", "d40100", BODY_HAS_BINARY],
  ["a timestamp", "d6ff00000001", 0],
  ["a map with an integer as key", "8101c0", BODY_NEEDS_EXACTNESS],
])("%s has its traits", (_what, body, traits) => {
  const all = bytes(body);
  expect(check.check(all, 0, all.length)).toBe(traits);
});
