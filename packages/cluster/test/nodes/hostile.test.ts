// What comes over the bus is checked like what clients send, and never makes a node throw.

import type { Bus } from "@peng3dnet/cluster";
import { nodePlatform } from "@peng3dnet/core";
import { definePacket, payload, SIDE_CLIENT, silentLogger } from "@peng3dnet/peer";
import * as fc from "fast-check";
import { Form } from "../../src/wire/form.js";
import * as forms from "../../src/wire/messages.js";
import { News, Say, TestCluster } from "../support/cluster.js";

const MALLORY = "mallory~AAAAAAAAAAAA";

async function one(cfg = {}) {
  const cluster = new TestCluster(nodePlatform);
  const a = await cluster.join("a", { cfg });
  const guest = await a.enter();
  a.node.group("room").add(guest.remote);
  const bus: Bus = await cluster.bus.connect({ name: "m", clock: cluster.net.clock, logger: silentLogger });
  await cluster.turn(3);
  const publish = async (subject: string, payload: Uint8Array): Promise<void> => {
    bus.publish(`peng3dnet.${subject}`, payload);
    await cluster.settle();
  };
  let number = 0;
  const forge = (bytes: Uint8Array, parts: { name?: string; flags?: number } = {}): Promise<void> => {
    const all = { from: MALLORY, stream: 1, number: ++number, name: News.name, flags: 0 };
    const message = { ...all, except: [], exceptGroups: [], ...parts };
    return publish("g.room", forms.GROUP_MESSAGE.write(message, bytes));
  };
  return { cluster, a, guest, bus, publish, forge };
}

test("a well-made packet of a node that nobody has heard of is delivered, and the node asked who it is", async () => {
  const { a, guest, forge } = await one();
  await forge(new Uint8Array([0xa2, 0x68, 0x69]));
  expect([guest.news, [...a.node.nodes.keys()], a.node.metrics.refused]).toEqual([["hi"], [MALLORY], 0]);
});

test.each([
  ["no body", []],
  ["two values", [0xc0, 0xc0]],
  ["a body that is cut off", [0x92, 0xc0]],
  ["too deep a body", Array.from({ length: 40 }, () => 0x91).concat(0xc0)],
  ["a body with an array that is not there", [0xdd, 0xff, 0xff, 0xff, 0xff]],
])("%s is dropped", async (_, bytes) => {
  const { a, guest, forge } = await one({ "net.limits.depth": 32 });
  await forge(new Uint8Array(bytes));
  await forge(new Uint8Array([1]));
  expect([guest.news, a.node.metrics.refused, a.warnings.length, a.gaps]).toEqual([[1], 1, 1, []]);
  expect(guest.remote.active).toBe(true);
});

test("what is longer than this server's packets may be, or inflates to more than it takes, is dropped", async () => {
  const { a, guest, forge } = await one({
    "net.limits.packetlength": 2000,
    "net.limits.inflated": 5000,
    "net.limits.packetlength.handshake": 2000,
  });
  const { deflate } = nodePlatform.compression(6)!;
  const long = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    bytes.set([0xda, (length - 3) >> 8, (length - 3) & 0xff]);
    return bytes.fill(0x61, 3);
  };
  await forge(long(2001));
  await forge(deflate(long(5001)), { flags: 1 });
  await forge(deflate(long(4000)).subarray(1), { flags: 1 });
  await forge(new Uint8Array([1]), { flags: 2 });
  expect([guest.news, a.node.metrics.refused]).toEqual([[], 4]);
  await forge(deflate(long(4000)), { flags: 1 });
  await forge(long(1000));
  expect(guest.news).toEqual(["a".repeat(3997), "a".repeat(997)]);
});

test("packets that clients may not get are dropped, with one warning for each kind", async () => {
  const { a, guest, forge } = await one();
  const nil = new Uint8Array([0xc0]);
  for (let n = 0; n < 3; n++) {
    await forge(nil, { name: Say.name });
    await forge(nil, { name: "peng3dnet:internal.closeconn" });
    await forge(nil, { name: "test:unknown" });
  }
  expect([guest.news, guest.remote.active, a.node.metrics.refused]).toEqual([[], true, 9]);
  expect(a.warnings).toHaveLength(3);
  expect(a.warnings[2]).toMatch(/"test:unknown".*register the same packets on all nodes/);
  // Names that are made up fill no log.
  for (let n = 0; n < 300; n++) await forge(nil, { name: `test:${n}` });
  expect(a.warnings.length).toBeLessThanOrEqual(100);
});

test("nodes with different packets go on with those that they share", async () => {
  const Extra = definePacket({ name: "test:extra", schema: payload<number>(), side: SIDE_CLIENT });
  const cluster = new TestCluster();
  const a = await cluster.join("a", { packets: [Extra, News] });
  const b = await cluster.join("b", { packets: [News] });
  await cluster.turn(3);
  const here = await a.enter();
  const there = await b.enter();
  here.client.on(Extra, () => {});
  a.node.group("room").add(here.remote);
  b.node.group("room").add(there.remote);
  await cluster.settle();
  for (let n = 0; n < 3; n++) {
    a.node.group("room").broadcast(Extra, n);
    a.node.group("room").broadcast(News, n);
    a.node.send(there.id, Extra, n);
  }
  await cluster.settle();
  // The ids of the shared one differ.
  expect(a.server.registry.getID(News.name)).not.toBe(b.server.registry.getID(News.name));
  expect([here.news, there.news, b.gaps]).toEqual([[0, 1, 2], [0, 1, 2], []]);
  expect(b.warnings.filter((text) => text.includes("test:extra"))).toHaveLength(1);
  expect(b.node.metrics.refused).toBe(6);
});

test("a node of another version is warned of once, and is no node here", async () => {
  const { a, publish } = await one();
  const beat = forms.BEAT.write({ from: MALLORY, version: 0, advertised: null, clients: 0 });
  beat[1] = 2;
  for (let n = 0; n < 3; n++) await publish("a", beat);
  expect([a.node.nodes.size, a.node.metrics.refused, a.warnings.length]).toEqual([0, 3, 1]);
  expect(a.warnings[0]).toMatch(/version 2.*same version of @peng3dnet\/cluster/);
});

test("there are no more nodes than may be", async () => {
  const cluster = new TestCluster();
  const a = await cluster.join("a", { join: { maxNodes: 2 } });
  const bus = await cluster.bus.connect({ name: "m", clock: cluster.net.clock, logger: silentLogger });
  for (const letter of ["A", "B", "C", "D"])
    bus.publish(
      "peng3dnet.a",
      forms.BEAT.write({ from: `m~${letter.repeat(12)}`, version: 0, advertised: null, clients: 0 }),
    );
  await cluster.settle();
  expect([a.node.nodes.size, a.node.metrics.refused]).toEqual([2, 2]);
  await cluster.turn(7);
  expect(a.node.nodes.size).toBe(0);
});

test("a node that wants to hear 100,000 groups is answered in a few messages for each that it sent", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"], { join: { maxGroups: 100 } });
  const guest = await b.enter();
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  a.node.group("room").broadcast(News, 1);
  await cluster.settle();
  const bus: Bus = await cluster.bus.connect({ name: "m", clock: cluster.net.clock, logger: silentLogger });
  const parts = 200;
  const { messagesOut } = a.node.metrics;
  for (let part = 0; part < parts; part++) {
    const groups = Array.from({ length: 500 }, (_, at): forms.Wanted => [`${part * 500 + at}`, 1]);
    bus.publish(
      `peng3dnet.n.${a.node.id}`,
      forms.STATE.write({ from: MALLORY, version: 1, part, parts, groups }),
    );
    await cluster.settle();
  }
  // Each ends all sequences that there are, twice, which is told to all; and there is the answer.
  expect(a.node.metrics.messagesOut - messagesOut).toBeLessThanOrEqual(3 * parts + 5);
  a.node.group("room").broadcast(News, 2);
  await cluster.settle();
  expect([guest.news, b.gaps]).toEqual([[1, 2], []]);
});

test.each(["said at once", "said one by one", "said in parts that do not end", "said before a silence"])(
  "however many nodes there are, groups are kept of some, and the others get everything: %s",
  async (how) => {
    const cluster = new TestCluster();
    const a = await cluster.join("a", { join: { maxGroups: 100 } });
    const bus: Bus = await cluster.bus.connect({ name: "m", clock: cluster.net.clock, logger: silentLogger });
    const ids = Array.from({ length: 9 }, (_, at) => `m${at}~AAAAAAAAAAAA`);
    const say = (from: string, names: readonly string[], parts = 1): void =>
      bus.publish(
        `peng3dnet.n.${a.node.id}`,
        forms.STATE.write({ from, version: 1, part: 0, parts, groups: names.map((name) => [name, 1]) }),
      );
    const names = Array.from({ length: 100 }, (_, at) => `${at}`);
    const begin = async (from: string): Promise<void> => {
      if (how === "said at once") say(from, names);
      else if (how === "said in parts that do not end") say(from, names, 2);
      else {
        say(from, []);
        for (const [at, name] of names.entries())
          bus.publish(
            "peng3dnet.a",
            forms.INTEREST.write({ from, base: at + 1, version: at + 2, added: [name], removed: [] }),
          );
      }
      await cluster.settle();
    };
    /** Whether what is sent to a group that nobody has named is kept here. */
    const keeps = async (): Promise<boolean> => {
      const { broadcastsKept } = a.node.metrics;
      a.node.group("other").broadcast(News, 1);
      return a.node.metrics.broadcastsKept > broadcastsKept;
    };
    await cluster.turn(3);
    for (let round = 0; round < 2; round++) {
      for (const from of ids.slice(0, 8)) await begin(from);
      if (how === "said before a silence") {
        await cluster.turn(7);
        expect(a.node.nodes.size).toBe(0);
      }
      if (how === "said in parts that do not end") {
        say(ids[8] as string, names);
        await cluster.settle();
        // What these have said so far took all place, so that what one said whole was not kept.
        for (const from of ids.slice(0, 8)) bus.publish("peng3dnet.a", forms.BYE.write({ from }));
        await cluster.settle();
        expect([a.node.nodes.size, await keeps()]).toEqual([1, false]);
      } else {
        expect(await keeps()).toBe(true);
        await begin(ids[8] as string);
        expect(await keeps()).toBe(false);
      }
      for (const from of ids) bus.publish("peng3dnet.a", forms.BYE.write({ from }));
      await cluster.settle();
      expect([a.node.nodes.size, await keeps()]).toEqual([0, true]);
    }
    // All place is there again.
    say(ids[0] as string, names);
    await cluster.settle();
    expect(await keeps()).toBe(true);
  },
);

test("a forged word of what a node wants to hear holds until its next beats", async () => {
  const { cluster, a, guest, publish } = await one();
  const b = await cluster.join("b");
  await cluster.turn(3);
  const { id: from } = a.node;
  const parts = { version: Number.MAX_SAFE_INTEGER, part: 0, parts: 1, groups: [] };
  await publish(`n.${b.node.id}`, forms.STATE.write({ from, ...parts }));
  await cluster.turn(3);
  b.node.group("room").broadcast(News, 1);
  a.node.group("other").add(guest.remote);
  await cluster.settle();
  b.node.group("other").broadcast(News, 2);
  b.node.group("nobody's").broadcast(News, 3);
  await cluster.settle();
  expect([guest.news, b.node.metrics.broadcastsOut]).toEqual([[1, 2], 2]);
});

test("a forged answer to what this node never said is none", async () => {
  const { cluster, a, guest, publish } = await one();
  const b = await cluster.join("b");
  await cluster.turn(3);
  const parts = { base: -1, version: Number.MAX_SAFE_INTEGER, part: 0, more: false, positions: [] };
  await publish(`n.${a.node.id}`, forms.POSITIONS.write({ from: b.node.id, ...parts }));
  cluster.bus.drop(({ from }) => from === "b");
  a.node.group("other").add(guest.remote);
  let flushed = false;
  void a.node.flush().then(() => (flushed = true));
  await cluster.turn(1);
  expect(flushed).toBe(false);
  cluster.bus.heal();
  await cluster.turn(2);
  expect(flushed).toBe(true);
});

test("a group that is left out a thousand times is left out once", async () => {
  const { cluster, a, guest, bus } = await one();
  for (let count = 0; count < 50; count++) a.node.group("red").add((await a.enter()).remote);
  a.node.group("red").add(guest.remote);
  const seen: number[] = [];
  const broadcast = a.server.broadcast.bind(a.server) as (...args: unknown[]) => number;
  a.server.broadcast = ((...args: [unknown, unknown, { readonly except: readonly unknown[] }]) => {
    seen.push(args[2].except.length);
    return broadcast(...args);
  }) as never;
  const parts = { from: MALLORY, stream: 1, number: 1, name: News.name, flags: 0, except: [] };
  const exceptGroups = Array.from({ length: 1024 }, () => "red");
  bus.publish("peng3dnet.g.room", forms.GROUP_MESSAGE.write({ ...parts, exceptGroups }, new Uint8Array([1])));
  await cluster.settle();
  expect([seen, guest.news]).toEqual([[51], []]);
});

test("no bytes, on any subject, make a node throw, or leave or stop it", async () => {
  const { cluster, a, guest, bus } = await one();
  await a.node.group("room").members({ timeout: 0 });
  const subjects = ["a", "p", "g.room", `n.${a.node.id}`].map((subject) => `peng3dnet.${subject}`);
  const value = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom<unknown>(MALLORY, a.node.id, "room", [], ["room"], [["room", 1, 2]]),
    },
    // No cid of the client here: whoever can write to the bus may close it.
    fc.constantFrom(-2, -1, 0, 10, 11),
    fc.constantFrom<unknown>(Number.MAX_SAFE_INTEGER, null, true, "", "test:news", 0.5, {}, [["room"]]),
  );
  const message = fc
    .tuple(
      fc.integer({ min: 0, max: 20 }),
      fc.array(value, { maxLength: 8 }),
      fc.uint8Array({ maxLength: 8 }),
    )
    .map(([kind, values, bytes]) => {
      const parts = Object.fromEntries(
        values.map((_, place) => [`p${place}`, (_: unknown): _ is unknown => true]),
      );
      const named = Object.fromEntries(values.map((one, place) => [`p${place}`, one]));
      return new Form(kind, "any", parts).write(named as never, bytes);
    });
  // As the forms have them, with one part that may be anything.
  const almost = fc
    .tuple(fc.constantFrom(...Object.values(forms).filter((one) => one instanceof Form)), fc.nat(9), value)
    .map(([form, place, odd]) => {
      const right = {
        from: MALLORY,
        stream: 1,
        number: 1,
        name: "test:news",
        flags: 0,
        except: [],
        exceptGroups: [],
        version: 1,
        advertised: null,
        clients: 0,
        present: [[1, new Uint8Array([0xc0]), ["room"]]],
        base: 0,
        added: ["room"],
        removed: ["room"],
        end: false,
        positions: [["room", 1, 2]],
        part: 0,
        parts: 1,
        groups: ["room"],
        more: false,
        cid: 77,
        id: 1,
        timeout: 0,
        reason: null,
        outcome: "answered",
        code: "",
        message: null,
      };
      const names = Object.keys(right);
      return (form as Form<never>).write(
        { ...right, [names[place * 2]!]: odd } as never,
        new Uint8Array([1]),
      );
    });
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(fc.constantFrom(...subjects), fc.oneof(fc.uint8Array({ maxLength: 40 }), message, almost)),
        {
          minLength: 20,
          maxLength: 60,
        },
      ),
      async (messages) => {
        for (const [subject, bytes] of messages) bus.publish(subject, bytes);
        await cluster.settle();
      },
    ),
    { numRuns: 60, endOnFailure: true },
  );
  await cluster.turn(7);
  const { news } = guest;
  news.length = 0;
  a.node.group("room").broadcast(News, "still here");
  await cluster.settle();
  expect(news).toEqual(["still here"]);
  expect(a.warnings.filter((text) => text.includes("threw"))).toEqual([]);
});
