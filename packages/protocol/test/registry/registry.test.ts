import {
  AlreadyRegisteredError,
  BaseRegistry,
  definePacket,
  NotRegisteredError,
  Packet,
  type PacketEntry,
  PacketRegistry,
  type Peer,
  RegistryError,
  SIDE_SERVER,
  SmartPacket,
} from "@peng3dnet/protocol";
import fc from "fast-check";
import { FakePeer } from "../support/pair.js";

class Thing {
  constructor(readonly name?: string) {}
}

const things = (...names: string[]): [BaseRegistry<Thing>, ...Thing[]] => {
  const registry = new BaseRegistry(Thing);
  const made = names.map((name) => {
    const thing = new Thing(name);
    registry.registerObject(thing);
    return thing;
  });
  return [registry, ...made];
};
const shown = (registry: BaseRegistry<Thing>) => [...registry.entries()].map(({ name, id }) => [name, id]);

test("each of name, id and object leads to all of them", () => {
  const [registry, a] = things("a", "b") as [BaseRegistry<Thing>, Thing];
  for (const key of ["a", 64, a]) {
    expect(registry.getObj(key)).toBe(a);
    expect(registry.get(key)).toBe(a);
    expect(registry.getID(key)).toBe(64);
    expect(registry.getInt(key)).toBe(64);
    expect(registry.getName(key)).toBe("a");
    expect(registry.getStr(key)).toBe("a");
    expect(registry.getAll(key)).toEqual([a, 64, "a"]);
    expect(registry.entry(key)).toEqual({ obj: a, id: 64, name: "a" });
    expect(registry.has(key)).toBe(true);
  }
  expect(registry.findId(65)?.name).toBe("b");
  expect(registry.size).toBe(2);
  expect([...registry].map(({ name }) => name)).toEqual(["a", "b"]);
});

test("what is not registered", () => {
  const [registry] = things("a");
  const missing: [string | number | Thing, string][] = [
    ["nope", '"nope"'],
    [63, "63"],
    [-1, "-1"],
    [64.5, "64.5"],
    [Number.NaN, "NaN"],
    [1e6, "1000000"],
    [new Thing(), "the given Thing"],
    [Object.create(null) as Thing, "the given undefined"],
    [null as unknown as string, "null"],
    [undefined as unknown as string, "undefined"],
    [7n as unknown as number, "7"],
  ];
  for (const [key, text] of missing) {
    expect(registry.has(key)).toBe(false);
    expect(registry.find(key)).toBeUndefined();
    for (const call of [
      "get",
      "getObj",
      "getID",
      "getInt",
      "getName",
      "getStr",
      "getAll",
      "deleteObj",
    ] as const) {
      expect(() => registry[call](key)).toThrow(NotRegisteredError);
      expect(() => registry[call](key)).toThrow(`${text} is not registered`);
    }
  }
});

test("a definition that is not registered is named", () => {
  const registry = new PacketRegistry();
  const packet = definePacket({ name: "demo:say" });
  for (const call of ["entry", "getObj", "getID"] as const) {
    expect(() => registry[call](packet as never)).toThrow(NotRegisteredError);
    expect(() => registry[call](packet as never)).toThrow('"demo:say" is not registered');
  }
});

test("a definition leads to the packet of its name", () => {
  const registry = new PacketRegistry();
  const definition = definePacket({ name: "demo:say" });
  const packet = new Packet(registry, {} as Peer);
  registry.register(packet, "demo:say");
  expect(registry.find(definition)?.obj).toBe(packet);
  expect(registry.entry(definition).obj).toBe(packet);
});

test("ids count up from 64 and leave out those taken", () => {
  const registry = new BaseRegistry(Thing);
  expect(registry.register(new Thing(), "a")).toBe(64);
  expect(registry.register(new Thing(), "b", 66)).toBe(66);
  expect(registry.register(new Thing(), "c", null)).toBe(65);
  expect(registry.register(new Thing(), "d")).toBe(67);
  expect(registry.getNewID()).toBe(68);
  expect(registry.getNewID()).toBe(69);
  expect(registry.register(new Thing(), "e")).toBe(70);
});

test.each([0, 63, 8191, 8192, 8193, 2 ** 32 - 1])("the id %d can be registered, found and deleted", (id) => {
  const registry = new BaseRegistry(Thing);
  const thing = new Thing("x");
  expect(registry.registerObject(thing, id)).toBe(id);
  expect(registry.get(id)).toBe(thing);
  expect(registry.has(id + 1)).toBe(false);
  registry.deleteObj(thing);
  expect([registry.has(id), registry.has("x"), registry.has(thing), registry.size]).toEqual([
    false,
    false,
    false,
    0,
  ]);
});

test.each([-1, 1.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY, "70" as unknown as number])(
  "%p is no id",
  (id) => {
    const [registry] = things("a");
    const refused = new RegistryError(
      `${typeof id === "string" ? '"70"' : id} is not an id; use an integer from 0 to 4294967295`,
    );
    for (const attempt of [
      () => registry.register(new Thing(), "b", id),
      () => registry.reassignIDs([["a", id]]),
    ]) {
      expect(attempt).toThrow(RegistryError);
      expect(attempt).toThrow(refused);
    }
    expect(shown(registry)).toEqual([["a", 64]]);
  },
);

test("a packet cannot have an id of the protocol's own, nor one of these another", () => {
  const registry = new PacketRegistry();
  const packet = new Packet(registry, {} as Peer);
  for (const id of [1, 2, 3, 4, 16])
    expect(() => registry.register(packet, "test:own", id)).toThrow(AlreadyRegisteredError);
  expect(() => registry.register(packet, "peng3dnet:internal.hello", 2)).toThrow("1 to 4 and 16");
  expect(registry.register(packet, "peng3dnet:internal.hello", 1)).toBe(1);
});

test("name, id and object can be registered once", () => {
  const [registry, a] = things("a") as [BaseRegistry<Thing>, Thing];
  expect(() => registry.register(new Thing(), "a")).toThrow(/the name "a"/);
  expect(() => registry.register(a, "b")).toThrow(/registered already, as "a"/);
  expect(() => registry.register(new Thing(), "b", 64)).toThrow(/the id 64 for "b" is taken by "a"/);
  expect(() => registry.register(new Thing(), "b", 64)).toThrow(AlreadyRegisteredError);
  expect(shown(registry)).toEqual([["a", 64]]);
});

test("nor twice among more than are looked for one by one, and no id is found that none has", () => {
  const [registry, first] = things(...Array.from({ length: 17 }, (_, at) => `thing ${at}`)) as [
    BaseRegistry<Thing>,
    Thing,
  ];
  expect(() => registry.register(new Thing(), "thing 0")).toThrow(/the name "thing 0"/);
  expect(() => registry.register(first, "b")).toThrow(/registered already, as "thing 0"/);
  expect(() => registry.register(new Thing(), "b", 64)).toThrow(/the id 64 for "b" is taken/);
  expect(registry.size).toBe(17);
  for (const id of [0, 1, 63, 81]) expect(registry.has(id)).toBe(false);
});

test("objects of another class and names that are none are refused", () => {
  const registry = new BaseRegistry(Thing);
  for (const wrong of [{}, null, undefined, "a", 1]) {
    expect(() => registry.register(wrong as Thing, "a")).toThrow(TypeError);
    expect(() => registry.register(wrong as Thing, "a")).toThrow(/only instances of Thing.*"a"/);
  }
  const unnamed = new RegistryError("a name is a string that is not empty");
  for (const attempt of [
    () => registry.register(new Thing(), ""),
    () => registry.register(new Thing(), 5 as unknown as string),
    () => registry.registerObject(new Thing()),
  ]) {
    expect(attempt).toThrow(RegistryError);
    expect(attempt).toThrow(unnamed);
  }
  expect(registry.objtype).toBe(Thing);
  expect(new BaseRegistry().objtype).toBe(Object);
  expect(new BaseRegistry().register({}, "any")).toBe(64);
});

test.each(["a", 64, "object"] as const)("deleting by %p", (key) => {
  const [registry, a] = things("a", "b") as [BaseRegistry<Thing>, Thing];
  registry.deleteObj(key === "object" ? a : key);
  expect([registry.has("a"), registry.has(64), registry.has(a)]).toEqual([false, false, false]);
  expect(shown(registry)).toEqual([["b", 65]]);
  expect(registry.register(a, "a", 64)).toBe(64);
});

describe("reassignIDs", () => {
  const names = ["a", "b", "c", "d", "e", "f"];

  test("any permutation, and ids that other names have", () => {
    const ids = fc.shuffledSubarray([64, 65, 66, 67, 68, 69, 70, 100, 8191, 8192, 2 ** 32 - 1], {
      minLength: 6,
      maxLength: 6,
    });
    fc.assert(
      fc.property(ids, (given) => {
        const [registry, ...made] = things(...names);
        registry.reassignIDs(names.map((name, index) => [name, given[index] as number]));
        expect(shown(registry)).toEqual(names.map((name, index) => [name, given[index]]));
        for (const [index, id] of given.entries()) expect(registry.get(id)).toBe(made[index]);
        expect(registry.size).toBe(6);
      }),
    );
  });

  test("some names only: the others keep their id or get a free one, and none that is reserved", () => {
    const some = fc.shuffledSubarray(names);
    const ids = fc.shuffledSubarray([64, 65, 66, 67, 68, 69, 70, 71], { minLength: 6 });
    fc.assert(
      fc.property(some, ids, fc.subarray([64, 66, 68, 70, 72]), (chosen, given, reserved) => {
        const [registry] = things(...names);
        const wanted = chosen.map((name, index) => [name, given[index] as number] as const);
        registry.reassignIDs(wanted, reserved);
        const map = new Map(shown(registry) as [string, number][]);
        expect(new Set(map.values()).size).toBe(6);
        for (const [name, id] of wanted) expect(map.get(name)).toBe(id);
        for (const name of names.filter((other) => !chosen.includes(other))) {
          const before = 64 + names.indexOf(name);
          const claimed = [...wanted.map(([, id]) => id), ...reserved];
          if (!claimed.includes(before)) expect(map.get(name)).toBe(before);
          expect(claimed).not.toContain(map.get(name));
        }
      }),
    );
  });

  test("a name that is not among them keeps its id, and an id that was given up leads to nothing", () => {
    const [registry] = things("a");
    registry.register(new Thing(), "b", 70);
    registry.reassignIDs([["a", 65]]);
    expect(shown(registry)).toEqual([
      ["a", 65],
      ["b", 70],
    ]);
    expect(registry.has(64)).toBe(false);
  });

  test("the revision is another one, also where there is a single name", () => {
    const [registry] = things("a");
    const { revision } = registry;
    registry.reassignIDs([["a", 65]]);
    expect(registry.revision).not.toBe(revision);
  });

  test("what fails leaves everything as it was", () => {
    const [registry, a] = things("a", "b", "c") as [BaseRegistry<Thing>, Thing];
    const before = shown(registry);
    const given = () =>
      registry.reassignIDs([
        ["a", 70],
        ["b", 70],
      ]);
    expect(given).toThrow(AlreadyRegisteredError);
    expect(given).toThrow('the id 70 is given to "b" and to another name');
    const unknown = () =>
      registry.reassignIDs([
        ["a", 70],
        ["x", 71],
      ]);
    expect(unknown).toThrow(NotRegisteredError);
    expect(unknown).toThrow(
      '"x" is not registered; register it before it is used, e.g. in the option packets',
    );
    expect(() =>
      registry.reassignIDs([
        ["a", 70],
        ["b", -1],
      ]),
    ).toThrow(RegistryError);
    expect(shown(registry)).toEqual(before);
    expect(registry.get(64)).toBe(a);
    expect(registry.has(70)).toBe(false);
  });

  test("so does an entry that cannot be made anew", () => {
    class Moody extends BaseRegistry<Thing> {
      failing = "";
      protected override createEntry(obj: Thing, name: string, id: number) {
        if (name === this.failing) throw new Error("moody");
        return super.createEntry(obj, name, id);
      }
    }
    const registry = new Moody(Thing);
    for (const name of ["a", "b"]) registry.registerObject(new Thing(name));
    registry.failing = "b";
    expect(() =>
      registry.reassignIDs([
        ["a", 65],
        ["b", 64],
      ]),
    ).toThrow("moody");
    expect(shown(registry)).toEqual([
      ["a", 64],
      ["b", 65],
    ]);
    expect(registry.getName(64)).toBe("a");
  });
});

test("an object that does not let itself be looked at is no packet", () => {
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error("hands off");
      },
      getPrototypeOf() {
        throw new Error("hands off");
      },
    },
  );
  expect(new PacketRegistry().has(hostile as Packet)).toBe(false);
  expect(() => new PacketRegistry().register(hostile as Packet, "test:hostile")).toThrow(TypeError);
});

test("a registry of another program is taken over with its ids, and with what its server lacks", () => {
  const peer = {} as Peer;
  const registryOf = (...names: string[]): PacketRegistry => {
    const registry = new PacketRegistry();
    for (const name of names) registry.register(new Packet(registry, peer), name);
    return registry;
  };
  const one = registryOf("a", "b", "c");
  // The server has another packet where "c" would be.
  one.takeOver(
    new Map([
      ["a", 66],
      ["b", 64],
      ["other", 65],
    ]),
  );
  const two = registryOf("c", "b", "a");
  const ids = new Map(Object.entries(one.toMap()));
  expect(() => two.restore(new Map([...ids, ["nobody", 80]]), new Set(["a"]))).toThrow(NotRegisteredError);
  expect([two.toMap(), [...two.lacking]]).toEqual([{ c: 64, b: 65, a: 66 }, []]);
  two.restore(ids, one.lacking);
  expect(two.toMap()).toEqual({ a: 66, b: 64, c: ids.get("c") });
  expect(two.findId(65)).toBeUndefined();
  expect([...two.entries()].map(({ name, lacking, onlyState }) => [name, lacking, onlyState])).toEqual([
    ["c", true, -1],
    ["b", false, 64],
    ["a", false, 64],
  ]);
});

test.each([3, 16, 17, 40])("with %s objects, each is found, deleted and registered again", (count) => {
  // Ids that are reserved, found by index, and hashed.
  const ids = [5, 63, 64, 8191, 8192, 2 ** 32 - 1];
  const registry = new BaseRegistry(Thing);
  const all = Array.from({ length: count }, (_, index) => new Thing(`thing ${index}`));
  for (const [index, thing] of all.entries()) registry.registerObject(thing, ids[index]);
  expect(registry.size).toBe(count);
  expect([...registry].map(({ obj }) => obj)).toEqual(all);
  for (const thing of all) {
    const id = registry.getID(thing);
    expect(registry.findId(id)?.obj).toBe(thing);
    expect(registry.getObj(thing.name as string)).toBe(thing);
    registry.deleteObj(id);
    expect([registry.has(id), registry.has(thing), registry.has(thing.name as string)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(registry.registerObject(thing, id)).toBe(id);
    expect(registry.entry(thing)).toEqual({ obj: thing, id, name: thing.name });
  }
  expect([...registry].map(({ obj }) => obj)).toEqual(all);
});

describe("what is known of a packet once it is registered", () => {
  const peer = new FakePeer(SIDE_SERVER);
  const entryOf = (type: typeof Packet, fields: object = {}): PacketEntry => {
    const own = new PacketRegistry();
    own.register(Object.assign(new type(own, peer), fields), "test:it");
    return own.entry("test:it");
  };

  test("a packet without anything of its own", () => {
    expect(entryOf(Packet)).toMatchObject({
      internal: false,
      protocol: false,
      lacking: false,
      rule: null,
      sendAction: "error",
      onlyState: 64,
      parses: false,
      receives: false,
      observesSend: false,
    });
  });

  test.each<[string, object]>([
    ["parses", { parse: (msg: unknown) => msg }],
    ["receives", { receive: () => {} }],
    ["receives", { _receive: () => {} }],
    ["observesSend", { send: () => {} }],
    ["observesSend", { _send: () => {} }],
  ])("one that %s", (what, hooks) => {
    const { parses, receives, observesSend } = entryOf(Packet, hooks);
    expect({ parses, receives, observesSend }).toEqual({
      parses: false,
      receives: false,
      observesSend: false,
      [what]: true,
    });
  });

  test.each<[object, number]>([
    [{}, 64],
    [{ state: 70 }, 70],
    [{ state: null }, -1],
    [{ mode: 1 }, -1],
    [{ side: SIDE_SERVER }, -1],
    [{ conntype: "classic" }, -1],
    [{ minSslsecLevel: 1 }, -1],
    [{ droppable: true }, -1],
  ])("the state that suffices for a packet with %j is %d", (conditions, onlyState) => {
    expect(entryOf(SmartPacket as unknown as typeof Packet, conditions).onlyState).toBe(onlyState);
  });

  test.each<[object, string]>([
    [{}, "ignore"],
    [{ invalidAction: "close" }, "close"],
    [{ invalidAction: "close", invalidSendAction: "error" }, "error"],
  ])("a packet with %j that may not be sent: %s", (fields, action) => {
    expect(entryOf(SmartPacket as unknown as typeof Packet, fields).sendAction).toBe(action);
  });

  test("a packet of another copy of this package, and nothing that only looks like one", () => {
    const copy = Object.create(null, {
      ...Object.getOwnPropertyDescriptors(Packet.prototype),
      "~peng3dnet": { value: "packet" },
    });
    const own = new PacketRegistry();
    own.register(copy, "test:copy");
    expect(own.has("test:copy")).toBe(true);
    class Special extends Packet {}
    expect(() => new PacketRegistry(Special).register(copy, "test:copy")).toThrow(TypeError);
    const branded = Object.assign(() => {}, { "~peng3dnet": "packet" });
    for (const wrong of [null, undefined, 7, "packet", { "~peng3dnet": "definition" }, {}, branded])
      expect(() => new PacketRegistry().register(wrong as Packet, "test:it")).toThrow(
        new TypeError('only instances of Packet can be registered here, under "test:it"'),
      );
  });
});

test.each([
  ["", "a name is a string that is not empty"],
  [5, "a name is a string that is not empty"],
  ["__proto__", '"__proto__" cannot be the name of a packet: no peer takes it over; choose another'],
  [
    "a\ud800",
    'the name "a\\ud800" has half of a surrogate pair, which cannot be sent; choose a name that is valid Unicode',
  ],
  [
    "ä".repeat(129),
    `the name "${"ä".repeat(40)}…" is 258 bytes long, more than the 256 that peers take over (net.limits.registry.namelength); choose a shorter one`,
  ],
])("%j is no name for a packet", (name, message) => {
  const own = new PacketRegistry();
  const register = () => own.register(new Packet(own, new FakePeer(SIDE_SERVER)), name as string);
  expect(register).toThrow(RegistryError);
  expect(register).toThrow(message);
  expect(own.size).toBe(0);
});

test("a name may have 256 bytes", () => {
  const own = new PacketRegistry();
  expect(own.register(new Packet(own, new FakePeer(SIDE_SERVER)), "ä".repeat(128))).toBe(64);
});

test.each([1, 16, 17, 40])(
  "%d objects are found by name, id and object, and are gone once deleted",
  (count) => {
    const own = new BaseRegistry(Thing);
    const all = Array.from({ length: count }, (_, at) => new Thing(`thing ${at}`));
    const idOf = (at: number): number => [at, 64 + at, 9000 + at][at % 3] as number;
    for (const [at, thing] of all.entries()) {
      const { revision } = own;
      own.registerObject(thing, idOf(at));
      expect(own.revision).toBeGreaterThan(revision);
    }
    expect([...own].map(({ obj }) => obj)).toEqual(all);
    for (const [at, thing] of all.entries())
      for (const key of [`thing ${at}`, idOf(at), thing]) expect(own.get(key)).toBe(thing);
    for (const [at, thing] of all.entries()) {
      const { revision } = own;
      own.deleteObj(thing);
      expect(own.revision).toBeGreaterThan(revision);
      for (const key of [`thing ${at}`, idOf(at), thing]) expect(own.has(key)).toBe(false);
    }
    expect([own.size, ...own]).toEqual([0]);
  },
);
