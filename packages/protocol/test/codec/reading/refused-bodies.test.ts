// What is said of a body that is refused, by both decoders, and by which side: ours, or another codec behind the check.

import {
  BadDataError,
  type Codec,
  type ExtensionCodec,
  MsgpackCodec,
  UnsupportedFlagsError,
} from "@peng3dnet/protocol";
import { BodyDecoder, type BodyDecoderOptions } from "../../../src/codec/reading/body-decoder.js";
import { ValueReader } from "../../../src/codec/reading/value-reader.js";
import { bytes } from "../../support/bytes.js";
import { zlib } from "../../support/zlib.js";

function decoders(options: BodyDecoderOptions = {}, depth = 8, elements = 100) {
  return [
    new BodyDecoder(new ValueReader(), depth, elements, options),
    new BodyDecoder(new ValueReader(), depth, elements, {
      ...options,
      codec: new MsgpackCodec(512, options.extensions),
    }),
  ];
}

function thrownBy(decoder: BodyDecoder, body: string, flags = 0): Error {
  const all = bytes(body);
  try {
    decoder.decode(all, 0, all.length, flags, true, 1000);
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was accepted");
}

test.each([
  ["92c0cc", "the body ends within a value"],
  ["a2c328", "a string in the body is not valid UTF-8"],
  ["c0c0c0", "2 bytes follow the value in the body"],
  ["c1", "the body has the byte c1, which msgpack never uses"],
  ["d4fe00", "the body has a value of extension type -2, which msgpack reserves"],
  [
    "d40000",
    'the body has a value of extension type 0; hand in an ExtensionCodec as the option "extensions" to accept it',
  ],
  ["d6ff3b9aca", "the body ends within a value"],
  ["d5ff0000", "a timestamp in the body has 2 bytes; it has to have 4, 8 or 12"],
  ["81c001", "a map in the body has a key that is neither a string, an integer nor binary"],
  ["81a95f5f70726f746f5f5f00", 'a map in the body has the key "__proto__"'],
  ["91919191919191919100", "the body is nested more than 8 deep, the limit of net.limits.depth"],
  ["dc00610000", "the body announces 97 elements in 2 bytes"],
  ["dc0061", "the body announces 97 elements in 0 bytes"],
  [`dc0065${"00".repeat(101)}`, "the body has more than the 100 elements of net.limits.elements"],
])("%s: %s", (body, message) => {
  for (const decoder of decoders()) {
    const error = thrownBy(decoder, body);
    expect(error).toBeInstanceOf(BadDataError);
    expect([error.message, Object.hasOwn(error, "cause")]).toEqual([message, false]);
  }
});

describe("an ExtensionCodec", () => {
  const failing = (decode: ExtensionCodec["decode"]): ExtensionCodec => ({ encode: () => undefined, decode });

  test("that throws is the cause", () => {
    const cause = new RangeError("no such item");
    const extensions = failing(() => {
      throw cause;
    });
    for (const decoder of decoders({ extensions }))
      expect(thrownBy(decoder, "d40500")).toMatchObject({
        message: expect.stringMatching(
          /^the ExtensionCodec could not decode extension type 5: .*no such item/,
        ),
        cause,
      });
  });

  test.each([
    ["of this realm", (): unknown => Promise.reject(new Error("late"))],
    ["that only says so", (): unknown => ({ [Symbol.toStringTag]: "Promise" })],
  ])("may not answer with a promise %s", (_what, decode) => {
    for (const decoder of decoders({ extensions: failing(decode) })) {
      const error = thrownBy(decoder, "d40500");
      expect(error.message).toBe(
        "the ExtensionCodec could not decode extension type 5: decode returned a promise, and has to answer at once",
      );
      expect(Object.hasOwn(error, "cause")).toBe(false);
    }
  });

  test("is not asked for types that msgpack reserves", () => {
    for (const decoder of decoders({ extensions: failing(() => 1) })) {
      expect(thrownBy(decoder, "d4fe00").message).toContain("-2, which msgpack reserves");
      expect(decoder.decode(bytes("d40000"), 0, 3, 0, true, 1000)).toBe(1);
    }
  });
});

describe("flags", () => {
  test("without compression are refused, and the error says what is missing", () => {
    for (const flags of [1, 2])
      expect(thrownBy(decoders()[0] as BodyDecoder, "00", flags)).toMatchObject({
        message: `the peer sent a packet with flags 0x${flags}; only compression (0x1) is supported, and not here, since the platform has no compression; hand in one that has`,
      });
  });

  test("but compression are refused with it, too", () => {
    const error = thrownBy(decoders({ compression: zlib })[0] as BodyDecoder, "00", 18);
    expect(error).toBeInstanceOf(UnsupportedFlagsError);
    expect(error.message).toBe("the peer sent a packet with flags 0x12; only compression (0x1) is supported");
  });

  test("of compression tell how much was inflated, until the next body", () => {
    for (const decoder of decoders({ compression: zlib })) {
      const body = zlib.deflate(bytes(`d920${"61".repeat(32)}`));
      expect(decoder.decode(body, 0, body.length, 1, true, 1000)).toBe("a".repeat(32));
      expect(decoder.inflatedBytes).toBe(34);
      decoder.decode(bytes("00"), 0, 1, 0, true, 1000);
      expect(decoder.inflatedBytes).toBe(0);
    }
  });
});

test("what a value takes is estimated alike, whichever codec decodes it", () => {
  const [ours, other] = decoders() as [BodyDecoder, BodyDecoder];
  for (const body of ["00", "93c0c0c0", "81a161c403010203"]) {
    for (const decoder of [ours, other]) decoder.decode(bytes(body), 0, body.length / 2, 0, true, 1000);
    expect(other.decodedSize).toBe(ours.decodedSize);
    expect(ours.decodedSize).toBeGreaterThan(1000);
  }
});

describe("binary values of another codec", () => {
  /** A body with a binary value, for a codec that makes of it what a test wants. */
  const BODY = bytes("93c403010203c0c0");

  function decoded(decode: (body: Uint8Array) => unknown): unknown {
    const codec: Codec = { encode: () => BODY, decode };
    const bodies = new BodyDecoder(new ValueReader(), 8, 100, { codec });
    return bodies.decode(BODY, 0, BODY.length, 0, true, 1000);
  }

  test("that are a small part of the body get a buffer of their own, wherever they are", () => {
    const cut = (body: Uint8Array): Uint8Array => body.subarray(3, 6);
    const value = decoded((body) => ({
      list: [cut(body)],
      values: new Map([["only the value", cut(body)]]),
      map: new Map<unknown, unknown>([
        [cut(body), 1],
        [2, cut(body)],
      ]),
    })) as { list: Uint8Array[]; values: Map<string, Uint8Array>; map: Map<unknown, Uint8Array> };
    const [key] = value.map.keys();
    for (const part of [
      value.list[0],
      value.values.get("only the value"),
      key as Uint8Array,
      value.map.get(2),
    ]) {
      expect(part).toEqual(Uint8Array.of(1, 2, 3));
      expect(part?.buffer.byteLength).toBe(3);
    }
  });

  test("that are half of it, lie elsewhere or belong to objects of the codec's own stay as they are", () => {
    const whole = BODY.buffer.byteLength;
    class Own {
      constructor(readonly part: Uint8Array) {}
    }
    const elsewhere = new Uint8Array(100).subarray(1, 3);
    const found: Record<string, unknown> = {};
    decoded((body) => {
      Object.assign(found, {
        half: body.subarray(0, whole / 2),
        elsewhere,
        own: new Own(body.subarray(3, 6)),
        view: new DataView(body.buffer, 1, 1),
        plain: new Map([["a", 1]]),
      });
      return found;
    });
    expect((found.half as Uint8Array).buffer).toBe(BODY.buffer);
    expect(found.elsewhere).toBe(elsewhere);
    expect((found.own as Own).part.buffer).toBe(BODY.buffer);
    expect((found.view as DataView).buffer).toBe(BODY.buffer);
  });

  test("leave everything else alone: maps without any, values that refer to themselves, and setters", () => {
    const map = new Map<unknown, unknown>([
      ["a", 1],
      [2, Number.MAX_SAFE_INTEGER],
    ]);
    let sets = 0;
    const value: Record<string, unknown> = { map };
    value.self = value;
    Object.defineProperty(value, "set", {
      enumerable: true,
      get: () => 1,
      set: () => void sets++,
    });
    const result = decoded(() => value) as typeof value;
    expect([result === value, result.map === map, sets]).toEqual([true, true, 0]);
  });
});
