// What a server does with what its sessions report: events for its engine, lines that are printed, limits for all together.

import {
  type Cid,
  CLUSTER_HOST,
  ClientOnServer,
  definePacket,
  EVENT_SIZE,
  observe,
  payload,
  Server,
  type ServerOptions,
  standardPlatform,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { sessionOf } from "../../../core/test/support/session.js";
import { accept, closeconn, packet, settype } from "../../../core/test/support/wire.js";
import { ScriptedTransport } from "../resume/scripted.js";
import { NOTE, Note, packets, type SceneOptions, scene } from "../session/scripted-client.js";

const PLAIN = { "net.compress.enabled": false } as const;

/** A bus that keeps what it is sent, but for what all of a server's events have; clients by their ids. */
class Bus {
  readonly events: [name: string, data: Record<string | symbol, unknown>][] = [];
  sendEvent(event: string, { peng, server, ...data }: Readonly<Record<string, unknown>>): void {
    const { client } = data;
    this.events.push([event, client instanceof ClientOnServer ? { ...data, client: client.cid } : data]);
  }
  named(name: string): Record<string | symbol, unknown>[] {
    return this.events.filter(([event]) => event === `peng3dnet:server.${name}`).map(([, data]) => data);
  }
}

/** One that says of which events it wants to hear. */
class ChoosyBus extends Bus {
  readonly asked = new Set<string>();
  wanted = new Set<string>();
  hasListeners(event: string): boolean {
    this.asked.add(event);
    return this.wanted.has(event);
  }
}

/** One more client of a server, whose handshake is complete. */
function enter(server: Server, address: string): ScriptedTransport {
  const transport = new ScriptedTransport(address);
  server.accept(transport);
  transport.handler?.ready();
  transport.handler?.data(Buffer.concat([settype(), accept()]));
  transport.calls.length = 0;
  return transport;
}

describe("the engine is told", () => {
  test("of a connection that comes, is ready and goes", () => {
    const peng = new Bus();
    const { transport, send, handler } = scene({ peng });
    expect(peng.named("connection.accept")).toEqual([
      { sock: undefined, addr: transport.remoteAddress, client: 1, cid: 1 },
    ]);
    expect(peng.named("connection.handshakecomplete")).toEqual([{ client: 1 }]);
    send(closeconn("bye"));
    handler.ended();
    handler.closed(undefined);
    expect(peng.named("connection.close")).toEqual([{ client: 1, reason: "bye" }]);
  });

  test("of each packet, with what it holds in memory", () => {
    const peng = new Bus();
    const { server, client, send } = scene({ peng, cfg: PLAIN });
    peng.events.length = 0;
    send(packet(NOTE, "hello"));
    server.sendMessage(Note, [1, 2], client.cid);
    const bytes = packet(NOTE, [1, 2]);
    expect(peng.events).toEqual([
      [
        "peng3dnet:server.connection.recv",
        { client: 1, pid: NOTE, msg: "hello", [EVENT_SIZE]: expect.any(Number) },
      ],
      [
        "peng3dnet:server.connection.send",
        { client: 1, pid: Note, data: expect.any(Uint8Array), [EVENT_SIZE]: bytes.length },
      ],
    ]);
    const [[, received], [, sent]] = peng.events as [Bus["events"][0], Bus["events"][0]];
    expect(Buffer.from(sent.data as Uint8Array)).toEqual(bytes);
    expect(received[EVENT_SIZE]).toBeGreaterThanOrEqual("hello".length);
  });

  test("of those packets alone that it has listeners for", () => {
    const peng = new ChoosyBus();
    const { server, client, send } = scene({ peng });
    peng.events.length = 0;
    const both = (): string[] => {
      peng.events.length = 0;
      send(packet(NOTE, 1));
      server.sendMessage(Note, 1, client.cid);
      return peng.events.map(([event]) => event);
    };
    expect(both()).toEqual([]);
    const names = ["recv", "send"].map((way) => `peng3dnet:server.connection.${way}`);
    expect([...peng.asked].sort()).toEqual(names);
    for (const name of names) {
      peng.wanted = new Set([name]);
      expect(both()).toEqual([name]);
    }
  });
});

describe("a packet that no handler takes is told of", () => {
  /** @returns what was said of it. */
  function unheard(options: SceneOptions = {}): string[] {
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (text: string) => void warnings.push(text) };
    const Other = definePacket({ name: "test:other", schema: payload<unknown>() });
    const { send } = scene({ ...options, logger, packets: [Other] });
    send(packet(64, 1), packet(64, 2));
    return warnings;
  }
  const told = [expect.stringContaining('"test:other" arrived, and nothing handles it')];

  test("once, unless the class of clients sees all packets, or a listener of the engine has", () => {
    class Seeing extends ClientOnServer {
      readonly seen: unknown[] = [];
      override onReceive(ptype: number, msg: unknown): void {
        this.seen.push([ptype, msg]);
      }
    }
    class Blind extends ClientOnServer {}
    expect(unheard()).toEqual(told);
    expect(unheard({ clientcls: Blind })).toEqual(told);
    expect(unheard({ clientcls: Seeing })).toEqual([]);
    expect(unheard({ peng: new Bus() })).toEqual([]);
    expect(unheard({ peng: new ChoosyBus() })).toEqual(told);
  });
});

describe("lines are printed", () => {
  const flags = ["connect", "recv", "send", "close"] as const;

  test.each(flags)("of %s alone, where the config says so", (flag) => {
    const lines: string[] = [];
    const made = scene({
      cfg: { ...PLAIN, [`net.debug.print.${flag}`]: true },
      print: (line) => void lines.push(line),
    });
    made.send(packet(NOTE, 1));
    made.server.sendMessage(Note, 2, made.client.cid);
    made.send(closeconn("bye"));
    made.handler.ended();
    made.handler.closed(undefined);
    expect(lines).toEqual(
      {
        connect: ["connect 1 scripted 1"],
        recv: ["recv 1 test:note: 1"],
        send: ["send 1 test:note: 2"],
        close: ["close 1 bye"],
      }[flag].map((line) => expect.stringContaining(line)),
    );
  });

  test("of nothing else", () => {
    const print = jest.fn();
    const { send, handler } = scene({ print });
    send(packet(NOTE, 1), closeconn("bye"));
    handler.closed(undefined);
    expect(print).not.toHaveBeenCalled();
  });
});

test("what a client's own methods throw is reported under their names", () => {
  const fail = (name: string) => (): void => {
    throw new Error(`in ${name}`);
  };
  class Failing extends ClientOnServer {
    override onConnect = fail("onConnect");
    override onHandshakeComplete = fail("onHandshakeComplete");
    override onClose = fail("onClose");
  }
  const { failures, handler } = scene({ clientcls: Failing });
  handler.closed(undefined);
  const names = ["onConnect", "onHandshakeComplete", "onClose"];
  expect(failures).toEqual(names.map((name) => `${name}: in ${name}`));
});

test("what is told of a connection comes in this order, and of the close once", () => {
  const told: string[] = [];
  class Noting extends ClientOnServer {
    override onConnect(): void {
      told.push("onConnect");
    }
    override onHandshakeComplete(): void {
      told.push("onHandshakeComplete");
    }
    override onClose(reason: string | null): void {
      told.push(`onClose ${reason}`);
    }
  }
  const net = new TestNetwork();
  const server = net.server({ packets, clientcls: Noting });
  for (const event of ["connection", "handshakecomplete", "close"] as const)
    server.on(event, (client: ClientOnServer) => void told.push(`${event} ${client.cid}`));
  const transport = enter(server as unknown as Server, "one");
  transport.handler?.data(closeconn("bye"));
  transport.handler?.ended();
  transport.handler?.closed(undefined);
  transport.handler?.closed(undefined);
  expect(told).toEqual([
    "onConnect",
    "connection 1",
    "onHandshakeComplete",
    "handshakecomplete 1",
    "onClose bye",
    "close 1",
  ]);
});

describe("what all connections hold together", () => {
  test("of packets that are not whole is limited: of the address that holds most, the connection that does is ended", () => {
    const { server, transport } = scene({
      cfg: { "net.limits.unprocessed.total": 1_200_000 },
      transport: new ScriptedTransport("10.0.0.1"),
    });
    const others = [enter(server, "10.0.0.2"), enter(server, "10.0.0.2")] as const;
    const begin = ({ handler }: ScriptedTransport, bytes: number): void =>
      handler?.data(packet(NOTE, new Uint8Array(bytes)).subarray(0, bytes / 2));
    begin(transport, 700_000);
    begin(others[0], 300_000);
    const all = [transport, ...others];
    const told = (): boolean[] => all.map(({ calls }) => calls.includes("closing serverfull"));
    expect(told()).toEqual([false, false, false]);
    begin(others[1], 450_000);
    expect(told()).toEqual([false, false, true]);
  });

  test("of output is limited as well, and what is taken or was of a connection that is gone counts no more", async () => {
    const { server, net, transport, client } = scene({
      cfg: { ...PLAIN, "net.limits.unsent.total": 100_000, "net.limits.unsent": 1_000_000 },
      transport: new ScriptedTransport("10.0.0.1"),
    });
    const others = [enter(server, "10.0.0.2"), enter(server, "10.0.0.3")];
    const all = [transport, ...others];
    const slow = (): string[] =>
      all
        .filter(({ calls }) => calls.includes("closing slowconsumer"))
        .map(({ remoteAddress }) => remoteAddress[0]);
    for (const one of all) one.room = one.written.length + 1;
    const note = async (cid: Cid, bytes: number): Promise<void> => {
      server.sendMessage(Note, new Uint8Array(bytes), cid as number);
      await net.settle();
    };
    // What the transport has taken is not waiting.
    for (const cid of [1, 2, 3]) await note(cid, 10);
    await note(client.cid, 60_000);
    transport.drain(1);
    await net.settle();
    await note(2, 70_000);
    await note(3, 20_000);
    expect(slow()).toEqual([]);
    await note(3, 20_000);
    expect(slow()).toEqual(["10.0.0.2"]);
  });
});

test("an observer may count groups and who is in them, whenever it begins and ends", () => {
  const { server, client } = scene();
  server.group("a").add(client);
  server.group("b").add(client);
  const looking = observe(server, {});
  for (let round = 0; round < 2; round++) {
    enter(server, `other ${round}`);
    expect(looking.census()).toMatchObject({ connections: 2 + round, groups: 2, memberships: 2 });
  }
  looking.end();
  enter(server, "third");
  const again = observe(server, {});
  expect(again.census()).toMatchObject({ connections: 4, groups: 2, memberships: 2 });
  again.end();
});

test("sums of all connections are kept from the first census on, for as long as somebody looks on", () => {
  const { server, client } = scene();
  const kept = (): boolean =>
    [...server.clients.values()].every(({ conn }) => sessionOf(conn).tallied !== undefined);
  const looking = [observe(server, {}), observe(server, {})] as const;
  expect(sessionOf(client.conn).tallied).toBeUndefined();
  looking[0].census();
  enter(server, "other");
  expect(kept()).toBe(true);
  looking[0].end();
  expect(kept()).toBe(true);
  looking[1].end();
  expect(sessionOf(client.conn).tallied).toBeUndefined();
});

test("a join is over when the last one has gone, and not before", async () => {
  const { server, handler, net } = scene();
  const other = enter(server, "other");
  server.stop();
  let joined = false;
  const joining = server.join().then(() => {
    joined = true;
  });
  await net.settle();
  handler.closed(undefined);
  await net.settle();
  expect(joined).toBe(false);
  other.handler?.closed(undefined);
  await joining;
});

test("the platform's observer of nodes is handed on to a cluster", () => {
  const nodeObserver = () => undefined;
  const options: ServerOptions = { platform: { ...standardPlatform, nodeObserver } };
  expect(new Server(options)[CLUSTER_HOST].nodeObserver).toBe(nodeObserver);
  expect(new Server()[CLUSTER_HOST].nodeObserver).toBeUndefined();
});
