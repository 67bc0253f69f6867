// What a server sends, asks and takes by its own methods: to one client, to all, and for subclasses that take steps over.

import {
  AbortedError,
  type ClientOnServer,
  ConfigError,
  ConnectionClosedError,
  ConnectionLostError,
  definePacket,
  defineRequest,
  MsgpackCodec,
  NotRegisteredError,
  Packet,
  payload,
  Server,
  type ServerOptions,
  SIDE_CLIENT,
} from "@peng3dnet/peer";
import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";
import { z } from "zod";
import { accept, packet, settype } from "../../../core/test/support/wire.js";
import { enterCrowd, type Guest, makeCrowd, News } from "../groups/support/crowd.js";
import { ScriptedTransport } from "../resume/scripted.js";
import { NOTE, Note, packets, scene } from "../session/scripted-client.js";

const plain = { "net.compress.enabled": false } as const;

/** The bytes that were written since the handshake. */
function outputOf(transport: ScriptedTransport): () => Buffer {
  const before = transport.written.length;
  return () => Buffer.concat(transport.written.slice(before));
}

describe("sendMessage and trySend", () => {
  const cfg = { ...plain, "net.limits.unsent.highwater": 1000 };

  test("say that more waits than the high-water mark, and drain follows that alone", async () => {
    const { net, server, client, transport } = scene({ cfg });
    const drains: unknown[] = [];
    server.on("drain", ({ cid }) => void drains.push(cid));
    transport.room = transport.written.length + 1;
    expect(server.sendMessage(Note, "short", client.cid)).toBe(true);
    await net.settle();
    transport.drain(1);
    await net.settle();
    expect(drains).toEqual([]);
    expect(server.trySend(Note, "short", client.cid)).toBe("sent");
    expect(server.trySend(Note, new Uint8Array(2000), client.cid)).toBe("behind");
    expect(server.sendMessage(Note, "short", client.cid)).toBe(false);
    transport.drain();
    await net.settle();
    expect(drains).toEqual([client.cid]);
  });

  test("to a client that is not there are refused", () => {
    const { server } = scene();
    expect(() => server.trySend(Note, 1, 4711)).toThrow(ConnectionClosedError);
    expect(() => server.trySend(Note, 1, undefined as unknown as number)).toThrow(
      "there is no client with the cid null",
    );
    expect(server.getConnection(4711)).toBeUndefined();
    expect(server.getConnection()).toBeUndefined();
  });

  test("find the connection by the client's id", () => {
    const { server, client } = scene();
    expect(server.getConnection(client.cid)?.peer).toBe(server);
    expect(server.getConnection(client.cid)?.cid).toBe(client.cid);
  });
});

describe("flush", () => {
  /** A server with two clients, whose transports take one write more. */
  function two() {
    const made = scene({ cfg: plain });
    const other = new ScriptedTransport("other");
    const second = made.server.accept(other);
    other.handler?.ready();
    other.handler?.data(Buffer.concat([settype(), accept()]));
    const transports = [made.transport, other] as const;
    for (const transport of transports) transport.room = transport.written.length + 1;
    const ended: string[] = [];
    const note = (name: string, flushed: Promise<void>): void =>
      void flushed.then(
        () => ended.push(name),
        (error: Error) => ended.push(`${name}: ${error.name}`),
      );
    return { ...made, second, transports, ended, note };
  }

  test("waits for one client, or for all", async () => {
    const { net, server, client, second, transports, ended, note } = two();
    for (const { cid } of [client, second]) server.sendMessage(Note, 1, cid);
    await net.settle();
    for (const { cid } of [client, second]) server.sendMessage(Note, 2, cid);
    note("first", server.flush(client.cid));
    note("second", server.flush(second.cid));
    note("all", server.flush());
    note("all, too", server.flush(null));
    await net.settle();
    expect(ended).toEqual([]);
    transports[0].drain();
    await net.settle();
    expect(ended).toEqual(["first"]);
    transports[1].drain();
    await net.settle();
    expect(ended).toEqual(["first", "second", "all", "all, too"]);
  });

  test("is given up in time, on a signal, or when a connection ends, and ends no process where nobody waits", async () => {
    const { net, server, client, transports, ended, note } = two();
    server.sendMessage(Note, 1, client.cid);
    await net.settle();
    server.sendMessage(Note, 2, client.cid);
    note("timeout", server.flush(client.cid, { timeout: 2 }));
    note("signal", server.flush(client.cid, { signal: AbortSignal.abort() }));
    note("lost", server.flush(client.cid));
    void server.flush(client.cid);
    await expect(server.flush(client.cid, { timeout: -1 })).rejects.toThrow(ConfigError);
    await expect(server.flush(4711)).rejects.toThrow(ConnectionClosedError);
    await expect(new Server().flush(undefined, { timeout: -1 })).rejects.toThrow(ConfigError);
    net.clock.advance(2);
    transports[0].handler?.closed(new Error("reset"));
    await net.settle();
    expect(ended.sort()).toEqual([
      `lost: ${ConnectionLostError.name}`,
      `signal: ${AbortedError.name}`,
      "timeout: TimedOutError",
    ]);
  });
});

test("pumpWriteBuffer hands over what was gathered for one client, or for all", () => {
  const made = scene({ cfg: plain });
  const other = new ScriptedTransport("other");
  const second = made.server.accept(other);
  other.handler?.ready();
  other.handler?.data(Buffer.concat([settype(), accept()]));
  const { server, client, transport } = made;
  const outputs = [outputOf(transport), outputOf(other)];
  const lengths = (): number[] => outputs.map((output) => output().length);
  const { length } = packet(NOTE, 1);
  const both = (): void => {
    for (const { cid } of [client, second]) server.sendMessage(Note, 1, cid);
  };
  both();
  expect(lengths()).toEqual([0, 0]);
  server.pumpWriteBuffer(second.cid);
  expect(lengths()).toEqual([0, length]);
  server.pumpWriteBuffer();
  expect(lengths()).toEqual([length, length]);
  both();
  server.pumpWriteBuffer(null);
  expect(lengths()).toEqual([2 * length, 2 * length]);
  expect(() => server.pumpWriteBuffer(4711)).toThrow(ConnectionClosedError);
});

describe("request", () => {
  const Ask = defineRequest({ name: "test:ask", side: SIDE_CLIENT });

  test("that the server does not know rejects, also where it knows others, and none is asked of a stranger", async () => {
    const none = new Server();
    await expect(none.request(Ask, null, 1)).rejects.toThrow(NotRegisteredError);
    await expect(none.request("test:ask" as never, null as never, 1)).rejects.toThrow(TypeError);
    const other = defineRequest({ name: "test:other", side: SIDE_CLIENT });
    const { server, client } = scene({ packets: [other, ...packets] });
    await expect(server.request(Ask, null, client.cid)).rejects.toThrow(NotRegisteredError);
    for (const to of ["1", null])
      await expect(server.request(other, null, to as never)).rejects.toThrow(
        "request takes clients of the server or their ids, and not",
      );
    await expect(server.request(other, null, 4711)).rejects.toMatchObject({ outcome: "notsent" });
  });
});

describe("broadcast", () => {
  const Checked = definePacket({ name: "test:checked", schema: z.number() });

  test("encodes for all before it sends to any, where their options differ", async () => {
    const crowd = await makeCrowd(1, { cfg: { ...plain, "net.limits.packetlength": 5000 } });
    const { server, net, guests } = crowd;
    server.cfg.set("net.limits.packetlength", 1000);
    const [first, late] = [...guests, await enterCrowd(net, server)] as [Guest, Guest];
    const received = (): unknown[] => [first.news, late.news];
    // Too long for the one who came late, so that nobody gets it.
    expect(() => server.broadcast(News, "x".repeat(2000))).toThrow(
      expect.objectContaining({ code: "P3D_ERR_PACKET_TOO_LARGE" }),
    );
    await net.settle();
    expect(received()).toEqual([[], []]);
    // Unless it is not meant, in either way.
    const long = "x".repeat(2000);
    expect(server.broadcast(News, long, { to: [first.remote] })).toBe(1);
    expect(server.broadcast(News, long, { except: late.remote })).toBe(1);
    await net.settle();
    expect(received()).toEqual([[long, long], []]);
  });

  test("that passes a client over, and leaves nothing waiting for it, makes no drain follow", async () => {
    const Elsewhere = definePacket({ name: "test:elsewhere", schema: payload<unknown>(), mode: 7 });
    const { net, server } = scene({ packets: [...packets, Elsewhere] });
    const drains: unknown[] = [];
    server.on("drain", ({ cid }) => void drains.push(cid));
    expect(server.broadcast(Elsewhere, 1)).toBe(0);
    await net.settle();
    expect(drains).toEqual([]);
  });

  test("with an option that does not exist, or what the schema does not take, is a mistake", () => {
    const { server } = scene({ packets: [Checked, ...packets], validateSent: true });
    expect(() => server.broadcast(Note, 1, { excpet: [] } as object)).toThrow(
      expect.objectContaining({ code: "P3D_ERR_CONFIG", key: "excpet" }),
    );
    expect(() => server.broadcast(Checked, "text" as unknown as number)).toThrow(
      expect.objectContaining({ code: "P3D_ERR_INVALID_PAYLOAD" }),
    );
  });

  test("of a packet that is parsed asynchronously by mistake reports what that rejects with", async () => {
    class Late extends Packet {
      override parse(value: unknown): unknown {
        return Promise.reject(new Error(`cannot parse ${value}`));
      }
    }
    const net = new TestNetwork();
    const server = new Server({ clock: net.clock, validateSent: true });
    server.registerPacket("test:late", new Late(server.registry, server));
    const failures: string[] = [];
    server.on(
      "handlerError",
      (error, { where }) => void failures.push(`${where}: ${(error as Error).message}`),
    );
    const transport = new ScriptedTransport();
    server.accept(transport);
    transport.handler?.ready();
    transport.handler?.data(Buffer.concat([settype(), accept()]));
    server.broadcast("test:late", 1);
    await net.settle();
    expect(failures).toEqual(["test:late: cannot parse 1"]);
  });

  test.each([
    [31, 3],
    [32, 1],
  ])(
    "to %d clients that takes long lets %d of three packets in before others have their turn",
    (count, heard) => {
      let encoding = (): void => {};
      class Slow extends MsgpackCodec {
        override encode(value: unknown): Uint8Array {
          if (value === "slow") encoding();
          return super.encode(value);
        }
      }
      const { server, send, notes, net } = scene({ cfg: plain, codec: new Slow() });
      encoding = () => net.clock.advance(0.02);
      for (let index = 1; index < count; index++) {
        const transport = new ScriptedTransport(`other ${index}`);
        server.accept(transport);
        transport.handler?.ready();
        transport.handler?.data(Buffer.concat([settype(), accept()]));
      }
      server.on(Note, () => void server.broadcast(Note, "slow"));
      send(packet(NOTE, 1), packet(NOTE, 2), packet(NOTE, 3));
      expect(notes).toHaveLength(heard);
    },
  );
});

describe("closeConnection", () => {
  test("tells the reason, and what came of it, also of one that has left", async () => {
    const { server, client, transport, handler } = scene();
    const closing = server.closeConnection(client.cid, "enough");
    const again = server.closeConnection(client.cid);
    expect(transport.calls).toContain("closing enough");
    handler.ended();
    handler.closed(undefined);
    const info = { reason: "enough", error: undefined, clean: true };
    expect(await Promise.all([closing, again])).toEqual([info, info]);
    expect(await server.closeConnection(client.cid)).toEqual(info);
  });

  test("with a reason that is no text changes nothing", async () => {
    const { server, client, transport } = scene();
    const closing = server.closeConnection(client.cid, 42 as unknown as string);
    await expect(closing).rejects.toThrow("a reason is a string or null, and not 42");
    expect(transport.calls).toEqual([]);
    const without = server.closeConnection(client.cid);
    expect(transport.calls).toContain("closing null");
    void without;
  });
});

describe("steps that a subclass takes over", () => {
  /** One of the steps is this server's own. */
  function serverWith(step: "receiveData" | "processSinglePacket" | "receivePacket", own: () => unknown) {
    class Own extends Server {}
    Object.assign(Own.prototype, { [step]: own });
    const net = new TestNetwork();
    const server = net.run(new Own({ packets, clock: net.clock } as ServerOptions));
    const failures: string[] = [];
    const notes: unknown[] = [];
    const closes: unknown[] = [];
    server.on(
      "handlerError",
      (error, { where }) => void failures.push(`${where}: ${(error as Error).message}`),
    );
    server.on("close", (_client, { reason }) => void closes.push(reason));
    server.on(Note, (note) => void notes.push(note));
    const transport = new ScriptedTransport();
    const client = server.accept(transport);
    transport.handler?.ready();
    const send = (...bytes: Uint8Array[]): void => transport.handler?.data(Buffer.concat(bytes));
    return { net, server, client, transport, send, failures, notes, closes };
  }

  test.each(["receiveData", "processSinglePacket", "receivePacket"] as const)(
    "%s alone gets all that comes, and what it rejects with ends the connection",
    async (step) => {
      const own = jest.fn(() => Promise.reject(new Error("too late")));
      const { net, send, closes, transport, failures } = serverWith(step, own);
      send(settype());
      expect(own).toHaveBeenCalledTimes(1);
      await net.settle();
      expect(failures).toEqual([`${step}: too late`]);
      expect(transport.calls).toContain("closing internalerror");
      transport.handler?.closed(undefined);
      expect(closes).toEqual(["internalerror"]);
    },
  );

  test.each(["processSinglePacket", "receivePacket"] as const)("%s may leave packets out", (step) => {
    const taken: number[] = [];
    const { send, notes, transport } = serverWith(step, function (this: Server, ...args: unknown[]) {
      taken.push(args.length);
      if (taken.length < 4) (Server.prototype[step] as (...args: unknown[]) => void).apply(this, args);
    });
    send(settype(), accept());
    const before = transport.written.length;
    send(packet(NOTE, 1), packet(NOTE, 2));
    expect(notes).toEqual([1]);
    expect(transport.written).toHaveLength(before);
  });

  test("leave other servers as they are", () => {
    const { server, send, notes } = scene();
    const step = jest.spyOn(Server.prototype, "receivePacket");
    send(packet(NOTE, 1));
    expect(notes).toEqual([1]);
    expect(step).not.toHaveBeenCalled();
    step.mockRestore();
    server.receiveData(packet(NOTE, 2), 1);
    server.receivePacket(packet(NOTE, 3).subarray(4), 1);
    expect(notes).toEqual([1, 2, 3]);
  });

  test("do nothing for a client that is not there", () => {
    const { server, notes, failures } = scene();
    server.receiveData(packet(NOTE, 2), 4711);
    server.receivePacket(packet(NOTE, 3).subarray(4), 4711);
    expect([notes, failures]).toEqual([[], []]);
  });
});

test("ids count up from 1, and groups are there under their names", () => {
  const { server, client } = scene();
  const second: ClientOnServer = server.accept(new MemoryLink().server);
  expect([client.cid, second.cid, server.genCID()]).toEqual([1, 2, 3]);
  const room = server.group("room");
  expect(room.name).toBe("room");
  expect(server.groups.size).toBe(0);
  room.add(second);
  expect([...server.groups.keys()]).toEqual(["room"]);
  expect([...room]).toEqual([second]);
});
