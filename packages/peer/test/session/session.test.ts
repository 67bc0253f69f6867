// What a session does with what its transport tells, before it is open, while it is, and once it closes.

import {
  ConnectionLostError,
  ConnectionType,
  definePacket,
  MsgpackCodec,
  observe,
  type Server,
  SSLSEC_ENCRYPTED,
  type TransportHandler,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { z } from "zod";
import { sessionOf } from "../../../core/test/support/session.js";
import { accept, packet, SETTYPE, settype } from "../../../core/test/support/wire.js";
import { ScriptedTransport } from "../resume/scripted.js";
import { NOTE, Note, scene } from "./scripted-client.js";

const PLAIN = { "net.compress.enabled": false } as const;
const QUIET = { ...PLAIN, "net.heartbeat.interval": 0, "net.timeout.idle": 10 } as const;

/** One more client of a server, whose handshake is complete. */
function enter(server: Server, name: string): ScriptedTransport {
  const transport = new ScriptedTransport(name);
  server.accept(transport);
  transport.handler?.ready();
  transport.handler?.data(Buffer.concat([settype(), accept()]));
  transport.calls.length = 0;
  return transport;
}

describe("before a transport is ready", () => {
  test("a client that a listener cuts at once has no time for its handshake any more", () => {
    const first = scene();
    const { server, net } = first;
    const timers = net.clock.timers;
    server.on("connection", ({ conn }) => sessionOf(conn).destroy("never"));
    const transport = new ScriptedTransport("other");
    server.accept(transport);
    expect(transport.calls).toContain("destroy");
    expect(net.clock.timers).toBe(timers);
    transport.handler?.closed(undefined);
    expect(net.clock.timers).toBe(timers);
  });

  test("what is to be said to a client that a listener closes waits until then", async () => {
    const { server, net } = scene({ cfg: QUIET });
    server.on("connection", (client) => void client.close("go away"));
    const transport = new ScriptedTransport("other");
    const client = server.accept(transport);
    expect(transport.written).toEqual([]);
    const { timers } = net.clock;
    transport.handler?.ready();
    expect(Buffer.concat(transport.written).toString("latin1")).toContain("go away");
    // Nobody watches over its silence, as over one that is there to stay.
    expect(net.clock.timers).toBe(timers);
    transport.handler?.ended();
    transport.handler?.closed(undefined);
    expect(await client.close()).toEqual({ reason: "go away", error: undefined, clean: true });
  });

  test("what encoding the first packet throws ends the connection, and is reported", () => {
    class Failing extends MsgpackCodec {
      fails = false;
      override encode(value: unknown): Uint8Array {
        if (this.fails) throw new RangeError("cannot be encoded now");
        return super.encode(value);
      }
    }
    const codec = new Failing();
    const { handler, transport, failures, closes } = scene({ codec, early: true });
    codec.fails = true;
    expect(() => handler.ready()).not.toThrow();
    codec.fails = false;
    handler.closed(undefined);
    // The closing packet cannot be encoded, either.
    expect(failures).toEqual(["open: cannot be encoded now", "close: cannot be encoded now"]);
    expect(transport.calls.join()).toContain("closing internalerror");
    expect(closes).toEqual([expect.objectContaining({ reason: "internalerror", clean: false })]);
  });

  test("a transport that is refused with an error of its own is closed for it", () => {
    const { handler, failures, closes } = scene({ early: true });
    handler.refused(new Error("no such name") as Parameters<TransportHandler["refused"]>[0]);
    handler.closed(undefined);
    expect(failures).toEqual(["handshake: no such name"]);
    expect(closes).toEqual([expect.objectContaining({ reason: "internalerror" })]);
  });
});

describe("a handshake", () => {
  test("whose connection type fails is told of by its step", () => {
    class Failing extends ConnectionType {
      override init(): void {
        throw new Error("no such room");
      }
    }
    const { server, handler, send, failures } = scene({ early: true });
    server.addConnType("failing", new Failing(server));
    handler.ready();
    send(settype("failing"));
    expect(failures).toEqual([expect.stringMatching(/no such room$/)]);
  });

  test("that a listener of its end cuts leaves nothing that beats", () => {
    const left = [0, 1].map((interval) => {
      const { server, net, handler, send, transport } = scene({
        early: true,
        cfg: { ...QUIET, "net.heartbeat.interval": interval },
      });
      server.on("handshakecomplete", ({ conn }) => sessionOf(conn).destroy("enough"));
      handler.ready();
      send(packet(SETTYPE, { conntype: "classic", ext: { heartbeat: {} } }), accept());
      expect(transport.calls).toContain("destroy");
      return net.clock.timers;
    });
    expect(left[1]).toBe(left[0]);
  });

  test("leaves a client with the level of security that its transport has", async () => {
    const net = new TestNetwork();
    const [server, client] = [net.server(), net.client()];
    net.connect(client, server, { sslSeclevel: SSLSEC_ENCRYPTED });
    await client.waitForConnection();
    await net.settle();
    expect([client.sslSeclevel, server.clients.get(1)?.sslSeclevel]).toEqual([
      SSLSEC_ENCRYPTED,
      SSLSEC_ENCRYPTED,
    ]);
  });
});

describe("bytes that come", () => {
  test("are counted, and may be read to where a long packet has room for them, while it is open", () => {
    const { client, handler, send } = scene({ cfg: PLAIN });
    const before = client.conn.metrics.bytesIn;
    const long = packet(NOTE, new Uint8Array(300_000));
    send(long.subarray(0, 200_000));
    expect(client.conn.metrics.bytesIn).toBe(before + 200_000);
    expect(handler.readTarget()?.length).toBeGreaterThan(0);
    void client.close();
    expect(handler.readTarget()).toBeUndefined();
    send(long.subarray(200_000, 200_010));
    expect(client.conn.metrics.bytesIn).toBe(before + 200_010);
  });

  test("are nothing to a connection that closes, whoever hands them in", () => {
    const { server, client, notes } = scene();
    const looking = observe(server, {});
    void client.close();
    server.receiveData(packet(NOTE, 1), client.cid);
    server.receiveData(packet(NOTE, new Uint8Array(20_000)).subarray(0, 10_000), client.cid);
    expect(notes).toEqual([]);
    expect(looking.census().unprocessed).toBe(0);
    looking.end();
  });

  test("that do not fit the schema are told of once, where that says that they are dropped", () => {
    const Checked = definePacket({ name: "test:checked", schema: z.number(), invalidAction: "ignore" });
    const { server, send, failures } = scene({ packets: [Checked] });
    const values: number[] = [];
    server.on(Checked, (value) => void values.push(value));
    send(packet(64, "text"), packet(64, 1), packet(64, "again"));
    expect(values).toEqual([1]);
    expect(failures).toEqual([expect.stringMatching(/^test:checked: /)]);
  });
});

describe("a transport that breaks in its own code", () => {
  test("is reported, and its session ends with that error", async () => {
    const { handler, failures, closes, transport } = scene();
    const error = new TypeError("a bug");
    handler.crashed(error);
    expect(failures).toEqual(["connection: a bug"]);
    expect(transport.calls).toContain("destroy");
    handler.closed(undefined);
    expect(closes).toEqual([{ reason: "internalerror", error, clean: false }]);
    handler.crashed(new Error("late"));
    expect(failures).toEqual(["connection: a bug", "connection: late"]);
    expect(closes).toHaveLength(1);
  });

  test("keeps the error that its session ends for already", () => {
    const { handler, client, closes } = scene();
    const first = new ConnectionLostError("first");
    sessionOf(client.conn).abort(first);
    handler.crashed(new Error("second"));
    handler.closed(undefined);
    expect(closes).toEqual([expect.objectContaining({ error: first })]);
  });

  test("within a write of what was sent in this tick is reported, too, and others get theirs", async () => {
    class Broken extends ScriptedTransport {
      broken = false;
      override write(bytes: Uint8Array): boolean {
        if (this.broken) throw new Error("a bug");
        return super.write(bytes);
      }
    }
    const transport = new Broken();
    const { server, net, failures } = scene({ transport });
    const other = enter(server, "other");
    await net.settle();
    transport.broken = true;
    const before = other.written.length;
    for (const cid of [1, 2]) server.sendMessage(Note, "all", cid);
    await net.settle();
    expect(failures).toEqual(["connection: a bug"]);
    expect(transport.calls).toContain("destroy");
    expect(other.written.length).toBe(before + 1);
  });

  test("and breaks again when it is destroyed is reported twice", () => {
    class Stuck extends ScriptedTransport {
      override destroy(): void {
        throw new Error("stuck");
      }
    }
    const { handler, failures } = scene({ transport: new Stuck() });
    expect(() => handler.crashed(new Error("a bug"))).not.toThrow();
    expect(failures).toEqual(["connection: a bug", "connection: stuck"]);
  });
});

describe("a peer that is silent", () => {
  test("is ended after net.timeout.idle, at once where it takes nothing more", () => {
    for (const busy of [false, true]) {
      const { net, client, transport, closes } = scene({ cfg: QUIET });
      if (busy) {
        transport.room = transport.written.length + 1;
        client.sendMessage(Note, new Uint8Array(100));
        sessionOf(client.conn).writeOut();
        expect(transport.busy).toBe(true);
      }
      net.clock.advance(9.9);
      expect(client.conn.open).toBe(true);
      net.clock.advance(0.2);
      expect(client.conn.open).toBe(false);
      transport.handler?.closed(undefined);
      expect(closes).toEqual([expect.objectContaining({ reason: "timeout" })]);
    }
  });

  test("may be so for good without a limit", () => {
    const { net, client } = scene({ cfg: { ...QUIET, "net.timeout.idle": 0 } });
    expect(net.clock.timers).toBe(0);
    net.clock.advance(1e6);
    expect(client.conn.open).toBe(true);
  });

  test("has all of the time again once it is listened to again", () => {
    const { net, client } = scene({ cfg: QUIET });
    net.clock.advance(9);
    client.conn.pause();
    net.clock.advance(20);
    client.conn.resume();
    net.clock.advance(9.9);
    expect(client.conn.open).toBe(true);
    net.clock.advance(10);
    expect(client.conn.open).toBe(false);
  });

  test("within its handshake is told why, if it can be, and cut", () => {
    for (const [ready, busy] of [
      [true, false],
      [true, true],
      [false, false],
    ] as const) {
      const transport = new ScriptedTransport();
      if (busy) transport.room = 1;
      const { net, handler, closes } = scene({
        transport,
        early: true,
        cfg: { ...QUIET, "net.timeout.handshake": 3 },
      });
      if (ready) handler.ready();
      const written = transport.written.length;
      expect(transport.busy).toBe(busy);
      net.clock.advance(3);
      // Nothing can be said over a transport that is not ready, or that is busy.
      expect(transport.written.length > written).toBe(ready && !busy);
      expect(transport.calls.at(-1)).toBe(ready && !busy ? "destroyAfterWrite" : "destroy");
      handler.closed(undefined);
      expect(closes).toEqual([expect.objectContaining({ reason: "handshaketimeout" })]);
      expect(net.clock.timers).toBe(0);
    }
  });

  test.each(["in its handshake", "active"])(
    "is not judged any more once its connection closes, which has a time of its own: one that is %s",
    (how) => {
      const { net, client, transport, handler } = scene({
        early: how === "in its handshake",
        cfg: { ...PLAIN, "net.timeout.handshake": 3, "net.timeout.idle": 4, "net.timeout.close": 20 },
      });
      if (how === "in its handshake") handler.ready();
      void client.close("bye");
      expect(net.clock.timers).toBe(1);
      net.clock.advance(19);
      expect(transport.calls).toEqual(["closing bye", "resume"]);
      net.clock.advance(1);
      expect(transport.calls).toEqual(["closing bye", "resume", "destroy"]);
    },
  );

  test("is not waited for any more once its stream has ended", () => {
    const { net, handler, send } = scene({ cfg: QUIET, manual: true });
    send(packet(NOTE, 1));
    handler.ended();
    net.clock.advance(60);
    expect(net.clock.timers).toBe(0);
  });
});

describe("what connections have unsent", () => {
  test("is nobody else's burden once its connection is broken off, though its transport is there yet", async () => {
    const { server, net } = scene({
      cfg: { ...PLAIN, "net.limits.unsent.total": 100_000, "net.limits.unsent": 80_000 },
    });
    const slow: ScriptedTransport[] = [];
    const send = async (cid: number, bytes: number): Promise<void> => {
      server.sendMessage(Note, new Uint8Array(bytes), cid);
      await net.settle();
    };
    for (const cid of [2, 3]) {
      const transport = enter(server, `slow ${cid}`);
      slow.push(transport);
      transport.room = transport.written.length + 1;
      await send(cid, 0);
    }
    await send(2, 60_000);
    await send(2, 30_000);
    expect(slow[0]?.calls).toEqual(["closing slowconsumer", "destroy"]);
    await send(3, 70_000);
    expect(slow.map(({ calls }) => calls)).toEqual([["closing slowconsumer", "destroy"], []]);
  });

  test("counts from 4,096 bytes on, and no more once a connection is broken off", async () => {
    const limit = 100_000;
    const { server, net } = scene({
      cfg: { ...PLAIN, "net.limits.unsent.total": limit, "net.limits.unsent": 10 * limit },
    });
    const enterSlow = async (name: string): Promise<ScriptedTransport> => {
      const transport = enter(server, name);
      transport.room = transport.written.length + 1;
      server.sendMessage(Note, 0, server.clients.size);
      await net.settle();
      return transport;
    };
    const unsent = (bytes: number): void => {
      const head = packet(NOTE, new Uint8Array(4000)).length - 4000;
      server.sendMessage(Note, new Uint8Array(bytes - head), server.clients.size);
    };
    const all: ScriptedTransport[] = [];
    const ended = (): number => all.filter(({ calls }) => calls.includes("closing slowconsumer")).length;
    // As many that the little of each would be too much in all.
    for (let count = 0; count < 30; count++) {
      all.push(await enterSlow(`few ${count}`));
      unsent(4095);
    }
    for (let count = 0; count < 24; count++) {
      all.push(await enterSlow(`many ${count}`));
      unsent(4096);
    }
    await net.settle();
    expect(ended()).toBe(0);
    for (let count = 1; count < 4; count++) {
      all.push(await enterSlow(`more ${count}`));
      unsent(4096);
      await net.settle();
      expect(ended()).toBe(count);
    }
  });
});
