import { runInNewContext } from "node:vm";
import {
  DefinedPacket,
  definePacket,
  InvalidPayloadError,
  MODE_CHAT,
  Packet,
  PacketRegistry,
  payload,
  SIDE_SERVER,
  SSLSEC_BOTHAUTH,
  SSLSEC_ENCRYPTED,
  STATE_LOGGEDIN,
  type StandardSchemaV1,
} from "@peng3dnet/protocol";
import { FakePeer } from "../support/pair.js";

const peer = new FakePeer(SIDE_SERVER);
const registry = new PacketRegistry();

/** A schema that answers each value with the same. */
function always<T>(validate: StandardSchemaV1<T, T>["~standard"]["validate"]): StandardSchemaV1<T, T> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

test("a definition without options has a SmartPacket's defaults and takes anything", () => {
  const packet = new DefinedPacket(registry, peer, definePacket({ name: "test:plain" }));
  expect(packet.rule()).toEqual({
    state: 64,
    mode: null,
    side: null,
    conntype: null,
    minSslsecLevel: 0,
    invalidAction: "ignore",
    droppable: false,
  });
  expect(packet.parse("anything")).toBe("anything");
  expect(new Packet(registry, peer).parse("anything")).toBe("anything");
});

test.each([
  ["a plain object", { text: "string" }],
  ["a function", () => true],
  ["null", null],
  ["a schema of a library that is too old", { parse: (value: unknown) => value }],
  ["one whose ~standard cannot check", { "~standard": { version: 1 } }],
])("%s is no schema, which is told at once", (_what, schema) => {
  const options = { name: "test:unchecked", schema: schema as unknown as StandardSchemaV1 };
  expect(() => definePacket(options)).toThrow(TypeError);
  expect(() => definePacket(options)).toThrow(
    /^the schema of "test:unchecked" is no Standard Schema; give one/,
  );
});

test("a schema may be a function, as those of arktype are", () => {
  const schema = Object.assign(
    () => true,
    always<number>((value) => ({ value: Number(value) + 1 })),
  );
  const definition = definePacket({ name: "test:function", schema });
  expect(new DefinedPacket(registry, peer, definition).parse(1)).toBe(2);
});

test("its options are its conditions", () => {
  const definition = definePacket({
    name: "test:full",
    schema: payload<number>(),
    side: SIDE_SERVER,
    state: STATE_LOGGEDIN,
    mode: MODE_CHAT,
    conntype: "classic",
    minSslsecLevel: SSLSEC_ENCRYPTED,
    invalidAction: "close",
    droppable: true,
  });
  const packet = new DefinedPacket(registry, peer, definition);
  expect(packet.rule()).toEqual({
    state: 65,
    mode: 4,
    side: 1,
    conntype: "classic",
    minSslsecLevel: 2,
    invalidAction: "close",
    droppable: true,
  });
  expect(
    new DefinedPacket(registry, peer, definePacket({ name: "test:any", state: null })).rule().state,
  ).toBe(null);
  expect(packet.parse(5)).toBe(5);
});

test("payload() is a schema for anybody", () => {
  const { version, vendor, validate } = payload<number>()["~standard"];
  expect([version, vendor, validate("any")]).toEqual([1, "peng3dnet", { value: "any" }]);
});

test("an option that there is not is refused by the name of the function", () => {
  expect(() => definePacket({ name: "test:odd", shcema: payload() } as { name: string })).toThrow(
    /^definePacket has no option "shcema"; did you mean "schema"\?/,
  );
});

test("the highest security level can be asked for", () => {
  const definition = definePacket({ name: "test:both", minSslsecLevel: SSLSEC_BOTHAUTH });
  const own = new PacketRegistry();
  own.register(new DefinedPacket(own, peer, definition), definition.name);
  expect(own.entry("test:both").rule?.minSslsecLevel).toBe(SSLSEC_BOTHAUTH);
});

test("only the issues that are shown are looked at", () => {
  let looked = 0;
  const issue = {
    get message() {
      looked++;
      return "no";
    },
  };
  const schema = always(() => ({ issues: Array(1000).fill(issue) }));
  const packet = new DefinedPacket(registry, peer, definePacket({ name: "test:many", schema }));
  expect(() => packet.parse(1)).toThrow("and 980 more");
  expect(looked).toBe(20);
});

test("what does not fit is named with its path, whichever way a library gives it", () => {
  const issues = [{ message: "odd", path: ["a", { key: "b" }, 0] }, { message: "wrong as a whole" }];
  const packet = new DefinedPacket(
    registry,
    peer,
    definePacket({ name: "test:strict", schema: always(() => ({ issues })) }),
  );
  expect(() => packet.parse({})).toThrow(
    new InvalidPayloadError("test:strict", [
      { path: "a.b.0", message: "odd" },
      { path: "", message: "wrong as a whole" },
    ]),
  );
  expect(() => packet.parse({})).toThrow(
    'the payload of "test:strict" does not fit its schema: a.b.0: odd; wrong as a whole',
  );
});

test.each([
  ["a promise", async () => ({ value: 1 })],
  ["a promise of another realm", () => runInNewContext("Promise.resolve({ value: 1 })")],
  ["any thenable", () => runInNewContext("({ then() {} })")],
  ["a function that is one", () => runInNewContext("Object.assign(() => {}, { then() {} })")],
])("a schema that returns %s cannot be used", (_, validate) => {
  const schema = always(validate as () => never);
  const packet = new DefinedPacket(registry, peer, definePacket({ name: "test:slow", schema }));
  expect(() => packet.parse(1)).toThrow(TypeError);
});

describe("a schema that was written by hand", () => {
  const made = (validate: () => unknown): DefinedPacket =>
    new DefinedPacket(registry, peer, definePacket({ name: "test:own", schema: always(validate as never) }));

  test.each([true, false, 5, null, undefined, {}, { issues: "bad" }, { issues: {} }])(
    "is not believed with %p, which hands over nothing",
    (result) => {
      expect(() => made(() => result).parse("x")).toThrow(
        new TypeError(
          'the schema of "test:own" told neither a value nor issues; its validate() returns { value } or { issues: [{ message }] }',
        ),
      );
    },
  );

  test("may answer with a function that has a value", () => {
    expect(made(() => Object.assign(() => {}, { value: 1 })).parse("x")).toBe(1);
  });

  test("may turn a value into undefined", () => {
    expect(made(() => ({ value: undefined })).parse("x")).toBeUndefined();
  });

  test("may leave parts of its issues out", () => {
    const path = [null, { key: {} }, {}, Symbol("s"), 0];
    const issues = [null, undefined, {}, { message: 5, path }];
    const parse = (): unknown => made(() => ({ issues })).parse("x");
    expect(parse).toThrow(InvalidPayloadError);
    expect(parse).toThrow(
      expect.objectContaining({
        issues: [
          { path: "", message: "undefined" },
          { path: "", message: "undefined" },
          { path: "", message: "undefined" },
          { path: "undefined.[object Object].undefined.Symbol(s).0", message: "5" },
        ],
      }),
    );
  });
});
