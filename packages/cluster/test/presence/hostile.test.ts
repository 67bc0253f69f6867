// What others say of their clients is bounded and checked.

import { silentLogger } from "@peng3dnet/peer";
import { PRESENCE, PRESENCE_AT, PRESENT, type Present, WATCH_ALL } from "../../src/wire/messages.js";
import { TestCluster } from "../support/cluster.js";
import { hear, known, membersOf } from "../support/presence.js";

const MALLORY = "mallory~AAAAAAAAAAAA";
const EMPTY = new Uint8Array(0);

/** A node that is asked, and one that is made up. */
async function one(maxMembers = 1000) {
  const cluster = new TestCluster();
  const a = await cluster.join("a", { join: { maxMembers } });
  const guest = await a.enter();
  a.node.group("room").add(guest.remote);
  const bus = await cluster.bus.connect({ name: "m", clock: cluster.net.clock, logger: silentLogger });
  const heard: Uint8Array[] = [];
  bus.subscribe(`peng3dnet.n.${MALLORY}`, (bytes) => heard.push(bytes));
  const events = hear(a, "room");
  await cluster.turn(3);
  const publish = async (bytes: Uint8Array): Promise<void> => {
    bus.publish(`peng3dnet.n.${a.node.id}`, bytes);
    await cluster.settle();
  };
  const all = (version: number, present: readonly Present[]): Promise<void> =>
    publish(PRESENT.write({ from: MALLORY, version, part: 0, parts: 1, present }));
  const change = (base: number, present: readonly Present[]): Promise<void> =>
    publish(PRESENCE.write({ from: MALLORY, base, version: base + 1, present }));
  return { cluster, a, guest, heard, events, publish, all, change };
}

test("what is no presence is dropped, and nothing of it counts", async () => {
  const { a, guest, all, events } = await one();
  const right: Present = [1, new Uint8Array([1]), ["room"]];
  // A text of 1,022 bytes.
  const tooLong = new Uint8Array(1025).fill(0x61);
  tooLong.set([0xda, 3, 0xfe]);
  for (const wrong of [
    [2, tooLong, ["room"]],
    [2, new Uint8Array([0x92, 1]), ["room"]],
    [2, new Uint8Array([1, 1]), ["room"]],
    [2, new Uint8Array(40).fill(0x91, 0, 39), ["room"]],
    [2, "text", ["room"]],
    [-1, EMPTY, ["room"]],
    [2, EMPTY, ["room".repeat(40)]],
    [2, EMPTY, Array.from({ length: 501 }, (_, n) => `${n}`)],
    [2, EMPTY],
  ])
    await all(1, [right, wrong as unknown as Present]);
  expect([a.node.metrics.refused, events]).toEqual([9, []]);
  expect(Object.keys(await known(a, "room"))).toEqual([guest.id]);
  await all(1, [right]);
  expect(events).toEqual([["memberenter", `${MALLORY}~1`, 1]]);
});

test("no more members of a node are kept than may be, and the node is named where some are not", async () => {
  const { cluster, a, all, change, events, heard } = await one(3);
  const asked = (): number => heard.filter((bytes) => bytes[6] === WATCH_ALL.kind).length;
  const guests = (count: number): Present[] =>
    Array.from({ length: count }, (_, cid) => [cid, EMPTY, ["room"]]);
  await all(1, guests(5));
  const found = async () => {
    const { members, incomplete } = await a.node.group("room").members({ timeout: 0 });
    return [members.length, incomplete];
  };
  expect(await found()).toEqual([4, [MALLORY]]);
  await all(2, guests(3));
  expect(await found()).toEqual([4, []]);
  await change(2, [[7, EMPTY, ["room"]]]);
  expect(await found()).toEqual([4, [MALLORY]]);
  const before = asked();
  await cluster.turn(1);
  expect(asked()).toBe(before);
  await change(3, [[0, EMPTY, []]]);
  // There is place again: it is asked for all.
  await cluster.turn(1);
  expect(asked()).toBe(before + 1);
  await all(4, [[7, EMPTY, ["room"]]]);
  expect(await found()).toEqual([2, []]);
  expect(events).toHaveLength(3 + 1 + 2 + 1);
  // A client in several groups counts several times.
  await all(5, [
    [7, EMPTY, ["room"]],
    [8, EMPTY, ["room", "red", "blue"]],
    [9, EMPTY, ["room", "red"]],
  ]);
  expect(await found()).toEqual([3, [MALLORY]]);
  await change(5, [[9, EMPTY, ["room", "red", "blue"]]]);
  expect(await found()).toEqual([2, [MALLORY]]);
  // One that has no place where all is told will have none the next time.
  await all(7, [
    [7, EMPTY, ["room"]],
    [8, EMPTY, ["room", "red", "blue"]],
  ]);
  const then = asked();
  await cluster.turn(1);
  expect([asked(), await found()]).toEqual([then, [2, [MALLORY]]]);
});

test("presence that is short, and long once it is decoded, is not kept without end", async () => {
  const { cluster, a, all, change, heard } = await one(100);
  const asked = (): number => heard.filter((bytes) => bytes[6] === WATCH_ALL.kind).length;
  // 250 empty lists: 12 kB once they are there, and the limit is at 25.6.
  const lists = new Uint8Array(253).fill(0x90);
  lists.set([0xdc, 0, 250]);
  const found = async () => {
    const { members, incomplete } = await a.node.group("room").members({ timeout: 0 });
    return [members.length - 1, incomplete];
  };
  await all(
    1,
    Array.from({ length: 50 }, (_, cid) => [cid, lists, ["room"]]),
  );
  expect(await found()).toEqual([2, [MALLORY]]);
  // As many as ever with little presence: the limit on members is another one.
  await all(
    2,
    Array.from({ length: 100 }, (_, cid) => [cid, new Uint8Array([0x81, 0xa1, 0x6e, 1]), ["room"]]),
  );
  expect(await found()).toEqual([100, []]);
  await all(3, [
    [1, lists, ["room"]],
    [2, lists, ["room"]],
    [3, lists, ["room"]],
  ]);
  expect(await found()).toEqual([2, [MALLORY]]);
  const before = asked();
  await cluster.turn(1);
  expect(asked()).toBe(before);
  // There is place again.
  await change(3, [[1, EMPTY, []]]);
  await cluster.turn(1);
  expect(asked()).toBe(before + 1);
});

test("where there are more than may be, not each one that leaves makes place enough to ask again", async () => {
  const { cluster, all, change, heard } = await one(100);
  const asked = (): number => heard.filter((bytes) => bytes[6] === WATCH_ALL.kind).length;
  await all(
    1,
    Array.from({ length: 110 }, (_, cid) => [cid, EMPTY, ["room"]]),
  );
  const before = asked();
  for (let cid = 0; cid < 12; cid++) await change(1 + cid, [[cid, EMPTY, []]]);
  await cluster.turn(1);
  expect(asked()).toBe(before);
  await change(13, [[12, EMPTY, []]]);
  await cluster.turn(1);
  expect(asked()).toBe(before + 1);
});

test("who is asked for is handed out anew each time: a program that changes it changes nothing", async () => {
  const { a, all } = await one();
  await all(1, [[1, new Uint8Array([0x81, 0xa1, 0x6e, 1]), ["room"]]]);
  for (let turn = 0; turn < 2; turn++) {
    const { members } = await a.node.group("room").members({ timeout: 0 });
    const member = members.find(({ node }) => node === MALLORY) as { presence: Record<string, unknown> };
    expect(member.presence).toEqual({ n: 1 });
    member.presence.n = 2;
  }
});

test("who asks for all again and again is told it once each beat", async () => {
  const { cluster, heard, publish } = await one();
  const told = (): number => heard.filter((bytes) => bytes[6] === PRESENT.kind).length;
  for (let n = 0; n < 50; n++) await publish(WATCH_ALL.write({ from: MALLORY }));
  expect(told()).toBe(1);
  await cluster.turn(1);
  expect(told()).toBe(2);
  await cluster.turn(1);
  expect(told()).toBe(2);
});

test("who claims that something is missing makes a node ask once each beat", async () => {
  const { cluster, heard, publish, all } = await one();
  await all(1, []);
  const asked = (): number => heard.filter((bytes) => bytes[6] === WATCH_ALL.kind).length;
  await cluster.turn(1);
  const before = asked();
  for (let n = 0; n < 50; n++) {
    await publish(PRESENCE_AT.write({ from: MALLORY, version: 7 + n }));
    await publish(PRESENCE.write({ from: MALLORY, base: 5, version: 700 + n, present: [] }));
  }
  expect(asked() - before).toBeLessThanOrEqual(1);
});

test("of a client in more groups than one message holds, others know some, and its node warns once", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  const guest = await a.enter();
  const names = Array.from({ length: 600 }, (_, n) => `room ${n}`);
  for (const name of names) a.node.group(name).add(guest.remote);
  await membersOf(cluster, b, "room 0");
  let count = 0;
  for (const name of names) count += Object.keys(await known(b, name)).length;
  expect([count, b.node.metrics.refused]).toEqual([500, 0]);
  a.node.setPresence(guest.remote, 1);
  await cluster.settle();
  expect(a.warnings.filter((text) => text.includes("more than 500 groups"))).toHaveLength(1);
});
