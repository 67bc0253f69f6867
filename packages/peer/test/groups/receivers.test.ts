// Broadcasts to some: `to` and `except` of server.broadcast, and group.broadcast.

import { type ClientOnServer, MsgpackCodec, type Server } from "@peng3dnet/peer";
import { type Crowd, type Guest, makeCrowd, News } from "./support/crowd.js";

class CountingCodec extends MsgpackCodec {
  encodes = 0;
  override encode(value: unknown): Uint8Array {
    this.encodes++;
    return super.encode(value);
  }
}

const remotes = ({ guests }: Crowd): ClientOnServer[] => guests.map(({ remote }) => remote);
const counts = ({ guests }: Crowd): number[] => guests.map(({ news }) => news.length);

test("to: goes to those who are listed, by object or id, to each once, and to nobody who has left", async () => {
  const codec = new CountingCodec();
  const crowd = await makeCrowd(5, { codec, validateSent: false });
  const { server, net } = crowd;
  const [a, b, c, d, e] = remotes(crowd) as [
    ClientOnServer,
    ClientOnServer,
    ClientOnServer,
    ClientOnServer,
    ClientOnServer,
  ];
  await d.close();
  codec.encodes = 0;
  expect(server.broadcast(News, 1, { to: [a, b.cid, a, a.cid, 99, d, d.cid] })).toBe(2);
  expect(server.broadcast(News, 2, { to: new Set([c]), except: a })).toBe(1);
  expect(
    server.broadcast(News, 3, {
      to: (function* () {
        yield a;
        yield e.cid;
        yield c;
      })(),
      except: [c, d, 99],
    }),
  ).toBe(2);
  expect(server.broadcast(News, 4, { except: c })).toBe(3);
  expect(codec.encodes).toBe(4);
  expect(server.broadcast(News, 5, { to: [] })).toBe(0);
  expect(server.broadcast(News, 5, { to: [a], except: [a.cid] })).toBe(0);
  expect(codec.encodes).toBe(4);
  await net.settle();
  expect(crowd.guests.map(({ news }) => news)).toEqual([[1, 3, 4], [1, 4], [2], [], [3, 4]]);
});

test.each([
  ["a generator", (walk: () => Generator<ClientOnServer>) => walk()],
  [
    "an array",
    (walk: () => Generator<ClientOnServer>) => Object.assign([...walk()], { [Symbol.iterator]: walk }),
  ],
])("to: who is listed twice gets it once, whatever the iterator of %s sends meanwhile", async (_, listOf) => {
  const crowd = await makeCrowd(2);
  const { server, net } = crowd;
  const [a, b] = remotes(crowd) as [ClientOnServer, ClientOnServer];
  function* walk(): Generator<ClientOnServer> {
    for (const client of [a, b, a, b]) {
      yield client;
      server.broadcast(News, "meanwhile", { to: [client] });
    }
  }
  expect(server.broadcast(News, "hello", { to: listOf(walk) as Iterable<ClientOnServer> })).toBe(2);
  await net.settle();
  expect(crowd.guests.map(({ news }) => news.filter((one) => one === "hello"))).toEqual([
    ["hello"],
    ["hello"],
  ]);
});

test("a group: encoded once for all, except others and other groups", async () => {
  const codec = new CountingCodec();
  const crowd = await makeCrowd(5, { codec, validateSent: false });
  const { server, net } = crowd;
  const [a, b, c, d] = remotes(crowd) as [ClientOnServer, ClientOnServer, ClientOnServer, ClientOnServer];
  const room = server.group("room");
  const team = server.group("team");
  for (const client of [a, b, c]) room.add(client);
  for (const client of [c, d]) team.add(client);
  codec.encodes = 0;
  expect(room.broadcast(News, "room")).toBe(3);
  expect(room.broadcast(News, "but a", { except: a })).toBe(2);
  expect(room.broadcast(News, "but the team", { except: team })).toBe(2);
  expect(server.broadcast(News, "room again", { to: room })).toBe(3);
  expect(server.broadcast(News, "both", { to: [...room, ...team] })).toBe(4);
  expect(codec.encodes).toBe(5);
  expect(server.group("nobody").broadcast(News, "")).toBe(0);
  expect(codec.encodes).toBe(5);
  await net.settle();
  expect(crowd.guests.map(({ news }) => news)).toEqual([
    ["room", "but the team", "room again", "both"],
    ["room", "but a", "but the team", "room again", "both"],
    ["room", "but a", "room again", "both"],
    ["both"],
    [],
  ]);
});

test("members that wait for the same packets wait for the same bytes", async () => {
  const crowd = await makeCrowd(4);
  const { server, net, guests } = crowd;
  const room = server.group("room");
  for (const client of remotes(crowd).slice(1)) room.add(client);
  for (let n = 0; n < 3; n++) room.broadcast(News, `message ${n}`);
  await net.settle();
  expect(guests.map(({ writes }) => writes.length)).toEqual([0, 1, 1, 1]);
  expect(new Set(guests.slice(1).map(({ writes }) => writes[0]?.buffer)).size).toBe(1);
});

test("a member that does not read delays no other", async () => {
  const crowd = await makeCrowd(3);
  const { server, net, guests } = crowd;
  const room = server.group("room");
  for (const client of remotes(crowd)) room.add(client);
  guests[1]?.link.toClient.freeze();
  const long = "x".repeat(100_000);
  for (let n = 0; n < 8; n++) {
    expect(room.broadcast(News, long)).toBe(3);
    await net.settle();
    expect(counts(crowd)).toEqual([n + 1, 0, n + 1]);
  }
  guests[1]?.link.toClient.thaw();
  await net.settle();
  expect(counts(crowd)).toEqual([8, 8, 8]);
});

test("members that are closing, or still in the handshake, are passed by", async () => {
  const crowd = await makeCrowd(3);
  const { server, net, guests } = crowd;
  const room = server.group("room");
  server.on("connection", (client) => void room.add(client));
  for (const client of remotes(crowd)) room.add(client);
  const late = net.client({ packets: [News] });
  net.connect(late, server, { prepare: (link) => link.toServer.freeze() });
  const closing = (guests[0] as Guest).remote.close("away");
  expect(room.size).toBe(4);
  expect(room.broadcast(News, "hello")).toBe(2);
  await closing;
  expect(room.size).toBe(3);
  await net.settle();
  expect(counts(crowd)).toEqual([0, 1, 1]);
});

test("what a broadcast causes may change the group: it goes to those who were in it", async () => {
  const seen: number[] = [];
  const crowd = await makeCrowd(4);
  const { server, net } = crowd;
  const [a, b, c, d] = remotes(crowd) as [ClientOnServer, ClientOnServer, ClientOnServer, ClientOnServer];
  const room = server.group("room");
  for (const client of [a, b, c]) room.add(client);
  a.onSend = () => {
    seen.push(room.size);
    room.add(d);
    room.delete(a);
    room.add(a);
    room.delete(b);
    void c.close();
  };
  expect(room.broadcast(News, "first")).toBe(2);
  expect(seen).toEqual([3]);
  await net.settle();
  expect(new Set(room)).toEqual(new Set([a, d]));
  a.onSend = () => {
    for (const client of room) room.delete(client);
  };
  expect(room.broadcast(News, "second")).toBe(2);
  expect(server.groups.size).toBe(0);
  expect(room.broadcast(News, "third")).toBe(0);
  await net.settle();
  expect(crowd.guests.map(({ news }) => news)).toEqual([["first", "second"], ["first"], [], ["second"]]);
});

test("an overridden broadcast sees those of groups", async () => {
  const seen: unknown[] = [];
  const crowd = await makeCrowd(2);
  const { server } = crowd;
  const original = server.broadcast.bind(server) as Server["broadcast"];
  server.broadcast = ((...args: Parameters<Server["broadcast"]>) => {
    seen.push(args[0], args[1]);
    return original(...args);
  }) as Server["broadcast"];
  const room = server.group("room");
  room.add(crowd.guests[0]?.remote as ClientOnServer);
  expect(room.broadcast(News, "hello")).toBe(1);
  expect(seen).toEqual([News, "hello"]);
});

test("mistakes are told before anything is sent", async () => {
  const crowd = await makeCrowd(1);
  const { server, net } = crowd;
  const other = await makeCrowd(1);
  const [a] = remotes(crowd) as [ClientOnServer];
  const [foreign] = remotes(other) as [ClientOnServer];
  const send = (options: unknown) => server.broadcast(News, "hello", options as { to: [] });
  other.server.group("room").add(foreign);
  server.group("room").add(a);
  expect(() => send({ to: undefined })).toThrow("leave the option out to send to all");
  expect(() => send({ to: null })).toThrow(
    "the option to lists clients or their ids, e.g. [client], and is not null",
  );
  expect(() => send({ to: a })).toThrow("the option to lists clients");
  expect(() => send({ to: "1" })).toThrow('and is not "1"');
  expect(() => send({ to: [a, "1"] })).toThrow('to takes clients of the server or their ids, and not "1"');
  expect(() => send({ to: [a, foreign] })).toThrow("to was given a client of another server");
  expect(() => send({ to: other.server.group("room") })).toThrow("to was given a client of another server");
  expect(() => send({ except: ["1"] })).toThrow("except takes clients");
  expect(() => send({ except: foreign })).toThrow("except was given a client of another server");
  expect(() => server.group("room").broadcast("test:unknown", 1)).toThrow("not registered");
  expect(() => server.group("room").broadcast(News, new Set())).toThrow("a Set cannot be sent");
  await net.settle();
  expect(counts(crowd)).toEqual([0]);
});

test("an option that does not exist is refused, since all would get what is meant for few", async () => {
  const crowd = await makeCrowd(2);
  const { server, net } = crowd;
  const [a] = remotes(crowd) as [ClientOnServer];
  const room = server.group("room");
  room.add(a);
  for (const [options, told] of [
    [{ exept: a }, 'broadcast has no option "exept"; did you mean "except"?'],
    [{ too: [a] }, 'broadcast has no option "too"; did you mean "to"?'],
    [{ only: [a] }, 'broadcast has no option "only"; it has to, except'],
  ] as const) {
    expect(() => server.broadcast(News, 1, options as never)).toThrow(told);
  }
  expect(() => room.broadcast(News, 1, { exept: a } as never)).toThrow(
    'group.broadcast has no option "exept"; did you mean "except"?',
  );
  await net.settle();
  expect(counts(crowd)).toEqual([0, 0]);
});
