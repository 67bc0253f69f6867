// Nothing is sent as something else: what holds its data elsewhere is an error that says where it is.

import { runInNewContext } from "node:vm";
import { EncodeError, encodePacket, MsgpackCodec, Packet, ValueCodec } from "@peng3dnet/protocol";
import { hex } from "../../support/bytes.js";
import { activePair, type FakePeer } from "../../support/pair.js";

const codecs = [
  ["ValueCodec", new ValueCodec()],
  ["MsgpackCodec", new MsgpackCodec()],
] as const;

class Labelled extends Set<number> {
  label = "a set";
  override get [Symbol.toStringTag](): string {
    return "Labelled";
  }
}
class Broken extends Error {
  status = 500;
  get [Symbol.toStringTag](): string {
    return "Broken";
  }
}
class Secret {
  readonly #value = 1;
  get value(): number {
    return this.#value;
  }
}
class Later {
  table = "players";
  // biome-ignore lint/suspicious/noThenProperty: that is what is tested.
  then(): void {}
}
class Place extends URL {
  label = "home";
}

const REFUSED: Readonly<Record<string, () => unknown>> = {
  "a boxed number": () => Object(1),
  "a boxed string": () => Object("text"),
  "a boxed boolean": () => Object(false),
  "a boxed bigint": () => Object(1n),
  "a boxed symbol": () => Object(Symbol("s")),
  "a URL": () => new URL("http://localhost"),
  "a class of URLs with fields": () => new Place("http://localhost"),
  "search parameters": () => new URLSearchParams("a=1"),
  "an Error": () => new TypeError("no"),
  "a class of errors with fields": () => new Broken("no"),
  "a DOMException": () => new DOMException("no"),
  "an ArrayBuffer": () => new ArrayBuffer(8),
  "a SharedArrayBuffer": () => new SharedArrayBuffer(8),
  "a Set": () => new Set([1]),
  "a class of sets with fields and a tag": () => new Labelled([1]),
  "a Map by its prototype alone": () => Object.create(Map.prototype),
  "a Date by its prototype alone": () => Object.create(Date.prototype),
  "an invalid Date": () => new Date(Number.NaN),
  "a Map with half a number as key": () => new Map([[0.5, 1]]),
  "a Map with NaN as key": () => new Map([[Number.NaN, 1]]),
  "a Map with a float beyond the integers as key": () => new Map([[2 ** 53, 1]]),
  "a Map with too large a key": () => new Map([[2n ** 64n, 1]]),
  "a Map with too small a key": () => new Map([[-(2n ** 63n) - 1n, 1]]),
  "a Map with null as key": () => new Map([[null, 1]]),
  "a Map with an object as key": () => new Map([[{}, 1]]),
  "a Map with a symbol as key": () => new Map([[Symbol("s"), 1]]),
  "a Map with the key __proto__": () => new Map([["__proto__", 1]]),
  "a WeakMap": () => new WeakMap(),
  "a WeakSet": () => new WeakSet(),
  "a WeakRef": () => new WeakRef({}),
  "a Blob": () => new Blob(["x"]),
  "a RegExp": () => /x/,
  "a Promise": () => Promise.resolve(1),
  "an object with then": () => new Later(),
  "a generator": () =>
    (function* () {
      yield 1;
    })(),
  "an asynchronous generator": () =>
    (async function* () {
      yield 1;
    })(),
  "an iterator of an array": () => [1].values(),
  "an iterator of a map": () => new Map().entries(),
  "an iterator of a text": () => "text"[Symbol.iterator](),
  "an object of a class without fields": () => new Secret(),
  "an object without fields made of another one": () => Object.create({ inherited: 1 }),
  "a number format": () => new Intl.NumberFormat(),
  "a Set of another realm": () => runInNewContext("new Set([1])"),
  "an Error of another realm": () => runInNewContext("new Error('no')"),
  "a boxed number of another realm": () => runInNewContext("Object(1)"),
  "an iterator of another realm": () => runInNewContext("[1].values()"),
  "a class of another realm without fields": () => runInNewContext("new (class Empty {})()"),
  "a function": () => () => {},
  "a symbol": () => Symbol("s"),
  "too large an integer": () => 2n ** 64n,
};

class Vector {
  constructor(
    readonly x = 1,
    readonly y = 2,
  ) {}
  get length(): number {
    return Math.hypot(this.x, this.y);
  }
}
class Tagged extends Vector {
  get [Symbol.toStringTag](): string {
    return "Vector";
  }
}
class Bag {
  items = [1];
  *[Symbol.iterator](): Iterator<number> {
    yield* this.items;
  }
}

const SENT: readonly (readonly [string, () => unknown, string])[] = [
  ["a plain object", () => ({ a: 1 }), "81a16101"],
  ["an empty one", () => ({}), "80"],
  ["one without a prototype", () => Object.assign(Object.create(null), { a: 1 }), "81a16101"],
  ["an empty one without a prototype", () => Object.create(null), "80"],
  ["a plain object of another realm", () => runInNewContext("({ a: 1 })"), "81a16101"],
  ["an empty one of another realm", () => runInNewContext("({})"), "80"],
  ["an array of another realm", () => runInNewContext("[1, {}]"), "920180"],
  ["bytes of another realm", () => runInNewContext("new Uint8Array([1])"), "c40101"],
  ["an object of a class with fields", () => new Vector(), "82a17801a17902"],
  ["one with a tag of its own", () => new Tagged(), "82a17801a17902"],
  ["one that can be iterated", () => new Bag(), "81a56974656d739101"],
  ["one of a class of another realm", () => runInNewContext("new (class A { a = 1 })()"), "81a16101"],
];

describe.each(codecs)("%s", (_name, codec) => {
  test.each(Object.entries(REFUSED))("%s is an error with a path", (_what, make) => {
    for (const [value, path] of [
      [make(), ""],
      [[0, make()], "[1]"],
      [{ players: [1, 2, 3, { born: make(), other: make() }] }, "players[3].born"],
      [{ "a b": { "": make() } }, '["a b"][""]'],
    ] as const) {
      let error: unknown;
      try {
        codec.encode(value);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(EncodeError);
      expect(error).toMatchObject({ code: "P3D_ERR_ENCODE", path, packet: undefined });
      if (path !== "") expect((error as EncodeError).message.endsWith(` (${path})`)).toBe(true);
    }
  });

  test.each(SENT)("%s is sent", (_what, make, bytes) => {
    for (let round = 0; round < 2; round++) expect(hex(codec.encode(make()))).toBe(bytes);
  });

  test("what is nested too deep, or contains itself, is an error whose path is cut", () => {
    const loop: Record<string, unknown> = {};
    loop.next = { [`long ${"name ".repeat(50)}`]: [loop] };
    try {
      codec.encode({ loop });
      throw new Error("not refused");
    } catch (error) {
      expect(error).toBeInstanceOf(EncodeError);
      const { path, message } = error as EncodeError;
      expect(message).toMatch(/too deep/i);
      expect(path).toMatch(/^loop\.next\["long name .*…"\]\[0\]\.next.* … /);
      expect(path?.length).toBeLessThan(250);
    }
  });

  test("a getter that throws is the place, and is called once", () => {
    let calls = 0;
    const value = {
      first: 1,
      inner: {
        get bad(): number {
          calls++;
          throw new RangeError("not now");
        },
      },
    };
    expect(() => codec.encode(value)).toThrow(
      expect.objectContaining({ path: "inner.bad", cause: expect.any(RangeError) }) as Error,
    );
    expect(calls).toBeLessThanOrEqual(codec instanceof MsgpackCodec ? 2 : 1);
  });

  test.each([[{ toString: 1, valueOf: 1 }], [Object.create(null)], [undefined], [Symbol("s")]])(
    "whatever a getter throws (%#)",
    (thrown) => {
      const value = {
        get bad(): number {
          throw thrown;
        },
      };
      expect(() => codec.encode(value)).toThrow(EncodeError);
    },
  );
});

test("the path leads to the element that is one too many, and to the key __proto__", () => {
  const codec = new ValueCodec(512, 10);
  expect(() => codec.encode({ a: [1, 2, 3], b: { c: [1, 2, 3, 4] } })).toThrow(
    expect.objectContaining({ path: "b.c" }) as Error,
  );
  expect(() => codec.encode([1, 2, Uint8Array.of(1), new Array(7)])).toThrow(
    expect.objectContaining({ path: "[3]" }) as Error,
  );
  expect(() => codec.encode({ a: JSON.parse('{"__proto__":1}') })).toThrow(
    expect.objectContaining({ path: "a.__proto__" }) as Error,
  );
});

describe("of a packet", () => {
  const setUp = (peer: FakePeer): void => {
    peer.registry.register(new Packet(peer.registry, peer), "game:state");
  };
  const value = { players: [{ born: new Set() }] };
  const expected = expect.objectContaining({
    path: "players[0].born",
    packet: "game:state",
    message: expect.stringMatching(/^a Set cannot be sent; .* \(players\[0\]\.born of "game:state"\)$/),
  }) as Error;

  test.each([
    ["send", undefined],
    ["send with another codec", new MsgpackCodec()],
  ])("%s names it, sends nothing and goes on", (_name, codec) => {
    const { server, client } = activePair(setUp, { codec });
    expect(() => server.connection.send("game:state", value)).toThrow(expected);
    expect(() => server.connection.sendRaw(64, value)).toThrow(expected);
    expect(() => encodePacket(server.context, 64, value)).toThrow(expected);
    expect(() => server.connection.sendRaw(4711, () => {})).toThrow(
      expect.objectContaining({ packet: "4711", path: "" }) as Error,
    );
    server.connection.send("game:state", 1);
    client.receive(server.take());
    expect(client.received).toEqual([1]);
  });

  test("other errors stay as they are", () => {
    const { server } = activePair(setUp, { cfg: { "net.limits.packetlength": 400 } });
    expect(() => server.connection.send("game:state", "x".repeat(500))).toThrow(
      expect.objectContaining({ code: "P3D_ERR_PACKET_TOO_LARGE" }) as Error,
    );
    expect(() => server.connection.sendRaw(64, "x".repeat(500))).toThrow(/packetlength/);
    expect(() => encodePacket(server.context, 64, "x".repeat(500))).toThrow(/packetlength/);
  });
});
