import { Packet, PacketRegistry, type Peer, SmartPacket } from "@peng3dnet/protocol";
import fc from "fast-check";
import { activePair, type EndOptions, type FakePeer, Pair } from "../support/pair.js";

const INTERNAL = {
  "peng3dnet:internal.hello": 1,
  "peng3dnet:internal.settype": 2,
  "peng3dnet:internal.handshake": 3,
  "peng3dnet:internal.handshake.accept": 4,
  "peng3dnet:internal.closeconn": 16,
};

type Entry = readonly [name: string, id?: number | undefined];

const register =
  (entries: readonly Entry[]) =>
  (peer: FakePeer): void => {
    for (const [name, id] of entries) peer.registry.register(new Packet(peer.registry, peer), name, id);
  };
const mapOf = (registry: PacketRegistry): Record<string, number> => ({ ...registry.toMap() });

/** A client that gets the given registry from a server. */
function offered(received: unknown, own: readonly Entry[], options: EndOptions = {}): Pair {
  const pair = new Pair({}, { setUp: register(own), ...options });
  const { client } = pair;
  client.connection.open();
  pair.server.connection.open();
  client.receive(pair.server.take());
  pair.server.connection.sendRaw(3, { version: "0.2.0", protoversion: 2, registry: received });
  client.take();
  client.receive(pair.server.take());
  return pair;
}

describe("the server's ids are taken over", () => {
  const names = Array.from({ length: 8 }, (_, index) => `game:${index}`);
  const pool = Array.from({ length: 16 }, (_, index) => 64 + index);

  test("whatever the ids on both sides, those of other names included, and packets arrive", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(names, { minLength: 8 }),
        fc.shuffledSubarray(names, { minLength: 8 }),
        fc.shuffledSubarray([...pool, 8191, 8192, 2 ** 32 - 1], { minLength: 8 }),
        fc.shuffledSubarray(pool, { minLength: 8 }),
        (serverNames, clientNames, serverIds, clientIds) => {
          const pair = new Pair(
            { setUp: register(serverNames.map((name, index) => [name, serverIds[index]])) },
            { setUp: register(clientNames.map((name, index) => [name, clientIds[index]])) },
          ).open();
          expect(mapOf(pair.client.peer.registry)).toEqual(mapOf(pair.server.peer.registry));
          for (const name of names) {
            pair.client.connection.send(name, name);
            pair.server.connection.send(name, name);
          }
          pair.pump();
          for (const { host, errors } of [pair.client, pair.server]) {
            expect(errors).toEqual([]);
            expect(host.messages.map(({ name, msg }) => [name, msg])).toEqual(
              names.map((name) => [name, name]),
            );
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each<[string, number, readonly Entry[]]>([
    ["a new id below 64", 30, [["a"], ["b"]]],
    ["another id below 64 than the one that is fixed here", 30, [["a", 20], ["b"]]],
    ["an id below 64 that another name has here", 30, [["a"], ["b", 30]]],
    ["an id from 64 for what is fixed below here", 70, [["a", 30], ["b"]]],
    ["id 0", 0, [["a"], ["b"]]],
    ["an id between the protocol's", 15, [["a"], ["b"]]],
  ])("ids below 64 of a user's packets included: %s", (_, id, own) => {
    const { client, server } = offered({ ...INTERNAL, a: id, b: 65 }, own);
    expect(client.codes).toEqual([]);
    expect(mapOf(client.peer.registry)).toEqual({ ...INTERNAL, a: id, b: 65 });
    server.connection.sendRaw(id, "below");
    client.receive(server.take());
    expect(client.host.messages.map(({ name, msg }) => [name, msg])).toEqual([["a", "below"]]);
  });

  test("the highest id included", () => {
    const { client } = offered({ ...INTERNAL, a: 2 ** 32 - 1 }, [["a"]]);
    expect(client.codes).toEqual([]);
    expect(mapOf(client.peer.registry)).toEqual({ ...INTERNAL, a: 2 ** 32 - 1 });
  });

  test("not with autosync off: the ids stay", () => {
    const { client } = offered({ ...INTERNAL, a: 80, other: 81 }, [["a"]], {
      cfg: { "net.registry.autosync": false },
    });
    expect(client.connection.active).toBe(true);
    expect(client.peer.registry.getID("a")).toBe(64);
  });
});

describe("names that differ", () => {
  test("end the connection, and the error names them", () => {
    const { client } = offered({ ...INTERNAL, a: 64, s1: 65, s2: 66 }, [["a"], ["c1"]]);
    expect(client.codes).toEqual(["P3D_ERR_PACKETREG_MISMATCH"]);
    expect(client.errors[0]).toMatchObject({
      missing: ["s1", "s2"],
      extra: ["c1"],
      closeReason: "packetregmismatch",
    });
    expect(client.errors[0]?.message).toMatch('the server alone has "s1", "s2"; the client alone has "c1"');
    expect(client.connection.active).toBe(false);
    expect(mapOf(client.peer.registry)).toEqual({ ...INTERNAL, a: 64, c1: 65 });
  });

  test.each([
    [{ ...INTERNAL, a: 64 }, [["a"], ["b"]], 'the server alone has none; the client alone has "b"'],
    [{ ...INTERNAL, a: 64, b: 65 }, [["a"]], 'the server alone has "b"; the client alone has none'],
  ] as const)("on one side only (%#)", (received, own, text) => {
    const { client } = offered(received, own);
    expect(client.errors[0]?.message).toMatch(text);
  });

  test.each([
    [5, '"n0", "n1", "n2", "n3", "n4";'],
    [6, '"n0", "n1", "n2", "n3", "n4" and 1 more;'],
    [8, '"n0", "n1", "n2", "n3", "n4" and 3 more;'],
  ])("beyond five of them are counted: %d", (count, text) => {
    const many = Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, 70 + index]));
    const { client } = offered({ ...INTERNAL, ...many }, []);
    expect(client.errors[0]?.message).toMatch(text);
  });

  test("are borne if the action is ignore: common names work, no other name gets an id of the server's", () => {
    const { client } = offered({ ...INTERNAL, a: 66, server: 64 }, [["c1"], ["a"], ["c2"]], {
      cfg: { "net.registry.missingpacketaction": "ignore" },
    });
    expect(client.connection.active).toBe(true);
    expect(client.codes).toEqual([]);
    expect(mapOf(client.peer.registry)).toEqual({ ...INTERNAL, a: 66, c1: 65, c2: 67 });
  });
});

describe("a registry that is not acceptable changes nothing", () => {
  const own = [["a"], ["b"], ["fixed", 20]] as const;
  const good = { ...INTERNAL, a: 65, b: 64, fixed: 20 };
  const before = { ...INTERNAL, a: 64, b: 65, fixed: 20 };

  test("a good one is taken over", () => {
    const { client } = offered(good, own);
    expect(mapOf(client.peer.registry)).toEqual(good);
  });

  test.each<[string, unknown]>([
    ["nil", null],
    ["absent", undefined],
    ["a number", 5],
    ["a text", "a"],
    ["an array", [["a", 64]]],
    ["binary", new Uint8Array(3)],
  ])("%s: baddata", (_name, received) => {
    const { client } = offered(received, own);
    expect(client.codes).toEqual(["P3D_ERR_BAD_DATA"]);
    expect(mapOf(client.peer.registry)).toEqual(before);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["an id twice", { ...good, a: 64 }, /gives the id 64 to two names/],
    ["a negative id", { ...good, a: -1 }, /something that is no id/],
    ["a float id", { ...good, a: 64.5 }, /"a" something that is no id/],
    ["an id beyond 32 bits", { ...good, a: 2 ** 32 }, /something that is no id/],
    ["a bigint id", { ...good, a: 2n ** 63n }, /something that is no id/],
    ["a text as id", { ...good, a: "64" }, /something that is no id/],
    ["nil as id", { ...good, a: null }, /something that is no id/],
    ...Object.entries(INTERNAL).map(([name, id]): [string, Record<string, unknown>, RegExp] => [
      `a user's name with the id of ${name}`,
      { ...INTERNAL, [name]: id + 100, a: id, b: 64, fixed: 20 },
      /ids of the protocol's own packets are fixed/,
    ]),
    [
      "a name of the protocol's with another id",
      { ...good, "peng3dnet:internal.closeconn": 17 },
      /"peng3dnet:internal.closeconn" the id 17, but the ids of the protocol's own packets are fixed/,
    ],
    [
      "internal ids swapped",
      { ...good, "peng3dnet:internal.hello": 16, "peng3dnet:internal.closeconn": 1 },
      /are fixed/,
    ],
    ["a name of no length", { ...good, "": 70 }, /a name that is empty or longer than the 256 bytes/],
    ["a name too long", { ...good, ["x".repeat(257)]: 70 }, /empty or longer/],
  ])("%s: packetregmismatch, strictly and not", (_name, received, message) => {
    for (const action of ["closeconnection", "ignore"] as const) {
      const { client } = offered(received, own, { cfg: { "net.registry.missingpacketaction": action } });
      expect(client.codes).toEqual(["P3D_ERR_PACKETREG_MISMATCH"]);
      expect(client.errors[0]?.message).toMatch(message);
      expect(mapOf(client.peer.registry)).toEqual(before);
      expect(client.connection.active).toBe(false);
    }
  });

  test.each([
    ["a".repeat(10), true],
    ["a".repeat(11), false],
    ["é".repeat(5), true],
    [`${"é".repeat(5)}a`, false],
    ["€€€a", true],
    ["€€€aa", false],
    ["😀😀aa", true],
    ["😀😀aaa", false],
  ])("the length of %p counts in bytes of UTF-8", (name, accepted) => {
    const { client } = offered({ ...INTERNAL, [name]: 70 }, [[name]], {
      cfg: { "net.limits.registry.namelength": 10, "net.registry.missingpacketaction": "ignore" },
    });
    // The protocol's own names are longer than that, so that only the message tells.
    expect(client.errors[0]?.message ?? "").toMatch(/empty or longer than the 10 bytes/);
    const lenient = offered({ [name]: 70 }, [[name]], {
      cfg: { "net.limits.registry.namelength": 10, "net.registry.missingpacketaction": "ignore" },
    });
    expect(lenient.client.connection.active).toBe(accepted);
  });

  test.each([
    [7, true],
    [6, false],
  ])("seven names with a limit of %d", (limit, accepted) => {
    const { client } = offered({ ...INTERNAL, a: 70, b: 71 }, [["a"], ["b"]], {
      cfg: { "net.limits.registry.names": limit },
    });
    expect(client.connection.active).toBe(accepted);
    if (!accepted) expect(client.errors[0]?.message).toMatch("has 7 names, more than the 6");
  });
});

describe("PacketRegistry", () => {
  test("takes packets only, and knows what is special about each", () => {
    const registry = new PacketRegistry();
    const peer = {} as Peer;
    class Observing extends Packet {
      override send(): void {}
    }
    class Inner extends Packet {
      override _send(): void {}
    }
    class Sided extends SmartPacket {
      override readonly side = 1;
    }
    registry.register(new Packet(registry, peer), "plain");
    registry.register(new Packet(registry, peer), "low", 63);
    registry.register(new Packet(registry, peer), "peng3dnet:mine");
    registry.register(new Observing(registry, peer), "observing");
    registry.register(new Inner(registry, peer), "inner");
    registry.register(new SmartPacket(registry, peer), "smart");
    registry.register(new Sided(registry, peer), "sided");
    expect(() => registry.register({} as Packet, "x")).toThrow(TypeError);
    const about = [...registry].map(({ name, internal, protocol, observesSend }) => [
      name,
      internal,
      protocol,
      observesSend,
    ]);
    expect(about).toEqual([
      ["plain", false, false, false],
      ["low", true, false, false],
      ["peng3dnet:mine", true, false, false],
      ["observing", false, false, true],
      ["inner", false, false, true],
      ["smart", false, false, false],
      ["sided", false, false, false],
    ]);
    expect(registry.entry("smart").rule).toMatchObject({ state: 64, invalidAction: "ignore" });
    expect(Object.keys(registry.toMap())).toEqual([
      "plain",
      "low",
      "peng3dnet:mine",
      "observing",
      "inner",
      "smart",
      "sided",
    ]);
  });

  test("the five internal packets stand under their fixed ids, as the protocol's own", () => {
    const { server } = activePair(() => {});
    expect(mapOf(server.peer.registry)).toEqual(INTERNAL);
    expect([...server.peer.registry].every(({ internal, protocol }) => internal && protocol)).toBe(true);
  });
});

describe("a registry that is the client's own already", () => {
  const own: readonly Entry[] = [["game:a"], ["game:b", 70]];
  const same = { ...INTERNAL, "game:a": 64, "game:b": 70 };

  test("changes nothing, and the client is active", () => {
    const { client } = offered(same, own);
    expect(client.connection.active).toBe(true);
    // Exactly as many names as may be.
    const pair = new Pair(
      { setUp: register(own) },
      { setUp: register(own), cfg: { "net.limits.registry.names": 7 } },
    );
    const { registry } = pair.client.peer;
    const before = registry.revision;
    const entries = [...registry];
    pair.open();
    expect(pair.client.connection.active).toBe(true);
    expect(registry.revision).toBe(before);
    for (const [index, entry] of [...registry].entries()) expect(entry).toBe(entries[index]);
  });

  test.each<[string, unknown, EndOptions]>([
    ["too many names", same, { cfg: { "net.limits.registry.names": 6 } }],
    ["names that are too long", same, { cfg: { "net.limits.registry.namelength": 10 } }],
    ["one that the client has not", { ...same, "game:c": 71 }, {}],
    ["one less", { ...INTERNAL, "game:a": 64 }, {}],
  ])("is refused with %s", (_name, received, options) => {
    const { client } = offered(received, own, options);
    expect(client.connection.active).toBe(false);
    expect(client.errors.length).toBe(1);
  });

  test("is refused if both sides moved a packet of the protocol's own", () => {
    const pair = new Pair({ setUp: register(own) }, { setUp: register(own) });
    for (const { peer } of [pair.server, pair.client])
      peer.registry.reassignIDs([["peng3dnet:internal.closeconn", 80]]);
    pair.open();
    expect(pair.client.codes).toEqual(["P3D_ERR_PACKETREG_MISMATCH"]);
    expect(pair.client.errors[0]?.message).toMatch("the ids of the protocol's own packets are fixed");
  });

  test("is taken over where names were lacking before", () => {
    const { client } = offered(same, own, {
      setUp: (peer) => {
        register(own)(peer);
        peer.registry.takeOver(new Map(Object.entries(INTERNAL)));
        expect(peer.registry.find("game:a")?.lacking).toBe(true);
      },
    });
    expect([...client.peer.registry.lacking]).toEqual([]);
    expect(client.peer.registry.find("game:a")?.lacking).toBe(false);
  });
});
