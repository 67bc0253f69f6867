// What becomes of a packet that does not fit: on receipt, and on sending.

import {
  type AnyPacketDefinition,
  DefinedPacket,
  definePacket,
  InvalidPayloadError,
  InvalidStateError,
  Packet,
  payload,
  SIDE_CLIENT,
  SIDE_SERVER,
  SmartPacket,
  SmartPacketInvalidError,
  type StandardSchemaV1,
} from "@peng3dnet/protocol";
import { packet } from "../support/bytes.js";
import { activePair, activeServer, End, type EndOptions, type FakePeer } from "../support/pair.js";

type Made = (peer: FakePeer) => Packet;

const registered =
  (make: Made) =>
  (peer: FakePeer): void =>
    void peer.registry.register(make(peer), "a");

const defined =
  (definition: AnyPacketDefinition): Made =>
  (peer) =>
    new DefinedPacket(peer.registry, peer, definition);

const plain: Made = (peer) => new Packet(peer.registry, peer);

const smart =
  (fields: Partial<SmartPacket>): Made =>
  (peer) =>
    Object.assign(new SmartPacket(peer.registry, peer), fields);

const parsing =
  (parse: (msg: unknown) => unknown): Made =>
  (peer) =>
    Object.assign(plain(peer), { parse });

/** Notes why packets are ignored, and which payloads are dropped. */
function watched(end: End): { why: unknown[][]; dropped: unknown[][] } {
  const seen: { why: unknown[][]; dropped: unknown[][] } = { why: [], dropped: [] };
  Object.assign(end.host, {
    ignored: (_: string, ...more: unknown[]) => seen.why.push(more),
    payloadDropped: (...args: unknown[]) => seen.dropped.push(args),
  });
  return seen;
}

/** A server's end that ignores ids that it does not know. */
const server = (make: Made, options: EndOptions = {}): End =>
  activeServer(registered(make), { cfg: { "net.registry.unknownpacketaction": "ignore" }, ...options });

describe("a payload that does not fit", () => {
  const misfit = (): InvalidPayloadError => new InvalidPayloadError("a", [{ path: "x", message: "no" }]);

  test("is dropped where the packet has no conditions", () => {
    const error = misfit();
    const end = server(
      parsing(() => {
        throw error;
      }),
    );
    const seen = watched(end);
    end.receive(packet(64, "01"));
    expect(seen).toEqual({ why: [["invalidpayload", "a"]], dropped: [[error, "a"]] });
    expect([end.received, end.codes, end.host.failures]).toEqual([[], [], []]);
  });

  test("is dropped also where nobody asks to be told", () => {
    const end = server(
      parsing(() => {
        throw misfit();
      }),
    );
    end.receive(packet(64, "01"));
    expect([end.received, end.codes, end.host.failures]).toEqual([[], [], []]);
    expect(end.host.ignoredBecause).toEqual([expect.stringContaining("does not fit its schema")]);
  });

  test("is reported as the failure of a handler where the packet says so", () => {
    const schema: StandardSchemaV1<string> = {
      "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "no" }] }) },
    };
    const end = server(defined(definePacket({ name: "a", schema, invalidAction: "error" })));
    const seen = watched(end);
    end.receive(packet(64, "01"));
    expect(end.host.failures).toEqual([{ error: expect.any(InvalidPayloadError), where: "a" }]);
    expect(seen).toEqual({ why: [["invalidpayload", "a"]], dropped: [] });
  });

  test.each<[string, unknown]>([
    ["another error", new Error("mine")],
    ["nothing", undefined],
    ["nil", null],
    ["a text", "x"],
    [
      "what cannot be looked at",
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("no");
          },
        },
      ),
    ],
  ])("is not what a parser means that throws %s", (_, error) => {
    const end = server(
      parsing(() => {
        throw error;
      }),
    );
    const seen = watched(end);
    end.receive(packet(64, "01"));
    expect(end.host.failures.map(({ where }) => where)).toEqual(["a"]);
    expect(Object.is(end.host.failures[0]?.error, error)).toBe(true);
    expect(seen).toEqual({ why: [], dropped: [] });
    expect([end.received, end.codes]).toEqual([[], []]);
  });

  test("a parser that is asynchronous is a mistake, and its rejection is reported", async () => {
    const error = new Error("late");
    const end = server(parsing(() => Promise.reject(error)));
    end.receive(packet(64, "01"));
    await Promise.resolve();
    await Promise.resolve();
    expect(end.host.failures).toEqual([{ error, where: "a" }]);
  });

  test("has 32 keys of a path shown, and 20 of its issues", () => {
    const issues = Array.from({ length: 25 }, () => ({ message: "no", path: Array(40).fill("k") }));
    const schema: StandardSchemaV1<string> = {
      "~standard": { version: 1, vendor: "test", validate: () => ({ issues }) },
    };
    const end = server(defined(definePacket({ name: "a", schema })));
    const seen = watched(end);
    end.receive(packet(64, "01"));
    const [error] = seen.dropped[0] as [InvalidPayloadError];
    expect(error.issues).toEqual(Array(20).fill({ message: "no", path: Array(32).fill("k").join(".") }));
    expect(error.message).toContain("and 5 more");
  });

  test("an asynchronous schema is named", () => {
    const schema: StandardSchemaV1<string> = {
      "~standard": { version: 1, vendor: "test", validate: () => Promise.resolve({ value: "x" }) },
    };
    const end = server(defined(definePacket({ name: "a", schema })));
    end.receive(packet(64, "01"));
    expect(end.host.failures).toMatchObject([
      { error: { message: expect.stringContaining('the schema of "a" is asynchronous') } },
    ]);
  });
});

test("an application's own state is one in which packets are delivered", () => {
  const end = server(plain);
  end.connection.state = 100;
  end.receive(packet(64, "01"));
  expect([end.received, end.codes]).toEqual([[1], []]);
});

test("it is said why a packet was ignored", () => {
  const end = server(smart({ mode: 7 }));
  const { why } = watched(end);
  end.receive(packet(99, "01"));
  end.receive(packet(64, "01"));
  expect(why).toEqual([
    ["unknownpacket", undefined],
    ["smartpacketinvalid", "a"],
  ]);
  why.length = 0;
  expect(end.connection.send("a", 1)).toBe(false);
  expect(why).toEqual([["smartpacketinvalid", "a"]]);
});

describe("a packet that may not be sent", () => {
  test("throws where a definition does not say otherwise, and says what its conditions are", () => {
    const make = (invalidAction?: "ignore" | "close"): End =>
      server(
        defined(
          definePacket({
            name: "a",
            schema: payload<number>(),
            mode: 7,
            ...(invalidAction && { invalidAction }),
          }),
        ),
      );
    expect(() => make().connection.send("a", 1)).toThrow(SmartPacketInvalidError);
    expect(() => make().connection.send("a", 1)).toThrow(/its mode does not fit the connection: it needs 7/);
    expect(make("ignore").connection.send("a", 1)).toBe(false);
    const closing = make("close");
    expect(closing.connection.send("a", 1)).toBe(false);
    expect(closing.peer.closes).toEqual([{ cid: 1, reason: "smartpacketinvalid" }]);
  });

  test("is passed over among many, unless it is for the other side", () => {
    const bytes = packet(64, "01");
    const toMany = (make: Made): boolean => {
      const { connection, peer } = server(make);
      return connection.sendEncoded(peer.registry.entry("a"), bytes, "a", 1);
    };
    expect(toMany(defined(definePacket({ name: "a", schema: payload<number>(), mode: 7 })))).toBe(false);
    expect(() =>
      toMany(defined(definePacket({ name: "a", schema: payload<number>(), side: SIDE_SERVER }))),
    ).toThrow("only the server receives it");
  });

  test.each([
    ["a server", SIDE_SERVER, 'wait for the "handshakecomplete" event'],
    ["a client", SIDE_CLIENT, "wait for it with waitForConnection()"],
  ] as const)(
    "before the handshake is complete, is an error of %s that says what to wait for",
    (_, side, text) => {
      const definition = definePacket({ name: "a", schema: payload<number>() });
      for (const make of [plain, defined(definition)]) {
        const { connection } = new End(side, { setUp: registered(make) });
        connection.open();
        expect(() => connection.send("a", 1)).toThrow(InvalidStateError);
        expect(() => connection.send("a", 1)).toThrow(text);
      }
    },
  );

  test("before the handshake is complete, is told that its side is the wrong one if it is", () => {
    const definition = definePacket({ name: "a", schema: payload<number>(), side: SIDE_SERVER });
    const { connection } = new End(SIDE_SERVER, { setUp: registered(defined(definition)) });
    connection.open();
    expect(() => connection.send("a", 1)).toThrow(SmartPacketInvalidError);
  });

  test("is one that the server lacks", () => {
    const { client } = activePair(
      () => {},
      { cfg: { "net.registry.missingpacketaction": "ignore" } },
      { setUp: registered(plain), cfg: { "net.registry.missingpacketaction": "ignore" } },
    );
    expect(() => client.connection.send("a", 1)).toThrow(
      '"a" cannot be sent: the server has no packet of that name; register it there, too',
    );
  });
});

describe("a droppable packet", () => {
  const clogged = (droppable: boolean, policy: "drop" | "ignore"): boolean => {
    const end = server(smart({ droppable }), {
      cfg: {
        "net.limits.unsent.highwater": 1000,
        ...(policy === "drop" && { "net.limits.unsent.policy": "drop" }),
      },
    });
    const why: unknown[][] = [];
    Object.assign(end.host, { ignored: (...args: unknown[]) => why.push(args) });
    const { connection } = end;
    expect(connection.send("a", 1)).toBe(true);
    connection.backlog = 100_000;
    connection.waiting = 100_000;
    const before = connection.packetsOut;
    expect(connection.send("a", 2)).toBe(false);
    const sent = connection.packetsOut;
    const drops = droppable && policy === "drop";
    expect(sent - before).toBe(drops ? 0 : 1);
    expect(why).toEqual(drops ? [['"a" was dropped: the peer is behind', "dropped", "a"]] : []);
    connection.backlog = 0;
    connection.waiting = 0;
    expect(connection.send("a", 3)).toBe(true);
    expect(connection.packetsOut).toBe(sent + 1);
    return why.length > 0;
  };

  test.each([
    [true, "drop", true],
    [true, "ignore", false],
    [false, "drop", false],
    [false, "ignore", false],
  ] as const)("(%s) is dropped above the mark, with the policy %s: %s", (droppable, policy, dropped) => {
    expect(clogged(droppable, policy)).toBe(dropped);
  });
});

test("a packet can be told by those of another copy of this package", () => {
  expect(new Packet(server(plain).peer.registry, server(plain).peer)["~peng3dnet"]).toBe("packet");
});
