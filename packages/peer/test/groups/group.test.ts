// Groups: who is in them, and what becomes of them.

import {
  ClientOnServer,
  type ConnectionType,
  definePacket,
  Group,
  payload,
  Server,
  SIDE_SERVER,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { Names } from "../../src/groups/group-map.js";
import { stepsOf } from "../support/steps.js";
import { enterCrowd, type Guest, makeCrowd, News } from "./support/crowd.js";

const Say = definePacket({ name: "test:say", schema: payload<string>(), side: SIDE_SERVER });

type Three = readonly [Guest, Guest, Guest];

async function three() {
  const crowd = await makeCrowd(3);
  const [a, b, c] = crowd.guests as Three;
  return { ...crowd, a, b, c, room: crowd.server.group("room") };
}

test("has whom it was given, by object or by id, each once", async () => {
  const { room, a, b, c } = await three();
  expect([room.name, room.size, [...room]]).toEqual(["room", 0, []]);
  expect(room.add(a.remote)).toBe(true);
  expect(room.add(b.remote.cid)).toBe(true);
  expect(room.add(a.remote.cid)).toBe(false);
  expect(room.size).toBe(2);
  expect([...room]).toEqual([a.remote, b.remote]);
  expect([a.remote, b.remote.cid, c.remote, c.remote.cid, 99].map((who) => room.has(who))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(room.delete(a.remote.cid)).toBe(true);
  expect(room.delete(a.remote)).toBe(false);
  expect(room.delete(99)).toBe(false);
  expect([...room]).toEqual([b.remote]);
});

test("a client knows its groups, as they are at any time", async () => {
  const { server, a } = await three();
  const { groups } = a.remote;
  expect(groups.size).toBe(0);
  server.group("one").add(a.remote);
  server.group("two").add(a.remote);
  expect([...groups.keys()]).toEqual(["one", "two"]);
  expect(groups.get("two")?.size).toBe(1);
  expect(groups.get("two")).toBe(server.group("two"));
  server.group("one").delete(a.remote);
  expect([...groups.keys()]).toEqual(["two"]);
  expect([...groups]).toEqual([["two", server.group("two")]]);
  expect([...groups.values()]).toEqual([server.group("two")]);
  expect([groups.has("one"), groups.has("two"), groups.get("one"), groups.size]).toEqual([
    false,
    true,
    undefined,
    1,
  ]);
});

test("a group without members is gone; a handle to it works on, together with all others of its name", async () => {
  const { server, room, a, b } = await three();
  expect(server.groups.size).toBe(0);
  room.add(a.remote);
  expect([...server.groups.keys()]).toEqual(["room"]);
  room.delete(a.remote);
  expect(server.groups.size).toBe(0);
  const other = server.group("room");
  expect(other).not.toBe(room);
  other.add(b.remote);
  expect(server.group("room")).toBe(other);
  expect([...room]).toEqual([b.remote]);
  expect(room.add(a.remote)).toBe(true);
  expect(other.size).toBe(2);
  expect(room.broadcast("test:news", "hello")).toBe(2);
  room.delete(a.remote);
  room.delete(b.remote);
  expect([server.groups.size, other.size]).toEqual([0, 0]);
});

test("a connection that is closed has left all groups before anybody hears of the close", async () => {
  const seen: unknown[] = [];
  const look = (what: string, client: ClientOnServer): void => {
    const { server } = client;
    seen.push([what, client.groups.size, server.group("one").has(client), server.groups.size]);
    // What comes too late does not bring it back.
    seen.push(server.group("one").add(client), server.group("two").add(client.cid));
  };
  class Guarded extends ClientOnServer {
    override onClose(): void {
      look("onClose", this);
    }
  }
  const { server, net, guests } = await makeCrowd(2, { clientcls: Guarded });
  const [a, b] = guests as Three;
  for (const name of ["one", "two"]) {
    const group = server.group(name);
    group.add(a.remote);
    group.on("leave", (client) => look(`leave ${name}`, client));
  }
  server.group("one").add(b.remote);
  server.on("close", (client) => look("close", client));
  await a.client.close("bye");
  await net.settle();
  expect(seen.filter(Array.isArray)).toEqual([
    ["leave one", 0, false, 1],
    ["leave two", 0, false, 1],
    ["onClose", 0, false, 1],
    ["close", 0, false, 1],
  ]);
  expect(seen).not.toContain(true);
  expect([...server.group("one")]).toEqual([b.remote]);
  await server.shutdown();
  expect([server.groups.size, b.remote.groups.size]).toEqual([0, 0]);
});

test.each(["stop", "cut"])("so it is for one that is lost: %s", async (end) => {
  const { server, net, a, b, room } = await three();
  room.add(a.remote);
  room.add(b.remote);
  const sizes: number[] = [];
  server.on("close", () => void sizes.push(room.size));
  if (end === "stop") server.stop();
  else a.link.cut();
  await net.settle();
  expect(sizes).toEqual(end === "stop" ? [1, 0, 0] : [1]);
});

test("a connection type hears of the close after it, too", async () => {
  const { server, net, a, room } = await three();
  room.add(a.remote);
  const sizes: number[] = [];
  const type = server.getConnType("classic") as ConnectionType;
  jest.spyOn(type, "closed").mockImplementation(() => void sizes.push(room.size));
  const d = await enterCrowd(net, server);
  server.group("room").add(d.remote);
  await d.client.close();
  await a.client.close();
  await net.settle();
  expect(sizes).toEqual([1, 0]);
});

test("one whose last packets wait to be processed is still in its groups when they are", async () => {
  const net = new TestNetwork();
  const server = new Server({ packets: [Say, News], clock: net.clock });
  await server.runAsync();
  const { remote, client, link } = await enterCrowd(net, server, [Say]);
  server.group("room").add(remote);
  const seen: unknown[] = [];
  server.on(Say, (msg, { client: sender }) => void seen.push(msg, [...sender.groups.keys()]));
  server.on("close", (closed) => void seen.push("closed", closed.groups.size));
  client.sendMessage(Say, "last words");
  await net.settle();
  link.cut();
  await net.settle();
  expect([server.clients.size, remote.groups.size, seen.length]).toEqual([0, 1, 0]);
  expect(server.group("room").broadcast(News, "too late for the one")).toBe(0);
  server.process();
  await net.settle();
  expect(seen).toEqual(["last words", ["room"], "closed", 0]);
});

test("enter and leave are told to the group's listeners and to the server's", async () => {
  const { server, room, a, b } = await three();
  const seen: string[] = [];
  const note = (what: string) => (client: ClientOnServer) => void seen.push(`${what} ${client.cid}`);
  const entered = note("enter");
  room.on("enter", entered).on("leave", note("leave"));
  server.on("groupenter", (client, group) => void seen.push(`${client.cid} in ${group.name}`));
  server.on("groupleave", (client, group) => void seen.push(`${client.cid} out of ${group.name}`));
  room.add(a.remote);
  room.add(a.remote);
  server.group("elsewhere").add(a.remote);
  room.delete(a.remote);
  room.delete(a.remote);
  // The listeners are the name's, whatever became of the group meanwhile.
  server.group("room").add(b.remote);
  expect(seen).toEqual([
    "enter 1",
    "1 in room",
    "1 in elsewhere",
    "leave 1",
    "1 out of room",
    "enter 2",
    "2 in room",
  ]);
  room.off("enter", entered);
  room.add(a.remote);
  expect(seen.slice(7)).toEqual(["1 in room"]);
});

test("once() tells of the next one only, and off() takes it away before", async () => {
  const { server, room, a, b, c } = await three();
  const seen: string[] = [];
  const note = (what: string) => (client: ClientOnServer) => void seen.push(`${what} ${client.cid}`);
  const [always, unwanted] = [note("always"), note("unwanted")];
  room.once("enter", note("once")).once("leave", note("once out")).once("enter", unwanted);
  room.on("enter", always).off("enter", unwanted);
  // One that lets somebody else in is not called for that one, too.
  room.once("enter", () => void room.add(c.remote));
  room.add(a.remote);
  server.group("room").add(b.remote);
  room.delete(a.remote);
  room.delete(b.remote);
  expect(seen).toEqual(["once 1", "always 1", "always 3", "always 2", "once out 1"]);
  // And again, where nobody else listens to the name.
  room.off("enter", always);
  room.once("enter", note("once"));
  for (const { remote } of [a, b]) room.add(remote);
  expect(seen.slice(5)).toEqual(["once 1"]);
});

test("what a listener throws or rejects with is reported, and harms nobody", async () => {
  const { server, room, a } = await three();
  const errors: unknown[] = [];
  server.on("handlerError", (error, { where }) => void errors.push([String(error), where]));
  room.on("enter", () => {
    throw new Error("thrown");
  });
  room.on("enter", async () => {
    throw new Error("rejected");
  });
  expect(room.add(a.remote)).toBe(true);
  expect(room.size).toBe(1);
  await Promise.resolve();
  expect(errors).toEqual([
    ["Error: thrown", '"enter" listener of a group'],
    ["Error: rejected", '"enter" listener of a group'],
  ]);
});

test("a walk is not disturbed by changes: no newcomer, nobody twice, nobody who has left", async () => {
  const { room, a, b, c } = await three();
  room.add(a.remote);
  room.add(b.remote);
  const seen: number[] = [];
  for (const client of room) {
    seen.push(client.cid);
    room.delete(client);
    room.add(client);
    room.add(c.remote);
    room.delete(b.remote);
  }
  expect(seen).toEqual([1]);
  expect([...room].map(({ cid }) => cid).sort()).toEqual([1, 3]);
});

test("any number of names come and go, and nothing is left of them", async () => {
  const { server, a, b } = await three();
  for (let n = 0; n < 100; n++) server.group(`room ${n}`).add(a.remote);
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 100; n++) {
      server.group(`room ${n}`).add(b.remote);
      server.group(`other ${n}`).add(b.remote);
    }
    expect([server.groups.size, b.remote.groups.size]).toEqual([200, 200]);
    for (const group of b.remote.groups.values()) group.delete(b.remote);
    expect([server.groups.size, b.remote.groups.size, a.remote.groups.size]).toEqual([100, 0, 100]);
  }
  for (let n = 0; n < 100; n++) expect([...server.group(`room ${n}`)]).toEqual([a.remote]);
  for (let n = 0; n < 1000; n++) {
    server.group("room 7").delete(a.remote);
    expect(server.groups.has("room 7")).toBe(false);
    server.group("room 7").add(a.remote);
  }
  expect(a.remote.groups.size).toBe(100);
});

/** The maps in which `call` puts something under a key. */
function mapsThatGet(key: string, call: () => void): Map<unknown, unknown>[] {
  const maps: Map<unknown, unknown>[] = [];
  const { set } = Map.prototype;
  Map.prototype.set = function (name, value) {
    if (name === key) maps.push(this);
    return set.call(this, name, value);
  };
  try {
    call();
  } finally {
    Map.prototype.set = set;
  }
  return maps;
}

test("nothing is kept under the name of a group without listeners any more", async () => {
  const { a, room } = await three();
  const listener = (): void => {};
  const maps = mapsThatGet(room.name, () => void room.on("enter", listener));
  const kept = (): number => maps.filter((map) => map.has(room.name)).length;
  expect(kept()).toBe(1);
  room.off("enter", listener);
  expect(kept()).toBe(0);
  room.once("enter", listener);
  expect(kept()).toBe(1);
  room.add(a.remote);
  expect(kept()).toBe(0);
});

test("names that come and go leave little to go along", () => {
  const names = new Names<object>();
  for (let n = 0; n < 1000; n++) {
    names.set(`${n}`, {});
    names.delete(`${n}`);
  }
  expect(stepsOf(() => expect([...names.values()]).toEqual([]))).toBeLessThan(50);
});

test("the list of a group that was sent to is copied once, and not for each change", async () => {
  const { a, b, c, room } = await three();
  for (const { remote } of [a, b, c]) room.add(remote);
  const slice = jest.spyOn(Array.prototype, "slice");
  try {
    expect(room.broadcast(News, 1)).toBe(3);
    for (let n = 0; n < 10; n++) {
      room.delete(a.remote);
      room.add(a.remote);
    }
    const copied = slice.mock.contexts.filter((list) => Array.isArray(list) && list.includes(b.remote));
    expect(copied).toHaveLength(1);
  } finally {
    slice.mockRestore();
  }
});

test("a client of another server is in none of this one's groups, also if they have the same name", async () => {
  const { room, a } = await three();
  const other = await makeCrowd(1);
  const foreign = other.guests[0]?.remote as ClientOnServer;
  other.server.group("room").add(foreign);
  room.add(a.remote);
  expect([room.has(foreign), room.delete(foreign), room.size]).toEqual([false, false, 1]);
  expect(other.server.group("room").size).toBe(1);
});

test("mistakes are told", async () => {
  const { server, room, a } = await three();
  const other = await makeCrowd(1);
  const wrong = (value: unknown) => value as ClientOnServer;
  expect(() => server.group(7 as unknown as string)).toThrow(
    new TypeError("the name of a group is a text, and not 7"),
  );
  expect(() => room.add(wrong("a"))).toThrow(
    new TypeError('a group takes clients of the server or their ids, and not "a"'),
  );
  expect(() => room.add(wrong(other.guests[0]?.remote))).toThrow(
    new TypeError("a group was given a client of another server"),
  );
  expect(room.delete(wrong("a"))).toBe(false);
  expect(() => room.on("joined" as "enter", () => {})).toThrow('a group tells "enter" and "leave"');
  expect(() => room.on("enter", wrong(5) as never)).toThrow("a listener is a function, and not 5");
  expect(() => room.once("joined" as "enter", () => {})).toThrow('a group tells "enter" and "leave"');
  expect(() => room.once("enter", wrong(5) as never)).toThrow("a listener is a function, and not 5");
  expect(room.add(a.remote.cid + 1000)).toBe(false);
  expect(room).toBeInstanceOf(Group);
});

test("a broadcast to a group is for its members, and takes no others", async () => {
  const { room, a, b, server } = await three();
  room.add(a.remote);
  const to = { to: [b.remote] } as object;
  expect(() => room.broadcast(News, "news", to)).toThrow(TypeError);
  expect(() => room.broadcast(News, "news", to)).toThrow("server.broadcast");
  expect(server.broadcast(News, "news", to)).toBe(1);
});

test("whoever looks at the first member at each change has no list copied, and whoever goes on has those of the beginning", async () => {
  const { guests, server } = await makeCrowd(40);
  const room = server.group("room");
  const slice = jest.spyOn(Array.prototype, "slice");
  const first: unknown[] = [];
  try {
    for (const { remote } of guests) {
      room.add(remote);
      for (const member of room) {
        first.push(member);
        break;
      }
    }
    const copied = slice.mock.contexts.filter((list) => (list as unknown[]).length > 20);
    expect(copied.length).toBe(0);
  } finally {
    slice.mockRestore();
  }
  expect(new Set(first)).toEqual(new Set([guests[0]?.remote]));
  const [gone, ...left] = guests.map(({ remote }) => remote);
  const seen: unknown[] = [];
  for (const member of room) {
    if (seen.length === 0 && gone !== undefined) room.delete(gone);
    seen.push(member);
  }
  expect([seen, room.size]).toEqual([[gone, ...left], left.length]);
});
