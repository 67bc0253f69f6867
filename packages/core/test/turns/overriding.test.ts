// Steps and hooks that a subclass may take over.

import {
  type Address,
  AlreadyRegisteredError,
  type Cid,
  ClassicConnectionType,
  Client,
  type ClientConnection,
  ClientOnServer,
  ConnectionType,
  InvalidStateError,
  MODE_PLAY,
  type PacketRef,
  type Peer,
  Server,
  SmartPacket,
  SSLSEC_NONE,
  STATE_ACTIVE,
  STATE_LOGGEDIN,
} from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import {
  deferred,
  echo,
  FunctionPacket,
  handle,
  LOCAL,
  next,
  startPair,
  startServer,
} from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";
import { sessionOf } from "../support/session.js";
import { ACCEPT, CLOSECONN, HANDSHAKE, HELLO, packet, SETTYPE, settype, value } from "../support/wire.js";

const IDLE = { "net.compress.enabled": false } as const;

describe("steps of receiving", () => {
  class SteppingServer extends Server {
    readonly steps: unknown[] = [];

    override receiveData(data: Uint8Array, cid: number): void {
      this.steps.push(["receiveData", data.length, cid]);
      super.receiveData(data, cid);
    }

    override processSinglePacket(client: ClientOnServer): void {
      this.steps.push(["processSinglePacket", client.cid]);
      super.processSinglePacket(client);
    }

    override receivePacket(data: Uint8Array, cid: number): void {
      this.steps.push(["receivePacket", new DataView(data.buffer, data.byteOffset).getUint32(0), cid]);
      super.receivePacket(data, cid);
    }
  }

  class SteppingClient extends Client {
    readonly steps: unknown[] = [];

    override receiveData(data: Uint8Array, cid: Cid = null): void {
      this.steps.push(["receiveData", cid]);
      super.receiveData(data, cid);
    }

    override processSinglePacket(client?: unknown): void {
      this.steps.push(["processSinglePacket", client]);
      super.processSinglePacket(client);
    }

    override receivePacket(data: Uint8Array, cid: Cid = null): void {
      this.steps.push(["receivePacket", new DataView(data.buffer, data.byteOffset).getUint32(0), cid]);
      super.receivePacket(data, cid);
    }
  }

  test("receiveData, processSinglePacket and receivePacket see every packet of both sides", async () => {
    const answered = deferred();
    const server = track(new SteppingServer({ addr: LOCAL, cfg: { ...IDLE, "net.heartbeat.interval": 0 } }));
    echo(server);
    await server.start();
    const client = track(new SteppingClient({ addr: server.addr }));
    handle(client, "test:echo", () => answered.resolve());
    await client.start();
    client.sendMessage("test:echo", "hello");
    await answered.promise;
    const closed = next(server, "close");
    await client.close("done");
    const [{ cid }] = await closed;

    const packets = [SETTYPE, ACCEPT, 64, CLOSECONN];
    const named = (name: string, steps: readonly unknown[]): unknown[] =>
      steps.filter((step) => (step as unknown[])[0] === name);
    expect(named("receivePacket", server.steps)).toEqual(packets.map((id) => ["receivePacket", id, cid]));
    expect(named("processSinglePacket", server.steps)).toEqual(
      packets.map(() => ["processSinglePacket", cid]),
    );
    // settype 28 bytes, accept 20, the echo 16, closeconn 23.
    const lengths = named("receiveData", server.steps).map((step) => (step as [string, number])[1]);
    expect(lengths.reduce((sum, length) => sum + length)).toBe(28 + 20 + 16 + 23);

    expect(named("receivePacket", client.steps)).toEqual(
      [HELLO, HANDSHAKE, 64].map((id) => ["receivePacket", id, null]),
    );
    expect(named("processSinglePacket", client.steps)).toEqual(
      Array(3).fill(["processSinglePacket", undefined]),
    );
    expect(named("receiveData", client.steps)).toContainEqual(["receiveData", null]);
  });

  test("a step may be taken over as a field, and drop or replace what it gets", async () => {
    const received: unknown[] = [];
    const done = deferred();
    class Filter extends Server {
      override receivePacket = (data: Uint8Array, cid: number): void => {
        const id = new DataView(data.buffer, data.byteOffset).getUint32(0);
        if (id !== 64) super.receivePacket(data, cid);
        else if (data.at(-1) !== 1)
          super.receivePacket(packet(64, `replaced ${data.at(-1)}`).subarray(4), cid);
      };
    }
    const server = track(new Filter({ addr: LOCAL }));
    handle(server, "test:item", (msg) => {
      received.push(msg);
      if (received.length === 2) done.resolve();
    });
    await server.start();
    const client = track(new Client({ addr: server.addr }));
    handle(client, "test:item");
    await client.start();
    for (const index of [0, 1, 2]) client.sendMessage("test:item", index);
    await done.promise;
    expect(received).toEqual(["replaced 0", "replaced 2"]);
  });

  test("overridden steps leave packets for process() in manual mode", async () => {
    const received: unknown[] = [];
    const server = track(new SteppingServer({ addr: LOCAL }));
    handle(server, "test:item", (msg) => void received.push(msg));
    await server.runAsync();
    const client = track(new Client({ addr: server.addr }));
    handle(client, "test:item");
    await client.start();
    client.sendMessage("test:item", 1);
    expect(await server.process({ wait: true })).toBe(1);
    expect(received).toEqual([1]);
  });

  test("receiveData with bytes from elsewhere, and for a client that is gone", async () => {
    const received: unknown[] = [];
    const { server, client, remote } = await startPair({
      setUp: (peer) => handle(peer, "test:item", (msg) => void received.push(msg)),
    });
    server.receiveData(packet(64, "injected"), remote.cid);
    client.receiveData(packet(64, "too"));
    expect(received).toEqual(["injected", "too"]);
    await client.close();
    client.receiveData(packet(64, "late"));
    server.receiveData(packet(64, "late"), 4711);
    server.receivePacket(packet(64, "late"), 4711);
    expect(received).toEqual(["injected", "too"]);
  });

  test("a handler may feed data in; it is processed behind the packet at hand", async () => {
    const received: unknown[] = [];
    const { server, remote } = await startPair({
      setUp: (peer) =>
        handle(peer, "test:item", (msg) => {
          received.push(`${msg} begins`);
          if (msg === "outer") server.receiveData(packet(64, "inner"), remote.cid);
          received.push(`${msg} ends`);
        }),
    });
    server.receiveData(packet(64, "outer"), remote.cid);
    expect(received).toEqual(["outer begins", "outer ends", "inner begins", "inner ends"]);
  });

  test("pumpWriteBuffer hands output over at once, on both sides", async () => {
    const { server, client, remote } = await startPair();
    for (const [conn, send, pump] of [
      [client.conn, () => client.sendMessage("test:echo", 1), () => client.pumpWriteBuffer()],
      [remote.conn, () => remote.sendMessage("test:echo", 1), () => server.pumpWriteBuffer()],
      [remote.conn, () => remote.sendMessage("test:echo", 1), () => server.pumpWriteBuffer(remote.cid)],
    ] as const) {
      send();
      expect(conn?.metrics.unsent).toBeGreaterThan(0);
      pump();
      expect(conn?.metrics.unsent).toBe(0);
    }
  });
});

describe("set-up", () => {
  test("_reg_packets_* and _reg_conntypes_* are called once, in order of name, inherited ones and fields too", async () => {
    const calls: string[] = [];
    class Base extends Server {
      _reg_packets_b(): void {
        calls.push("packets_b");
      }
      _reg_conntypes_a(): void {
        calls.push("conntypes_a");
        expect(this.getConnType("classic")).toBeInstanceOf(ClassicConnectionType);
      }
      _reg_packets_a(): void {
        calls.push("packets_a of the base");
      }
    }
    class Derived extends Base {
      readonly _reg_packets_c = (): void => {
        calls.push("packets_c");
      };
      readonly _reg_packets_d = "no function";
      override _reg_packets_a(): void {
        calls.push("packets_a");
        expect(this.registry.has("peng3dnet:internal.hello")).toBe(true);
      }
    }
    const server = track(new Derived({ addr: LOCAL }));
    server.initialize();
    await server.start();
    expect(calls).toEqual(["packets_a", "packets_b", "packets_c", "conntypes_a"]);
  });

  test("registerPacket with a fixed id, below 64 and above, goes through on both sides", async () => {
    const received: unknown[] = [];
    const done = deferred();
    const { client } = await startPair({
      setUp: (peer) => {
        const own = new FunctionPacket(peer.registry, peer, (msg) => {
          received.push(msg);
          if (received.length === 3) done.resolve();
        });
        const fixed = new FunctionPacket(peer.registry, peer, (msg) => void received.push(msg));
        const low = new FunctionPacket(peer.registry, peer, (msg) => void received.push(msg));
        const target = peer as Client | Server;
        expect(target.registerPacket("test:fixed", fixed, 1000)).toBe(1000);
        expect(target.registerPacket("test:low", low, 32)).toBe(32);
        expect(target.registerPacket("test:own", own)).toBe(64);
        expect(() => target.registerPacket("test:other", own, 1000)).toThrow(AlreadyRegisteredError);
      },
    });
    client.sendMessage("test:low", "low");
    client.sendMessage(1000, "fixed");
    client.sendMessage(client.registry.getObj("test:own"), "own");
    await done.promise;
    expect(received).toEqual(["low", "fixed", "own"]);
  });

  test("a connection type's name is taken once", () => {
    const server = new Server({ addr: LOCAL });
    server.initialize();
    expect(() => server.addConnType("classic", new ClassicConnectionType(server))).toThrow(
      AlreadyRegisteredError,
    );
  });

  test("genCID", async () => {
    class Own extends Server {
      #next = 100;
      override genCID(): number {
        this.#next += 10;
        return this.#next;
      }
    }
    const server = track(new Own({ addr: LOCAL }));
    echo(server);
    await server.start();
    for (const cid of [110, 120]) {
      const answered = deferred();
      const client = track(new Client({ addr: server.addr }));
      handle(client, "test:echo", () => answered.resolve());
      await client.start();
      client.sendMessage("test:echo", 1);
      await answered.promise;
      expect(server.clients.get(cid)?.cid).toBe(cid);
    }
  });

  test("ids count up from 1 without an override", async () => {
    const server = await startServer();
    expect([server.genCID(), server.genCID()]).toEqual([1, 2]);
  });

  test.each(["genCID", "clientcls"])("a %s that fails refuses that connection and no other", async (what) => {
    const failures: unknown[] = [];
    let healthy = true;
    class Own extends Server {
      override genCID(): number {
        if (what === "genCID" && !healthy) return 1;
        return super.genCID();
      }
    }
    class OwnClient extends ClientOnServer {
      constructor(server: Server, conn: ClientConnection, addr: Address, cid: number) {
        super(server, conn, addr, cid);
        if (what === "clientcls" && !healthy) throw new Error("not today");
      }
    }
    const server = track(new Own({ addr: LOCAL, clientcls: OwnClient }));
    server.on("handlerError", (error, { where }) => failures.push([(error as Error).message, where]));
    echo(server);
    await server.start();
    const answered = deferred<unknown>();
    const client = track(new Client({ addr: server.addr }));
    handle(client, "test:echo", answered.resolve);
    await client.start();
    healthy = false;
    const refused = await RawPeer.connect(server.addr);
    await refused.ended();
    const message = what === "genCID" ? "genCID gave the id 1, which is in use" : "not today";
    expect(failures).toEqual([[message, "accept"]]);
    client.sendMessage("test:echo", "still here");
    expect(await answered.promise).toBe("still here");
    expect(server.clients.size).toBe(1);
  });

  test("sendEvent sees all events, and may be called by the application", async () => {
    const sent: unknown[] = [];
    class Own extends Server {
      override sendEvent(event: string, data: Readonly<Record<string, unknown>> = {}): void {
        sent.push(event);
        super.sendEvent(event, data);
      }
    }
    const bus: [string, Readonly<Record<string, unknown>>][] = [];
    const peng = {
      sendEvent: (event: string, data: Readonly<Record<string, unknown>>) => void bus.push([event, data]),
    };
    const server = track(new Own({ addr: LOCAL, peng }));
    echo(server);
    await server.start();
    server.sendEvent("custom", { answer: 42 });
    server.sendEvent("game:started");
    expect(sent).toEqual(["initialize", "bind", "start", "custom", "game:started"]);
    expect(bus.at(-2)).toEqual(["peng3dnet:server.custom", { peng, server, answer: 42 }]);
    expect(bus.at(-1)).toEqual(["game:started", { peng, server }]);
  });
});

describe("hooks", () => {
  class Player extends ClientOnServer {
    readonly log: unknown[] = [];
    override onConnect(): void {
      this.log.push(["connect", this.active]);
    }
    override onHandshakeComplete(): void {
      this.log.push(["handshake", this.active, this.conntype]);
      void super.onHandshakeComplete();
    }
    override onReceive(ptype: number, msg: unknown): void {
      this.log.push(["receive", ptype, msg]);
    }
    override onSend(ptype: PacketRef, msg: unknown): void {
      this.log.push(["send", ptype, msg]);
    }
    override onClose(reason: string | null): void {
      this.log.push(["close", reason]);
    }
  }

  test("of a client on a server", async () => {
    const answered = deferred();
    const server = track(new Server({ addr: LOCAL, clientcls: Player }));
    echo(server);
    await server.start();
    const connected = next(server, "connection");
    const client = track(new Client({ addr: server.addr }));
    handle(client, "test:echo", () => answered.resolve());
    await client.start();
    const [player] = await connected;
    client.sendMessage("test:echo", "hi");
    await answered.promise;
    const closed = next(server, "close");
    await client.close("done");
    await closed;
    expect(player).toBeInstanceOf(Player);
    expect(player.log).toEqual([
      ["connect", false],
      ["handshake", true, "classic"],
      ["send", "test:echo", "hi"],
      ["receive", 64, "hi"],
      ["close", "done"],
    ]);
    expect(player.server).toBe(server);
    expect(player.active).toBe(false);
  });

  test("of a client", async () => {
    const log: unknown[] = [];
    const answered = deferred();
    class Own extends Client {
      override onConnect(): void {
        log.push(["connect", this.active]);
      }
      override onHandshakeComplete(): void {
        log.push(["handshake", this.active]);
        void super.onHandshakeComplete();
      }
      override onReceive(ptype: number, msg: unknown): void {
        log.push(["receive", ptype, msg]);
        answered.resolve();
      }
      override onSend(ptype: PacketRef, msg: unknown): void {
        log.push(["send", ptype, msg]);
      }
      override onClose(reason: string | null): void {
        log.push(["close", reason]);
      }
    }
    const server = await startServer();
    const client = track(new Own({ addr: server.addr }));
    handle(client, "test:echo");
    client.on("connect", () => log.push("connect event"));
    client.on("handshakecomplete", () => log.push("handshakecomplete event"));
    client.on("close", ({ reason }) => log.push(`close event ${reason}`));
    await client.start();
    client.sendMessage(64, [1]);
    await answered.promise;
    await client.close("done");
    expect(log).toEqual([
      ["connect", false],
      "connect event",
      ["handshake", true],
      "handshakecomplete event",
      ["send", 64, [1]],
      ["receive", 64, [1]],
      ["close", "done"],
      "close event done",
    ]);
  });

  test("what a client on a server offers", async () => {
    const { remote, server, client } = await startPair();
    expect(remote.sslSeclevel).toBe(SSLSEC_NONE);
    expect(client.sslSeclevel).toBe(SSLSEC_NONE);
    expect(remote.addr).toEqual(["127.0.0.1", client.sock?.localPort]);
    expect(remote.state).toBe(STATE_ACTIVE);
    for (const side of [remote, client]) {
      side.state = STATE_LOGGEDIN;
      side.mode = MODE_PLAY;
      expect([side.state, side.mode, side.active]).toEqual([STATE_LOGGEDIN, MODE_PLAY, true]);
      expect(side.conntype).toBe("classic");
      expect(() => {
        side.state = 3;
      }).toThrow(InvalidStateError);
    }
    expect(server.getConnection(remote.cid)).toBe(sessionOf(remote.conn).connection);
    expect(server.getConnection()).toBeUndefined();
    expect(client.getConnection()).toBe(sessionOf(client.conn)?.connection);
    await remote.flush();
    await server.flush(remote.cid);
    await server.flush();
    await expect(server.flush(4711)).rejects.toThrow("there is no client with the cid 4711");
  });

  test("listeners can be removed, and once means once", async () => {
    const { client, server } = await startPair();
    const calls: string[] = [];
    const removed = (): void => void calls.push("removed");
    client.on("close", removed).off("close", removed);
    client.once("close", () => calls.push("once"));
    client.on("close", () => calls.push("on"));
    const closed = next(server, "close");
    await client.close();
    await closed;
    expect(calls).toEqual(["once", "on"]);
  });
});

describe("connection types of one's own", () => {
  const log: unknown[] = [];
  const ends = new Set<Cid>();

  /** Active at once; keeps packets 70 to itself, and sees every other one. */
  class DirectType extends ConnectionType {
    override init(cid: Cid): void {
      log.push(["init", this.peer.side, cid]);
      const connection = this.connection(cid);
      connection.activate();
      if (cid === null) connection.sendRaw(70, { hello: "server" });
    }

    override receive(msg: unknown, pid: number, flags: number, cid: Cid): boolean {
      log.push(["receive", msg, pid, flags, cid]);
      if (pid === 70 && cid !== null) this.connection(cid).sendRaw(70, { hello: "client" });
      if (pid === 70 && cid === null) this.peer.sendMessage("test:item", "from the client");
      return pid === 70;
    }

    override send(data: Uint8Array, pid: unknown, cid: Cid): boolean {
      log.push(["send", data.length, pid, cid]);
      return false;
    }

    override closed(cid: Cid): void {
      ends.add(cid);
    }
  }

  class DirectServer extends Server {
    _reg_conntypes_direct(): void {
      this.addConnType("direct", new DirectType(this));
    }
  }

  test("on both sides, without the classic handshake", async () => {
    log.length = 0;
    const received = deferred<unknown>();
    const server = track(new DirectServer({ addr: LOCAL }));
    handle(server, "test:item", received.resolve);
    await server.start();
    const client = track(new Client({ addr: server.addr, conntype: "direct" }));
    client.addConnType("direct", new DirectType(client));
    handle(client, "test:item");
    const accepted = next(server, "handshakecomplete");
    await client.start();
    const [{ cid, conntype }] = await accepted;
    expect(conntype).toBe("direct");
    expect(await received.promise).toBe("from the client");
    const closed = next(server, "close");
    await client.close("done");
    await closed;
    expect(log).toEqual([
      ["init", 0, null],
      ["init", 1, cid],
      ["receive", { hello: "server" }, 70, 0, cid],
      ["receive", { hello: "client" }, 70, 0, null],
      ["send", 26, "test:item", null],
      ["receive", "from the client", 64, 0, cid],
    ]);
    expect(ends).toEqual(new Set([cid, null]));
  });

  test("a type that the server lacks closes with unknownconntype; without settype's key it is classic", async () => {
    const server = await startServer();
    const peer = await RawPeer.connect(server.addr);
    await peer.packet();
    peer.write(settype("direct"));
    expect(await peer.closeReason()).toBe("unknownconntype");
    const classic = await RawPeer.connect(server.addr);
    await classic.packet();
    classic.write(packet(SETTYPE, {}));
    expect(value(await classic.packet())).toMatchObject({ registry: { "test:echo": 64 } });
  });

  test("a type that the client lacks closes on its side", async () => {
    const server = await startServer();
    const client = track(new Client({ addr: server.addr, conntype: "missing" }));
    await expect(client.start()).rejects.toMatchObject({
      reason: "unknownconntype",
      cause: { code: "P3D_ERR_UNKNOWN_CONNTYPE" },
    });
  });
});

describe("SmartPacket", () => {
  test("what may not be sent is not sent, by either side", async () => {
    class Play extends SmartPacket {
      override readonly mode = MODE_PLAY;
      override readonly invalidAction = "error";
      override receive(msg: unknown): void {
        received.resolve(msg);
      }
    }
    const received = deferred<unknown>();
    const { client, remote } = await startPair({
      setUp: (peer: Peer) => peer.registry.register(new Play(peer.registry, peer), "test:play"),
    });
    const before = client.conn?.metrics.bytesOut;
    expect(() => client.sendMessage("test:play", 1)).toThrow("its mode does not fit");
    expect(() => remote.sendMessage("test:play", 1)).toThrow("its mode does not fit");
    await client.flush();
    expect(client.conn?.metrics.bytesOut).toBe(before);
    client.mode = MODE_PLAY;
    remote.mode = MODE_PLAY;
    client.sendMessage("test:play", 2);
    expect(await received.promise).toBe(2);
  });

  test('"close" ends the connection with smartpacketinvalid', async () => {
    class LoggedIn extends SmartPacket {
      override readonly state = STATE_LOGGEDIN;
      override readonly invalidAction = "close";
    }
    const { client, server } = await startPair({
      setUp: (peer: Peer) => peer.registry.register(new LoggedIn(peer.registry, peer), "test:private"),
    });
    const closed = next(server, "close");
    client.sendMessage("test:private", 1);
    expect((await closed)[1]).toMatchObject({ reason: "smartpacketinvalid" });
  });
});
