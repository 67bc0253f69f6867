// What has to compile for a user, and what the compiler says where something is wrong: about that, and in its words.

import { type Compiler, typeErrorsOf } from "./support/compile.js";

/** What all the modules below import. */
const shared = `
import { Client, ClientOnServer, definePacket, defineRequest, payload, Server, SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/core";
import { z } from "zod";

export const Greeting = definePacket({ name: "demo:greeting", schema: payload<{ text: string }>() });
export const Say = definePacket({ name: "demo:say", schema: payload<{ text: string }>(), side: SIDE_SERVER });
export const Heard = definePacket({ name: "demo:heard", schema: payload<{ text: string }>(), side: SIDE_CLIENT });
export const Move = definePacket({ name: "demo:move", schema: payload<[number, number]>() });
export const Path = definePacket({
  name: "demo:path",
  schema: z.object({ points: z.array(z.tuple([z.number(), z.number()])) }),
});
export const Buy = defineRequest({
  name: "demo:buy",
  request: payload<{ text: string }>(),
  response: z.object({ gold: z.string().transform(Number) }),
  errors: { toopoor: payload<{ missing: number }>() },
  side: SIDE_SERVER,
});
export const Ask = defineRequest({ name: "demo:ask", request: payload<string>(), response: payload<boolean>(), side: SIDE_CLIENT });
export const Pay = defineRequest({ name: "demo:pay", errors: { plain: payload<null>(), perhaps: payload<{ why: string } | null>() } });
export const Open = defineRequest({ name: "demo:open" });
export const packets = [Greeting, Say, Heard, Move, Path, Buy, Ask];
export type Packets = (typeof packets)[number];
export class Player extends ClientOnServer {
  score = 0;
}
export const client = new Client({ packets });
export const server = new Server({ packets });
export const game = new Server({ packets, clientcls: Player });
`;

const imports = `
import * as core from "@peng3dnet/core";
import { Client, ClientOnServer, Server, SmartPacket } from "@peng3dnet/core";
import { PingableClientMixin, PingableServerMixin } from "@peng3dnet/ping";
import { Ask, Buy, client, game, Greeting, Heard, Move, Open, packets, type Packets, Path, Pay, Player, Say, server } from "./shared.js";
`;

const right = {
  "a client with packets where any client is asked for": `
    export const c: Client = new Client({ packets });
    export class Game { readonly client: Client; constructor() { this.client = new Client({ packets }); } }
    const close = (any: Client) => any.close();
    close(client);
    export const one: Client = new Client({ packets: [Say] });
    c.sendMessage("demo:other", 5);
    c.on("close", (info) => info.reason);
  `,
  "a server with packets where any server is asked for": `
    export const s: Server = new Server({ packets });
    export const players: Server<Player> = new Server({ packets, clientcls: Player });
    export class Game { readonly server: Server<Player>; constructor() { this.server = game; } }
    const stop = (any: Server) => any.stop();
    const scores = (any: Server<Player>) => [...any.clients.values()].map(({ score }) => score);
    stop(server); stop(game); scores(game);
    players.on("close", ({ score }) => score);
  `,
  "groups and receivers": `
    const room = game.group("room");
    for (const player of room) player.score += 1;
    room.on("enter", ({ score }) => score).on("leave", (player) => player.sendMessage("demo:heard", { text: "" }));
    room.broadcast("demo:heard", { text: "" }, { except: room });
    const first: Player | undefined = game.clients.get(1);
    const any = first as ClientOnServer | undefined;
    if (first !== undefined && any !== undefined) { room.add(first); room.add(any); room.delete(first.cid); }
    game.broadcast(Heard, { text: "" }, { to: [1, 2], except: [1] });
    game.broadcast(Heard, { text: "" }, { to: room, except: first });
    game.broadcast(Heard, { text: "" }, { to: new Set(game.clients.values()) });
    game.on("groupenter", ({ score }, group) => [score, group.name, [...group].map((player) => player.score)]);
    game.on(Say, ({ text }, { client: player }) => {
      for (const group of player.groups.values()) group.broadcast("demo:heard", { text }, { except: player });
      for (const other of player.groups.get("room") ?? []) other.score += player.score;
      const groups: core.GroupMap<Player> = player.groups;
      return groups.size;
    });
    export class Mover extends ClientOnServer<number> {
      override onReceive() { for (const group of this.groups.values()) group.broadcast("demo:any", { text: "" }); }
    }
    export const shouted = (by: ClientOnServer) => [...by.groups.values()].map((group) => group.broadcast("demo:any", 5));
    export const names = first === undefined ? [] : [...first.groups.keys()];
    export const rooms: core.Group<Player> = room;
    export const all: core.GroupMap<Player> = game.groups;
  `,
  "the type of a client or server with packets, by name": `
    export const c: Client<Packets> = new Client({ packets });
    export const s: Server<Player, Packets> = new Server({ packets, clientcls: Player });
    export class Lobby extends Client<Packets> {}
    new Lobby({ packets }).sendMessage("demo:say", { text: "" });
    export const player: core.ClientOf<Player, Packets> | undefined = s.clients.get(1);
  `,
  requests: `
    export async function ask(any: Client) {
      (await client.request(Buy, { text: "" }, { timeout: 5 })).gold.toFixed();
      (await any.request(Buy, { text: "" })).gold.toFixed();
      const yes: boolean = await server.request(Ask, "sure?", 1);
      for (const player of game.clients.values()) if (await game.request(Ask, "sure?", player)) return player.request(Ask, "?");
      return yes;
    }
    game.answer(Buy, ({ text }, { client: player, signal }) => {
      if (signal.aborted || player.score < 0) throw Buy.error("toopoor", "", { missing: 5 });
      if (player.score === 1) throw Pay.error("plain");
      if (player.score === 2) throw Pay.error("perhaps", "", { why: "" });
      if (player.score === 3) throw Pay.error("perhaps");
      if (player.score === 4) throw Open.error("anything", "at all");
      player.sendMessage("demo:heard", { text });
      return { gold: "5" };
    });
    client.answer(Ask, async (text) => text === "sure?");
    export const missing = (error: unknown) => (Buy.isError(error) ? [error.data.missing, error.code] : []);
    export const anyOf = <R extends core.AnsweredBy<1>>(by: Client, request: R, input: core.RequestInput<R>): Promise<core.RequestAnswer<R>> =>
      by.request(request, input);
    new (PingableServerMixin(Server))({ packets, clientcls: Player }).answer(Buy, (_input, { client: { score } }) => ({ gold: String(score) }));
  `,
  "any peer": `
    const send = (peer: core.Peer) => peer.sendMessage("demo:say", {}, 1);
    send(client); send(server); send(game);
  `,
  tuples: `
    client.sendMessage(Move, [1, 2]);
    client.sendMessage("demo:move", [1, 2]);
    client.sendMessage(Path, { points: [[1, 2], [3, 4]] });
    server.broadcast(Move, [1, 2]);
    server.broadcast("demo:path", { points: [[1, 2]] });
    server.on(Move, ([x, y], { client: from }) => from.sendMessage(Move, [y, x]));
    const { x, y } = { x: 1, y: 2 };
    client.sendMessage("demo:move", [x, y]);
    client.trySend(Move, [1, 2]);
    client.trySend("demo:move", [x, y]);
    server.trySend("demo:move", [x, y], 1);
    server.on(Move, ([first, second], { client: from }) => from.trySend("demo:move", [second, first]) === "sent");
  `,
  "packets by id, and of the class style": `
    const sum = new core.Packet(client.registry, client);
    client.sendMessage(64, { anything: 1 });
    client.sendMessage(sum, 5);
    server.broadcast(sum, 5, { except: 1 });
    game.on(Say, (_msg, { client: player }) => player.sendMessage(64, player.score));
  `,
  "code that is generic in the event": `
    type Events = core.ServerEvents<ClientOnServer>;
    export const on = <K extends keyof Events & string>(by: Server, event: K, to: core.EventListener<Events, K>) => by.on(event, to).off(event, to);
    on(server, "close", (one, info) => [one.cid, info.reason]);
  `,
  "code that is generic in the packet": `
    export const send = <P extends core.SentTo<1>>(to: Client, packet: P, data: core.PacketInput<P>) => to.sendMessage(packet, data);
    export const sendOf = <T>(to: Client, packet: core.PacketDefinition<T, unknown, 1>, data: T) => to.sendMessage(packet, data);
    export const all = <P extends core.SentTo<0>>(by: Server, packet: P, data: core.PacketInput<P>) => by.broadcast(packet, data);
    export const take = <P extends core.ReceivedBy<1>>(by: Server, packet: P, to: (msg: core.PacketOutput<P>) => void) => by.on(packet, to).off(packet, to);
    export const next = <P extends core.ReceivedBy<1>>(by: Server, packet: P) => by.messages(packet).next();
    send(client, Say, { text: "" }); sendOf(client, Say, { text: "" }); all(server, Move, [1, 2]); take(server, Say, (msg) => msg.text);
  `,
  "methods of a client class of one's own": `
    class Member extends ClientOnServer {
      declare readonly "~packets"?: Packets;
      hello() { this.sendMessage("demo:heard", { text: "" }); }
      override onClose(reason: string | null) { this.server.broadcast("demo:left", { reason }); }
    }
    class Guest extends ClientOnServer {
      hello() { this.sendMessage("demo:anything", { text: "" }); }
      override sendMessage(ptype: core.PacketRef, data: unknown): boolean { return super.sendMessage(ptype as string, data); }
    }
    new Server({ packets, clientcls: Member }).on(Say, (_msg, { client: member }) => member.hello());
    new Server({ packets, clientcls: Guest }).on(Say, (_msg, { client: guest }) => guest.hello());
  `,
  "a client class where another type is asked for": `
    const greet = (to: Pick<ClientOnServer, "sendMessage">) => to.sendMessage("demo:heard", { text: "" });
    const score = (of: Player) => of.score;
    const first = <C extends ClientOnServer>(of: Server<C>): C | undefined => [...of.clients.values()][0];
    game.on("connection", (player) => [greet(player), score(player), first(game)?.score]);
    game.on(Say, (_msg, { client: player }) => player.sendMessage<typeof Heard>(Heard, { text: "" }));
    export const byId: Map<number, Player> = new Map(game.clients);
    const handler: core.MessageHandler<{ text: string }, Player> = ({ text }, { client: player }) => [text, player.score];
    game.on(Say, handler).off(Say, handler);
    export class Own extends Server<Player> {
      override accept(transport: core.Transport): Player { return super.accept(transport); }
      override processSinglePacket(player: Player) { super.processSinglePacket(player); }
    }
  `,
  "fields of a SmartPacket": `
    export class Shout extends SmartPacket<string> {
      override state = null;
      override mode = core.MODE_CHAT;
      override side = core.SIDE_SERVER;
      override conntype = "classic";
      override minSslsecLevel = core.SSLSEC_ENCRYPTED;
      override invalidAction = "close";
      override droppable = true;
    }
    export class Quiet extends SmartPacket { override readonly invalidAction = "error"; override readonly side = core.SIDE_CLIENT; override state = core.STATE_LOGGEDIN; }
  `,
  "a pingable server of one's own clients": `
    const Pingable = PingableServerMixin(Server);
    const pingable = new Pingable({ clientcls: Player, packets });
    pingable.on(Say, (_msg, { client: player }) => player.score + player.cid);
    for (const player of pingable.clients.values()) player.score++;
    class GameServer extends PingableServerMixin(Server)<Player> {
      override pingdata = { motd: "" };
      override getPingData() { return { score: [...this.clients.values()].map(({ score }) => score) }; }
    }
    for (const player of new GameServer({ clientcls: Player }).clients.values()) player.score++;
    export const both: Server<Player> = new (PingableServerMixin(Server<Player>))({ clientcls: Player });
    export const pinger: Client = new (PingableClientMixin(Client))({ packets });
  `,
};

const events = `
import { HeadlessPeng, type PengEventMap } from "@peng3dnet/peng3d-events";

interface GameEvents extends PengEventMap { "game:tick": undefined; "game:over": { winner: string }; }
const bus = new HeadlessPeng<GameEvents>();
`;

const typo = `'txt' does not exist in type '{ text: string; }'. Did you mean to write 'text'?`;
const misspelt = /'"demo:greting"' is not assignable to (parameter of )?type '.*"demo:greeting".*'/;

const wrong: Record<string, readonly [source: string, error: string | RegExp]> = {
  "a key of a payload": [`client.sendMessage(Greeting, { txt: "" });`, typo],
  "a value of a payload": [
    `client.sendMessage(Greeting, { text: 5 });`,
    "Type 'number' is not assignable to type 'string'.",
  ],
  "a payload that lacks a key": [
    `client.sendMessage(Greeting, {});`,
    "Property 'text' is missing in type '{}' but required in type '{ text: string; }'.",
  ],
  "a key of a request": [`export const asked = client.request(Buy, { txt: "" });`, typo],
  "a key of an answer": [
    `export const asked = client.request(Buy, { text: "" }).then(({ golf }) => golf);`,
    "Property 'golf' does not exist on type",
  ],
  "an answer": [
    `server.answer(Buy, () => ({ gold: 5 }));`,
    "Type 'number' is not assignable to type 'string'.",
  ],
  "an error of a request without its data": [
    `server.answer(Buy, () => { throw Buy.error("toopoor", "Too dear."); });`,
    "Expected 3 arguments, but got 2.",
  ],
  "data of an error of a request": [
    `server.answer(Buy, () => { throw Buy.error("toopoor", "Too dear.", { mising: 5 }); });`,
    /'mising' does not exist in type '.*'. Did you mean to write 'missing'?/,
  ],
  "a request that the other side does not answer": [
    `export const asked = client.request(Ask, "");`,
    "is not assignable to",
  ],
  "a request that is sent by hand": [`client.sendMessage(Buy, { text: "" });`, "is not assignable to"],
  "a key of a payload, by name": [`client.sendMessage("demo:greeting", { txt: "" });`, typo],
  "a key of a payload, from the server": [`server.sendMessage(Greeting, { txt: "" }, 1);`, typo],
  "a key of a payload, by name, from the server": [`server.sendMessage("demo:heard", { txt: "" }, 1);`, typo],
  "a key of a payload that is tried": [`client.trySend(Greeting, { txt: "" });`, typo],
  "a key of a payload that is tried, by name": [`client.trySend("demo:greeting", { txt: "" });`, typo],
  "a key of a payload that is tried, from the server": [`server.trySend(Greeting, { txt: "" }, 1);`, typo],
  "a key of a payload that is tried, to a client on the server": [
    `server.on(Say, (_msg, { client: from }) => from.trySend("demo:heard", { txt: "" }));`,
    typo,
  ],
  "a key of a payload for all": [`server.broadcast(Greeting, { txt: "" });`, typo],
  "a key of a payload for all, by name": [`server.broadcast("demo:heard", { txt: "" });`, typo],
  "a tuple that is too long": [
    `client.sendMessage(Move, [1, 2, 3]);`,
    "Source has 3 element(s) but target allows only 2.",
  ],
  "a tuple within a payload": [
    `client.sendMessage(Path, { points: [[1]] });`,
    "Source has 1 element(s) but target requires 2.",
  ],
  "a name": [`client.sendMessage("demo:greting", { text: "" });`, misspelt],
  "a name on the server": [`server.sendMessage("demo:greting", { text: "" }, 1);`, misspelt],
  "a name for all": [`server.broadcast("demo:greting", { text: "" });`, misspelt],
  "a name that the other side does not receive": [
    `client.sendMessage("demo:heard", { text: "" });`,
    `'"demo:heard"' is not assignable to`,
  ],
  "a packet that the other side does not receive": [
    `client.sendMessage(Heard, { text: "" });`,
    "is not assignable to type 'SentTo<1>'",
  ],
  "a name on a client in a handler": [
    `server.on(Say, (_msg, { client: from }) => { from.sendMessage("demo:greting", { text: "" }); });`,
    misspelt,
  ],
  "a name on a client of one's own class in a handler": [
    `game.on(Say, (_msg, { client: from }) => { from.score; from.sendMessage("demo:greting", { text: "" }); });`,
    misspelt,
  ],
  "a payload on a client in a handler": [
    `game.on(Say, (_msg, { client: from }) => { from.sendMessage("demo:heard", { txt: "" }); });`,
    typo,
  ],
  "a name on a client in an event": [
    `game.on("connection", (from) => { from.sendMessage("demo:greting", { text: "" }); });`,
    misspelt,
  ],
  "a name on a client from the map": [
    `for (const one of game.clients.values()) one.sendMessage("demo:greting", { text: "" });`,
    misspelt,
  ],
  "a name on a client from messages": [
    `export async function f() { for await (const { client: from } of game.messages(Say)) from.sendMessage("demo:greting", { text: "" }); }`,
    misspelt,
  ],
  "a name on the client itself in a handler": [
    `client.on(Heard, (_msg, { client: self }) => { self.sendMessage("demo:greting", { text: "" }); });`,
    misspelt,
  ],
  "a name for a group of a client in a handler": [
    `game.on(Say, (_msg, { client: from }) => {
       for (const group of from.groups.values()) group.broadcast("demo:greting", { text: "" });
     });`,
    misspelt,
  ],
  "a payload for a group of a client in a handler": [
    `game.on(Say, (_msg, { client: from }) => { from.groups.get("room")?.broadcast("demo:heard", { txt: "" }); });`,
    typo,
  ],
  "a packet for a group of a client in an event": [
    `game.on("connection", (from) => { from.groups.get("room")?.broadcast(Say, { text: "" }); });`,
    "is not assignable to type 'SentTo<0>'",
  ],
  "a key of a member of a group of a client": [
    `game.on(Say, (_msg, { client: from }) => { for (const other of from.groups.get("room") ?? []) other.scor; });`,
    /Property 'scor' does not exist on type '.*'\. Did you mean 'score'\?/,
  ],
  "a name in a method of a client class": [
    `export class Member extends ClientOnServer {
       declare readonly "~packets"?: Packets;
       hello() { this.sendMessage("demo:greting", { text: "" }); }
     }`,
    misspelt,
  ],
  "a name on a pingable server": [
    `const pingable = new (PingableServerMixin(Server))({ packets, clientcls: Player });
     pingable.broadcast("demo:greting", { text: "" });`,
    misspelt,
  ],
  "a name on a client of a pingable server": [
    `const pingable = new (PingableServerMixin(Server))({ packets, clientcls: Player });
     pingable.on(Say, (_msg, { client: player }) => { player.sendMessage("demo:greting", player.score); });`,
    misspelt,
  ],
  "a key in a handler": [
    `server.on(Greeting, (msg) => msg.txt);`,
    "Property 'txt' does not exist on type '{ text: string; }'. Did you mean 'text'?",
  ],
  "a handler of another payload": [
    `server.on(Greeting, (msg: { txt: string }) => msg);`,
    "Property 'txt' is missing in type '{ text: string; }' but required in type '{ txt: string; }'.",
  ],
  "a handler of another payload, taken away": [
    `server.off(Greeting, (msg: { txt: string }) => msg);`,
    "Property 'txt' is missing in type '{ text: string; }' but required in type '{ txt: string; }'.",
  ],
  "a key in messages": [
    `export async function f() { for await (const { msg } of server.messages(Greeting)) msg.txt; }`,
    "Property 'txt' does not exist on type '{ text: string; }'. Did you mean 'text'?",
  ],
  "a packet that this side does not receive": [
    `server.on(Heard, () => {});`,
    `Argument of type 'PacketDefinition<{ text: string; }, { text: string; }, 0, "demo:heard">' is not assignable`,
  ],
  "messages that this side does not receive": [
    `server.messages(Heard);`,
    "is not assignable to parameter of type 'ReceivedBy<1>'",
  ],
  "an event": [
    `server.on("conection", () => {});`,
    /Argument of type '"conection"' is not assignable to parameter of type '.*"connection".*'/,
  ],
  "an event, taken away": [
    `client.off("clos", () => {});`,
    /Argument of type '"clos"' is not assignable to parameter of type '.*"close".*'/,
  ],
  "an argument of an event": [
    `game.on("close", (one, info) => [one.score, info.why]);`,
    "Property 'why' does not exist on type 'CloseInfo'.",
  ],
  "a side of a SmartPacket": [
    `export class Shout extends SmartPacket { override side = 2; }`,
    "Property 'side' in type 'Shout' is not assignable to the same property in base type 'SmartPacket<unknown>'.",
  ],
};

const wrongEvents: Record<string, readonly [source: string, error: string | RegExp]> = {
  "an event without its data": [`bus.sendEvent("game:over");`, "Expected 2 arguments, but got 1."],
  "a key of the data of an event": [
    `bus.sendEvent("game:over", { winer: "" });`,
    /'winer' does not exist in type '.*'. Did you mean to write 'winner'?/,
  ],
  "the name of an event of a bus": [
    `bus.sendEvent("game:tik");`,
    /Argument of type '"game:tik"' is not assignable to parameter of type/,
  ],
};

const compilers: readonly Compiler[] = ["typescript", "typescript-5.9", "typescript-5.4"];

describe.each(compilers)("%s", (compiler) => {
  const modules: Record<string, string> = { shared };
  const moduleOf = (kind: string, what: string): string => `${kind}-${what.replace(/\W+/g, "-")}`;
  for (const [what, source] of Object.entries(right)) {
    modules[moduleOf("right", what)] = `${imports}${source}`;
  }
  for (const [what, [source]] of Object.entries(wrong)) {
    modules[moduleOf("wrong", what)] = `${imports}${source}`;
  }
  for (const [what, [source]] of Object.entries(wrongEvents)) {
    modules[moduleOf("wrong", what)] = `${events}${source}`;
  }
  modules[moduleOf("right", "an event without data")] = `${events}bus.sendEvent("game:tick");`;
  let errors: Record<string, string> = {};
  beforeAll(() => {
    errors = typeErrorsOf(modules, compiler);
  }, 60_000);

  test.each([...Object.keys(right), "an event without data"])("compiles: %s", (what) => {
    expect(errors[moduleOf("right", what)]).toBe("");
  });

  test.each(Object.entries({ ...wrong, ...wrongEvents }))("says what is wrong with %s", (what, [, error]) => {
    const text = errors[moduleOf("wrong", what)];
    expect(text).toMatch(error);
    expect(text).not.toMatch(/\bPacket<unknown>/);
    expect(text?.match(/error TS/g)).toHaveLength(1);
  });

  test("nothing is wrong with what they share", () => {
    expect(errors.shared).toBe("");
  });
});
