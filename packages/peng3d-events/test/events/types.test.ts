// What has to compile, and what must not. `npm run types` checks it; running it only shows that it loads.

import { EventEmitter } from "node:events";
import { Client, ClientOnServer, definePacket, type EngineLike, Server } from "@peng3dnet/core";
import {
  type ConnectionRecvData,
  type EmitterEvents,
  type EventArguments,
  events,
  fromEventEmitter,
  fromEventTarget,
  gather,
  HeadlessPeng,
  listen,
  PENG_EVENTS,
  PengEvent,
  type PengEventMap,
  type PengEventName,
  type ServerEventMap,
  toEventEmitter,
  toEventTarget,
} from "@peng3dnet/peng3d-events";

class Player extends ClientOnServer {
  score = 0;
}

class GameServer extends Server<Player> {
  round = 0;
}

const say = definePacket({ name: "chat:say" });

interface ChatMap extends PengEventMap {
  readonly "chat:said": { readonly text: string };
  readonly "chat:tick": undefined;
  readonly "chat:tock": Record<string, never>;
  readonly "chat:empty": object;
  readonly "chat:maybe": { readonly n: number } | undefined;
  readonly "chat:options": { readonly n?: number };
}

/** Events of a plugin: each has data, and none of the keys of a server's events. */
interface TicketMap extends PengEventMap {
  readonly "ticket:refused": { readonly cid: number };
}

/** Those of two plugins, one of which sends an event without data. */
interface MixedMap extends TicketMap {
  readonly "filter:full": undefined;
}

class Bell extends EventEmitter {}

class TypedBell extends EventEmitter<EmitterEvents> {}

/** Compiled, never called. */
function right(server: Server<Player>, client: Client, bus: HeadlessPeng): void {
  const engine: EngineLike = bus;
  new Server({ peng: bus });
  new Client({ peng: new HeadlessPeng<ChatMap>() });
  new Server({ peng: new HeadlessPeng<TicketMap>() });
  new Client({ peng: new HeadlessPeng<MixedMap>() });
  bus.addEventListener("peng3dnet:server.bind", (event, { addr }) => {
    const name: "peng3dnet:server.bind" = event;
    const port: number = addr[1];
    return [name, port];
  });
  bus.addEventListener("peng3dnet:client.close", async (_event, { reason }) => reason?.length, true);
  const handler = (_event: PengEventName, data: { readonly peng: unknown }): unknown => data.peng;
  bus.addEventListener("peng3dnet:client.start", handler);
  bus.delEventListener("peng3dnet:client.start", handler);
  listen(server, "peng3dnet:server.connection.accept", (_event, data) => data.client.score);
  listen(client, "peng3dnet:client.recv", (_event, data) => data.client.addr);
  listen(bus, "peng3dnet:server.connection.recv", (_event, data: ConnectionRecvData) => data.msg);
  void (async () => {
    for await (const { client: player, pid } of events(server, "peng3dnet:server.connection.recv")) {
      player.score += pid;
    }
  })();
  // What a server or client was made of is known in its events.
  listen(new GameServer(), "peng3dnet:server.connection.close", (_event, data) => {
    data.server.round += data.client.score;
  });
  const typed = new Server({ clientcls: Player, packets: [say] });
  listen(typed, "peng3dnet:server.connection.accept", (_event, data) => {
    const same: typeof typed = data.server;
    return [same, data.client.score];
  });
  const talker = new Client({ packets: [say] });
  listen(talker, "peng3dnet:client.close", (_event, data) => data.client satisfies typeof talker);
  const chat = new HeadlessPeng<ChatMap>();
  chat.sendEvent("chat:said", { text: "hello" });
  // Events without data need none.
  chat.sendEvent("chat:tick");
  chat.sendEvent("chat:tick", undefined);
  chat.sendEvent("chat:tock");
  chat.sendEvent("chat:empty");
  chat.sendEvent("chat:maybe");
  chat.sendEvent("chat:maybe", { n: 1 });
  new HeadlessPeng<Record<string, unknown>>().sendEvent("chat:any");
  const send = <K extends "chat:said" | "chat:tick">(event: K, ...data: EventArguments<ChatMap, K>): void =>
    chat.sendEvent(event, ...data);
  send("chat:tick");
  listen(chat, "chat:said", (_event, data) => data.text.length);
  toEventEmitter(bus, new EventEmitter());
  toEventEmitter(bus, new EventEmitter<EmitterEvents>());
  toEventEmitter(server, new EventEmitter<EmitterEvents<ServerEventMap<Player, Server<Player>>>>(), {
    events: ["peng3dnet:server.bind"],
  });
  fromEventEmitter(new EventEmitter<EmitterEvents>(), bus);
  fromEventEmitter(new EventEmitter<EmitterEvents<ChatMap>>(), chat, { events: ["chat:said"] });
  fromEventEmitter(new EventEmitter(), bus);
  // Emitters of other classes, too.
  toEventEmitter(bus, new Bell());
  toEventEmitter(bus, new TypedBell());
  toEventEmitter(bus, process);
  fromEventEmitter(new Bell(), bus);
  fromEventEmitter(new TypedBell(), bus);
  toEventTarget(client, new EventTarget(), { events: ["peng3dnet:client.recv"] });
  fromEventTarget(new EventTarget(), bus);
  gather([server, client, chat], bus);
  const detail: boolean = new PengEvent("peng3dnet:server.shutdown", {
    peng: engine,
    server: server as unknown as Server,
    join: true,
    timeout: 0,
    reason: null,
  }).detail.join;
  void detail;
  // Every documented event is in the list, and nothing else.
  const all: readonly PengEventName[] = PENG_EVENTS;
  const listed = undefined as unknown as PengEventName satisfies (typeof PENG_EVENTS)[number];
  void [all, listed];
}

/** Compiled, never called. */
function wrong(server: Server, client: Client, bus: HeadlessPeng): void {
  // @ts-expect-error -- there is no event of this name
  bus.addEventListener("peng3dnet:server.connection.receive", () => {});
  // @ts-expect-error -- there is no event of this name
  bus.delEventListener("peng3dnet:server.bound", () => {});
  // @ts-expect-error -- there is no event of this name
  bus.sendEvent("peng3dnet:server.begin", {});
  // @ts-expect-error -- the data lacks its keys
  bus.sendEvent("peng3dnet:server.bind", { peng: undefined });
  // @ts-expect-error -- this event has data
  bus.sendEvent("peng3dnet:server.bind");
  // @ts-expect-error -- this event has data
  new HeadlessPeng<ChatMap>().sendEvent("chat:said");
  // @ts-expect-error -- its listeners read keys, of undefined then
  new HeadlessPeng<ChatMap>().sendEvent("chat:options");
  // @ts-expect-error -- the key is cid
  new HeadlessPeng<TicketMap>().sendEvent("ticket:refused", { id: 1 });
  // @ts-expect-error -- there is no such event
  new HeadlessPeng<MixedMap>().sendEvent("filter:empty");
  // @ts-expect-error -- the only event of a map has data, too
  new HeadlessPeng<{ readonly "one:said": { readonly n: number } }>().sendEvent("one:said");
  // @ts-expect-error -- this event has no data
  new HeadlessPeng<ChatMap>().sendEvent("chat:tick", { n: 1 });
  // @ts-expect-error -- the key is addr
  bus.addEventListener("peng3dnet:server.bind", (_event, data) => data.address);
  // @ts-expect-error -- the decoded message is in msg; only send has data
  bus.addEventListener("peng3dnet:client.recv", (_event, { data }) => data);
  // @ts-expect-error -- addr is a [host, port] pair
  bus.addEventListener("peng3dnet:server.bind", (_event, data) => data.addr.host);
  // @ts-expect-error -- the handler's first argument is the name, not the data
  bus.addEventListener("peng3dnet:server.bind", (data: { addr: unknown }) => data.addr);
  // @ts-expect-error -- cid is a number
  bus.addEventListener("peng3dnet:server.connection.accept", (_event, data: { cid: string }) => data);
  // @ts-expect-error -- the data are not the listener's to change
  bus.addEventListener("peng3dnet:client.close", (_event, data) => (data.reason = "other"));
  // @ts-expect-error -- raiseErrors is true or false
  bus.addEventListener("peng3dnet:client.close", () => {}, "yes");
  // @ts-expect-error -- a server sends no events of clients
  listen(server, "peng3dnet:client.recv", () => {});
  // @ts-expect-error -- a client sends no events of servers
  events(client, "peng3dnet:server.connection.recv");
  // @ts-expect-error -- the clients of this server have no score
  listen(server, "peng3dnet:server.connection.close", (_event, data) => data.client.score);
  // @ts-expect-error -- an object is no origin of events
  events({ name: "nobody" }, "peng3dnet:client.recv");
  // @ts-expect-error -- until is an event of the same origin
  events(client, "peng3dnet:client.recv", { until: "peng3dnet:server.shutdown" });
  // @ts-expect-error -- there is no such way to overflow
  events(client, "peng3dnet:client.recv", { overflow: "ignore" });
  // @ts-expect-error -- the emitter's events carry something else
  toEventEmitter(bus, new EventEmitter<{ "peng3dnet:client.close": [reason: string] }>());
  // @ts-expect-error -- the emitter's events carry something else
  fromEventEmitter(new EventEmitter<{ "peng3dnet:client.close": [reason: string] }>(), bus);
  // @ts-expect-error -- an event target is no emitter
  toEventEmitter(bus, new EventTarget());
  // @ts-expect-error -- an event target is no emitter
  fromEventEmitter(new EventTarget(), bus);
  // @ts-expect-error -- there is no event of this name
  toEventEmitter(bus, new EventEmitter(), { events: ["peng3dnet:server.bound"] });
  // @ts-expect-error -- a client sends no events of servers
  toEventTarget(client, new EventTarget(), { events: ["peng3dnet:server.bind"] });
  // @ts-expect-error -- a detail of this event has a reason
  new PengEvent("peng3dnet:client.close", { peng: undefined, client });
  // @ts-expect-error -- maxignore is a number
  new HeadlessPeng({ cfg: { "events.maxignore": "3" } });
  // @ts-expect-error -- nobody could listen to a server's events on a string
  gather(["server"], bus);
}

test("the examples of types load", () => {
  expect([right, wrong].map((example) => typeof example)).toEqual(["function", "function"]);
});
