// How a connection ends, step by step: what its transport tells, what it is asked for, and what the close came to.

import {
  BadDataError,
  type CloseInfo,
  ConnectionLostError,
  MsgpackCodec,
  type ServerOptions,
  standardPlatform,
  TlsHandshakeError,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { sessionOf } from "../../../core/test/support/session.js";
import { accept, closeconn, handshake, hello, packet, settype } from "../../../core/test/support/wire.js";
import { Deferred } from "../../src/time/deferred.js";
import { ScriptedTransport } from "../resume/scripted.js";
import { NOTE, Note, packets, scene } from "./scripted-client.js";

const LOST = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
const TIMED_OUT = Object.assign(new Error("read ETIMEDOUT"), { code: "ETIMEDOUT" });

const CLEAN = { reason: "bye", error: undefined, clean: true };

describe("a close that the peer began", () => {
  test("is clean once both streams have ended, and its reason is not counted", async () => {
    const { transport, client, handler, send, closes, server } = scene();
    send(closeconn("bye"));
    expect(transport.calls).toEqual(["closing bye", "resume", "end"]);
    handler.ended();
    expect(closes).toEqual([]);
    handler.closed(undefined);
    expect(closes).toEqual([CLEAN]);
    expect(transport.calls).toEqual(["closing bye", "resume", "end"]);
    expect(server.metrics.rejectedBy).toEqual({});
    expect(await client.close("late")).toEqual(CLEAN);
    // It is too late for anything else, too.
    sessionOf(client.conn).abort(new ConnectionLostError("late"));
    expect(transport.calls).toEqual(["closing bye", "resume", "end"]);
  });

  test.each<[string, (handler: ScriptedTransport["handler"]) => void]>([
    ["the peer does not end its stream", (handler) => handler?.closed(undefined)],
    [
      "the transport breaks at last",
      (handler) => {
        handler?.ended();
        handler?.closed(LOST);
      },
    ],
  ])("is not clean where %s", (_what, ends) => {
    const { handler, send, closes } = scene();
    send(closeconn("bye"));
    ends(handler);
    expect(closes).toEqual([{ ...CLEAN, clean: false }]);
  });

  test("ends the stream only when what was sent before is on its way", () => {
    const { transport, client, handler, send, closes } = scene();
    transport.room = transport.written.length + 1;
    client.sendMessage(Note, 1);
    void client.flush();
    client.sendMessage(Note, 2);
    send(closeconn("bye"));
    expect(transport.calls).toEqual(["closing bye", "resume"]);
    transport.drain();
    expect(transport.calls).toEqual(["closing bye", "resume", "end"]);
    handler.ended();
    handler.closed(undefined);
    expect(closes).toEqual([CLEAN]);
  });
});

describe("a close of our own", () => {
  test("ends the stream once the peer has answered with its end", async () => {
    const { transport, client, handler, closes } = scene();
    const closed = client.close("bye");
    await Promise.resolve();
    expect(transport.calls).toEqual(["closing bye", "resume"]);
    handler.ended();
    expect(transport.calls).toEqual(["closing bye", "resume", "end"]);
    handler.closed(undefined);
    expect(await closed).toEqual(CLEAN);
    expect(closes).toEqual([CLEAN]);
  });

  test("ends it as well once the peer closes at the same time, in whatever pieces that comes", async () => {
    const { transport, client, handler, closes } = scene();
    transport.reusesChunks = true;
    void client.close("bye");
    await Promise.resolve();
    const bytes = Buffer.concat([packet(NOTE, "x".repeat(100)), closeconn("mine")]);
    const chunk = Buffer.from(bytes.subarray(0, -8));
    handler.data(chunk);
    chunk.fill(0xff);
    expect(transport.calls).toEqual(["closing bye", "resume"]);
    handler.data(bytes.subarray(-8));
    expect(transport.calls).toEqual(["closing bye", "resume", "end"]);
    handler.ended();
    handler.closed(undefined);
    expect(closes).toEqual([CLEAN]);
  });

  test("is not clean if the peer ended before it was told", async () => {
    const { transport, client, handler, closes } = scene();
    transport.room = transport.written.length + 1;
    client.sendMessage(Note, 1);
    void client.flush();
    void client.close("bye");
    await Promise.resolve();
    handler.ended();
    expect(transport.calls).toEqual(["closing bye", "resume"]);
    transport.drain();
    expect(transport.calls).toEqual(["closing bye", "resume", "end"]);
    handler.closed(undefined);
    expect(closes).toEqual([{ ...CLEAN, clean: false }]);
  });

  test("waits for the transport to be ready, and does not read on where the peer's stream has ended", async () => {
    const { transport, client, handler, closes } = scene({ early: true });
    void client.close("bye");
    await Promise.resolve();
    handler.ended();
    expect([transport.calls, transport.written]).toEqual([["closing bye", "resume"], []]);
    handler.ready();
    expect(transport.calls).toEqual(["closing bye", "resume", "end"]);
    handler.closed(undefined);
    expect(closes.map(({ reason }) => reason)).toEqual(["bye"]);
  });

  test("passes over what comes, also if it makes no sense, and reads no more of that then", async () => {
    const { net, transport, client, handler, send, closes, notes } = scene({
      cfg: { "net.timeout.close": 3 },
    });
    void client.close("bye");
    await Promise.resolve();
    send(packet(NOTE, 1));
    send(Buffer.from("ffffffff00000000", "hex"));
    // Nobody knows where this would begin.
    send(closeconn("mine"));
    expect(sessionOf(client.conn).connection.inputHeld).toBe(0);
    expect(transport.calls).toEqual(["closing bye", "resume"]);
    net.clock.advance(2.999);
    expect(transport.calls).toEqual(["closing bye", "resume"]);
    net.clock.advance(0.001);
    expect(transport.calls).toEqual(["closing bye", "resume", "destroy"]);
    handler.closed(undefined);
    expect(closes).toEqual([{ ...CLEAN, clean: false }]);
    expect([notes, net.clock.timers]).toEqual([[], 0]);
  });

  test("is told once, however often it is asked for", async () => {
    const { transport, client, handler } = scene();
    void client.close("bye");
    await Promise.resolve();
    const { length } = transport.written;
    void client.close("again");
    await Promise.resolve();
    expect([transport.written.length, transport.calls]).toEqual([length, ["closing bye", "resume"]]);
    handler.ended();
    handler.closed(undefined);
    expect(await client.close()).toEqual(CLEAN);
  });

  test("from within a handler, or while nothing is taken up, sees that the peer has closed, too", async () => {
    for (const paused of [false, true]) {
      const { server, transport, client, send, notes } = scene();
      server.on(Note, () => void sessionOf(client.conn).close("bye"));
      if (paused) client.conn.pause();
      transport.calls.length = 0;
      send(packet(NOTE, 1), packet(NOTE, 2), closeconn("mine"));
      if (paused) void sessionOf(client.conn).close("bye");
      expect(transport.calls).toEqual(["closing bye", "resume", "end"]);
      expect(notes).toEqual(paused ? [] : [1]);
    }
  });

  test("does not end the stream where the transport is gone with what is unsent", async () => {
    const { transport, client, handler, send, closes } = scene();
    transport.room = transport.written.length + 1;
    client.sendMessage(Note, 1);
    const flushed = client.flush();
    const lost = expect(client.flush()).rejects.toThrow("not handed over");
    send(closeconn("bye"));
    handler.ended();
    handler.closed(undefined);
    expect(transport.calls).not.toContain("end");
    expect(closes).toEqual([{ ...CLEAN, clean: false }]);
    await Promise.allSettled([flushed, lost]);
  });

  test("whoever waits for it too long is told so, and whoever asks later what it came to", async () => {
    const { net, client, handler } = scene();
    const waiting = client.close("bye", { timeout: 1 });
    const late = expect(waiting).rejects.toThrow(/connection to close/);
    await Promise.resolve();
    net.clock.advance(1);
    await late;
    handler.ended();
    handler.closed(undefined);
    expect(await client.close("again")).toEqual(CLEAN);
  });
});

describe("a peer that is gone without a word", () => {
  test.each([LOST, TIMED_OUT])("with %p, which is the cause", (cause) => {
    const { handler, closes, server } = scene();
    handler.closed(cause);
    expect(closes).toEqual([{ reason: "socketclose", error: expect.any(ConnectionLostError), clean: false }]);
    expect(closes[0]?.error).toMatchObject({ message: `the connection was lost: ${cause.message}`, cause });
    expect(server.metrics.rejectedBy).toEqual({ socketclose: 1 });
  });

  test("before its handshake was looked at: all that it sent is received, and nothing is sent to it", async () => {
    const { transport, client, handler, send, closes, failures, notes } = scene({ early: true });
    handler.ready();
    client.conn.pause();
    send(settype(), accept(), packet(NOTE, 1));
    const error = new BadDataError("no frame");
    handler.closed(error);
    const { length } = transport.written;
    client.conn.resume();
    await Promise.resolve();
    expect([notes, failures, transport.written.length]).toEqual([[1], [], length]);
    expect(closes).toEqual([{ reason: "baddata", error, clean: false }]);
  });

  test.each<[string, Uint8Array[], unknown[], string]>([
    ["its reason", [hello(), closeconn("servershutdown")], [], "servershutdown"],
    [
      "its handshake and a packet",
      [hello(), handshake({ "test:note": NOTE }), packet(NOTE, 1)],
      [1],
      "socketclose",
    ],
  ])(
    "before a client has looked at its hello: the client receives %s, and sends nothing",
    async (_what, sent, received, reason) => {
      const transport = new ScriptedTransport();
      const client = new TestNetwork().client({ packets });
      const [notes, failures, closes]: [unknown[], unknown[], CloseInfo[]] = [[], [], []];
      client.on(Note, (note) => void notes.push(note));
      client.on("handlerError", (error) => void failures.push(error));
      client.on("close", (info) => void closes.push(info));
      client.attach(transport);
      transport.handler?.ready();
      client.conn?.pause();
      transport.handler?.data(Buffer.concat(sent));
      transport.handler?.ended();
      transport.handler?.closed(undefined);
      client.conn?.resume();
      await Promise.resolve();
      expect([notes, failures, transport.written]).toEqual([received, [], []]);
      expect(closes).toEqual([{ reason, error: undefined, clean: false }]);
    },
  );

  test("with an error of ours, which stays as it is", () => {
    const { handler, closes } = scene();
    const error = new BadDataError("no frame");
    handler.closed(error);
    expect(closes).toEqual([{ reason: "baddata", error, clean: false }]);
  });

  test("with its end, between two packets", () => {
    const { transport, handler, closes, server } = scene();
    handler.ended();
    expect(transport.calls).toEqual(["closing socketclose", "end"]);
    handler.closed(undefined);
    expect(closes).toEqual([{ reason: "socketclose", error: undefined, clean: false }]);
    expect(server.metrics.rejectedBy).toEqual({});
  });

  test("with its end within a packet", () => {
    const { handler, send, closes, server } = scene();
    send(packet(NOTE, 1).subarray(0, 7));
    handler.ended();
    handler.closed(undefined);
    expect(closes[0]).toMatchObject({
      reason: "socketclose",
      error: { message: "the peer ended the connection within a packet" },
    });
    expect(server.metrics.rejectedBy).toEqual({ socketclose: 1 });
  });

  test("within a packet and with an error, which says more", () => {
    const { handler, send, closes } = scene();
    send(packet(NOTE, 1).subarray(0, 7));
    handler.closed(TIMED_OUT);
    expect(closes[0]?.error?.message).toBe("the connection was lost: read ETIMEDOUT");
  });
});

/** Takes bodies for what they would be if they were inflated. */
const platform = {
  ...standardPlatform,
  compression: () => ({
    deflate: (bytes: Uint8Array) => bytes,
    inflate: (bytes: Uint8Array) => bytes.slice(),
  }),
};

describe("a peer that is gone while its compressed packets wait for their rate", () => {
  /** Each counts as 16 KiB, of which five a second are allowed. */
  function held() {
    const made = scene({ platform, cfg: { "net.limits.inflated.rate": 80 * 1024 } });
    const packets = Array.from({ length: 8 }, (_, note) => packet(NOTE, note, 1));
    made.send(...packets);
    expect(made.notes).toEqual([0, 1, 2, 3, 4, 5]);
    return made;
  }

  test("by a reset: nobody is owed what waits", () => {
    const { handler, closes, notes } = held();
    handler.closed(LOST);
    expect(closes.map(({ reason }) => reason)).toEqual(["socketclose"]);
    expect(notes).toHaveLength(6);
  });

  test.each<[string, (handler: ScriptedTransport["handler"]) => void]>([
    ["by another error", (handler) => handler?.closed(TIMED_OUT)],
    ["without an error", (handler) => handler?.closed(undefined)],
    [
      "by a reset after its end",
      (handler) => {
        handler?.ended();
        handler?.closed(LOST);
      },
    ],
  ])("%s: all of it is worked off before", async (_what, goes) => {
    const { net, handler, closes, notes, client } = held();
    goes(handler);
    expect([closes, client.conn.open]).toEqual([[], true]);
    await net.pass(5);
    expect(notes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(closes.map(({ reason }) => reason)).toEqual(["socketclose"]);
  });
});

describe("what the peer did wrong", () => {
  test("is told to it, and the stream ends once it has answered", () => {
    const { transport, handler, send, closes, failures, server } = scene();
    send(Buffer.from("0000000100", "hex"));
    expect(transport.calls).toEqual(["closing malformedpacket", "resume"]);
    handler.ended();
    expect(transport.calls.at(-1)).toBe("end");
    handler.closed(undefined);
    expect(closes[0]).toMatchObject({ reason: "malformedpacket", clean: false });
    expect([failures, server.metrics.rejectedBy]).toEqual([[], { malformedpacket: 1 }]);
  });

  test("does not have to be answered by one that speaks another protocol", () => {
    const { transport, handler, send } = scene({ early: true });
    handler.ready();
    send(Buffer.from("GET / HTTP/1.1\r\n"));
    expect(transport.calls).toEqual(["closing notpeng3dnet", "resume", "end"]);
  });

  test("nor by one that TLS did not let in", () => {
    const { transport, handler, closes } = scene({ early: true });
    handler.refused(new TlsHandshakeError("no certificate"));
    expect(transport.calls).toEqual(["closing tlsfailed", "resume", "end"]);
    handler.closed(undefined);
    expect(closes[0]?.error?.message).toBe("no certificate");
  });
});

describe("an error of a step of the application's own", () => {
  test("is reported, and the connection ends as an internal error, whatever follows", () => {
    const { server, transport, handler, send, closes, failures } = scene();
    const broken = server as unknown as { receiveData(): void };
    broken.receiveData = () => {
      throw new Error("bug");
    };
    send(packet(NOTE, 1));
    expect(transport.calls).toEqual(["closing internalerror", "resume"]);
    handler.ended();
    handler.closed(undefined);
    expect(failures).toEqual(["receiveData: bug"]);
    expect(closes[0]).toMatchObject({ reason: "internalerror", error: { message: "bug" } });
    expect(server.metrics.rejectedBy).toEqual({ internalerror: 1 });
  });

  test("is reported where it comes while the connection closes, and changes nothing about that", async () => {
    const { net, server, client, transport, handler, send, closes, failures } = scene();
    const broken = server as unknown as { receiveData(): Promise<void> };
    const gate = new Deferred<void>(net.clock);
    broken.receiveData = () => gate.wait({}, "the gate");
    send(packet(NOTE, 1));
    void sessionOf(client.conn).close("bye");
    gate.fail(new Error("bug"));
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    expect(failures).toEqual(["receiveData: bug"]);
    expect(transport.calls).toEqual(["closing bye", "resume"]);
    handler.ended();
    handler.closed(undefined);
    expect(closes).toEqual([CLEAN]);
  });

  test("is reported where nothing can be told to the peer, and the connection is cut", () => {
    let fails = false;
    class Failing extends MsgpackCodec {
      override encode(value: unknown): Uint8Array {
        if (fails) throw new Error("no memory");
        return super.encode(value);
      }
    }
    const { transport, handler, send, closes, failures } = scene({ codec: new Failing() });
    fails = true;
    send(Buffer.from("0000000100", "hex"));
    expect(transport.calls).toEqual(["closing malformedpacket", "destroy"]);
    handler.closed(undefined);
    expect(failures).toEqual([expect.stringMatching(/^close: .*no memory/)]);
    expect(closes[0]?.reason).toBe("malformedpacket");
  });
});

describe("a peer that is gone while its packets wait for process()", () => {
  /** A packet of this many bytes waits. */
  function waiting(bytes = 1, cfg: ServerOptions["cfg"] = {}) {
    const made = scene({ manual: true, cfg });
    made.server.process();
    made.transport.calls.length = 0;
    made.send(packet(NOTE, "x".repeat(bytes)), packet(NOTE, 2));
    expect(made.notes).toEqual([]);
    return made;
  }

  test("with its transport: it is no client any more, and closes once they are handled", async () => {
    const { server, client, handler, closes, notes, transport } = waiting();
    handler.closed(undefined);
    expect([closes, server.clients.size, client.conn.open]).toEqual([[], 0, true]);
    expect(() => client.sendMessage(Note, 1)).toThrow(
      expect.objectContaining({ code: "P3D_ERR_CONNECTION_CLOSED", reason: "socketclose" }) as Error,
    );
    server.process();
    expect(notes).toEqual(["x", 2]);
    await Promise.resolve();
    expect(closes).toEqual([{ reason: "socketclose", error: undefined, clean: false }]);
    expect(transport.calls).toEqual([]);
  });

  test("with its transport, and its close among them: that was not answered, so that it is not clean", async () => {
    const { server, transport, handler, send, closes } = waiting();
    send(closeconn("bye"));
    handler.ended();
    handler.closed(undefined);
    server.process();
    await Promise.resolve();
    expect([transport.calls, closes]).toEqual([[], [{ ...CLEAN, clean: false }]]);
  });

  test("with its transport: what is unsent is lost, and nobody waits for that to be sent", async () => {
    const { client, handler, transport, closes } = waiting();
    transport.room = transport.written.length + 1;
    client.sendMessage(Note, 1);
    await client.flush();
    client.sendMessage(Note, 2);
    const before = expect(client.flush()).rejects.toThrow(ConnectionLostError);
    handler.closed(undefined);
    await expect(client.flush()).rejects.toThrow(ConnectionLostError);
    expect([closes, client.conn.open]).toEqual([[], true]);
    client.server.stop();
    await before;
  });

  test("with the end of its stream: it can be answered until they are handled", () => {
    const { server, client, transport, handler, closes, notes } = waiting();
    handler.ended();
    client.sendMessage(Note, 1);
    void client.flush();
    expect([transport.calls, closes]).toEqual([[], []]);
    server.process();
    expect(notes).toEqual(["x", 2]);
    expect(transport.calls).toEqual(["closing socketclose", "end"]);
  });

  test("with the end of its stream, and closed meanwhile: nothing more is read", async () => {
    const { client, transport, handler, closes } = waiting();
    handler.ended();
    void client.close("bye");
    await Promise.resolve();
    expect(transport.calls).toEqual(["closing bye", "end"]);
    handler.closed(undefined);
    expect(closes[0]).toMatchObject({ reason: "bye", error: undefined });
  });

  test("and closed by a handler or by anybody else: the rest is not handled any more", async () => {
    const { client, transport, handler, closes, notes } = waiting();
    handler.closed(undefined);
    void client.close("bye");
    await Promise.resolve();
    await Promise.resolve();
    expect(closes).toEqual([{ reason: "bye", error: undefined, clean: false }]);
    expect([notes, transport.calls]).toEqual([[], []]);
  });

  test("and the server is stopped: it closes at once, and one that is not gone with its transport", () => {
    const gone = waiting();
    gone.handler.closed(undefined);
    gone.server.stop();
    expect(gone.closes.map(({ reason }) => reason)).toEqual(["socketclose"]);
    const there = waiting();
    there.server.stop();
    expect([there.closes, there.transport.calls]).toEqual([[], ["closing socketclose", "destroy"]]);
    there.handler.closed(undefined);
    expect(there.closes.map(({ reason }) => reason)).toEqual(["socketclose"]);
  });

  test("and all together hold too much: it goes at once, and one that is not gone with its transport", () => {
    const cfg = { "net.limits.unprocessed.total": 40_000, "net.limits.unprocessed.bytes": 40_000 };
    for (const gone of [true, false]) {
      const { server, transport, handler, closes } = waiting(30_000, cfg);
      if (gone) handler.closed(undefined);
      const other = new ScriptedTransport();
      server.accept(other);
      other.handler?.ready();
      if (!gone) handler.holds?.(30_000);
      other.handler?.holds?.(20_000);
      expect(transport.calls.filter((call) => call === "destroy")).toHaveLength(1);
      expect(closes).toHaveLength(gone ? 1 : 0);
      if (!gone) handler.closed(undefined);
      expect(closes[0]).toMatchObject({ reason: "serverfull", error: { closeReason: "serverfull" } });
    }
  });
});

test("waiting for a close does not bring it about", async () => {
  const net = new TestNetwork();
  const server = net.server({ packets });
  const client = net.client({ packets });
  const got: unknown[] = [];
  client.on(Note, (note) => void got.push(note));
  net.connect(client, server);
  await client.waitForConnection();
  const closed = client.waitForClose();
  const remote = [...server.clients.values()][0];
  void sessionOf(client.conn).waitForClose({});
  void sessionOf(remote?.conn).waitForClose({});
  for (let note = 0; note < 3; note++) {
    server.broadcast(Note, note);
    await net.settle();
  }
  expect([got, client.conn?.open]).toEqual([[0, 1, 2], true]);
  await client.close("bye");
  expect(await closed).toEqual(CLEAN);
});
