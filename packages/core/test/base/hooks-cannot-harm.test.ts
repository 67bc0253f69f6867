// Whatever a hook of the application throws, rejects with or returns: nothing of it is left behind.

import { types } from "node:util";
import {
  BadDataError,
  type Cid,
  ClassicConnectionType,
  Client,
  ClientOnServer,
  type ClientOptions,
  type Logger,
  Packet,
  type PacketRef,
  Server,
  type ServerOptions,
} from "@peng3dnet/core";
import { TestNetwork } from "@peng3dnet/core/testing";
import { HORRORS as THROWN } from "../../../protocol/test/support/horrors.js";
import { onCleanup, track } from "../support/cleanup.js";
import { next } from "../support/peers.js";

/** Thrown promises are for hooks alone: who asks for the text of one has it still. */
const HORRORS: typeof THROWN = [
  ...THROWN,
  ["a promise that rejects", () => Promise.reject(new Error("of a promise"))],
];

const MANNERS = ["throws", "rejects", "returns"] as const;
type Manner = (typeof MANNERS)[number];

/** One hook of all goes wrong as long as this is armed. */
class Mischief {
  armed = true;
  hits = 0;

  constructor(
    readonly hook: string,
    readonly manner: Manner,
    readonly make: () => unknown,
  ) {}

  /** What stands in each hook: does what the hook should do, or goes wrong. */
  act(hook: string, otherwise: () => unknown = () => undefined): never {
    if (!this.armed || hook !== this.hook) return otherwise() as never;
    this.hits++;
    const value = this.make();
    if (this.manner === "throws") throw value;
    return (this.manner === "rejects" ? Promise.reject(value) : value) as never;
  }
}

class Echo extends Packet {
  constructor(
    peer: Server | Client,
    readonly mischief: Mischief,
    readonly side: string,
  ) {
    super(peer.registry, peer);
  }

  override parse(msg: unknown): unknown {
    return this.mischief.act(`${this.side} packet.parse`, () => msg);
  }

  override receive(msg: unknown, cid: Cid): never {
    if (cid !== null) this.peer.sendMessage("test:echo", msg, cid);
    // So that there is something to log.
    if (/logger|handlerError/.test(this.mischief.hook) && this.mischief.armed) throw new Error("for the log");
    return this.mischief.act(`${this.side} packet.receive`);
  }

  override _send(msg: Uint8Array, cid: Cid): never {
    void super._send(msg, cid);
    return this.mischief.act(`${this.side} packet._send`);
  }
}

class OwnType extends ClassicConnectionType {
  constructor(
    peer: Server | Client,
    readonly mischief: Mischief,
    readonly side: string,
  ) {
    super(peer);
  }

  override init(cid: Cid): never {
    return this.mischief.act(`${this.side} type.init`, () => super.init(cid));
  }

  override receive(): boolean {
    return this.mischief.act(`${this.side} type.receive`, () => false);
  }

  override send(): boolean {
    return this.mischief.act(`${this.side} type.send`, () => false);
  }

  override closed(): never {
    return this.mischief.act(`${this.side} type.closed`);
  }
}

/** Bus, logger and print that go wrong. */
function surroundings(mischief: Mischief, side: string): ServerOptions & ClientOptions {
  const level = (name: string) => (): void => mischief.act(`${side} logger.${name}`);
  const logger: Logger = {
    debug: level("debug"),
    info: level("info"),
    warn: level("warn"),
    error: level("error"),
  };
  return {
    peng: {
      sendEvent: () => mischief.act(`${side} bus.sendEvent`),
      hasListeners: () => mischief.act(`${side} bus.hasListeners`, () => true),
    },
    print: () => mischief.act(`${side} print`),
    ...(mischief.hook.includes("handlerError") ? {} : { logger }),
    cfg: {
      "net.debug.print.recv": true,
      "net.debug.print.send": true,
      "net.debug.print.connect": true,
      "net.debug.print.close": true,
      "net.timeout.close": 1,
      "net.timeout.handshake": 1,
    },
  };
}

function makeServer(mischief: Mischief, options: ServerOptions): Server {
  class OwnClient extends ClientOnServer {
    constructor(...args: ConstructorParameters<typeof ClientOnServer>) {
      super(...args);
      mischief.act("clientcls");
    }
    override onConnect(): never {
      return mischief.act("server onConnect");
    }
    override onHandshakeComplete(): never {
      return mischief.act("server onHandshakeComplete");
    }
    override onReceive(): never {
      return mischief.act("server onReceive");
    }
    override onSend(_ptype: PacketRef): never {
      return mischief.act("server onSend");
    }
    override onClose(): never {
      return mischief.act("server onClose");
    }
  }
  class OwnServer extends Server {
    override genCID(): number {
      return mischief.act("genCID", () => super.genCID());
    }
    override receiveData(data: Uint8Array, cid: number): never {
      return mischief.act("server receiveData", () => super.receiveData(data, cid));
    }
    override processSinglePacket(client: ClientOnServer): never {
      return mischief.act("server processSinglePacket", () => super.processSinglePacket(client));
    }
    override receivePacket(data: Uint8Array, cid: number): never {
      return mischief.act("server receivePacket", () => super.receivePacket(data, cid));
    }
  }
  const server = new OwnServer({ ...surroundings(mischief, "server"), clientcls: OwnClient, ...options });
  server.registerPacket("test:echo", new Echo(server, mischief, "server"));
  server.addConnType("own", new OwnType(server, mischief, "server"));
  for (const event of ["connection", "handshakecomplete", "close"] as const) {
    server.on(event, () => mischief.act(`server on ${event}`));
  }
  if (mischief.hook === "server on handlerError") {
    server.on("handlerError", () => mischief.act("server on handlerError"));
  }
  return server;
}

function makeClient(mischief: Mischief, options: ClientOptions): Client {
  class OwnClient extends Client {
    override onConnect(): never {
      return mischief.act("client onConnect");
    }
    override onHandshakeComplete(): never {
      return mischief.act("client onHandshakeComplete");
    }
    override onReceive(): never {
      return mischief.act("client onReceive");
    }
    override onSend(_ptype: PacketRef): never {
      return mischief.act("client onSend");
    }
    override onClose(): never {
      return mischief.act("client onClose");
    }
    override receiveData(data: Uint8Array, cid: Cid): never {
      return mischief.act("client receiveData", () => super.receiveData(data, cid));
    }
    override processSinglePacket(): never {
      return mischief.act("client processSinglePacket", () => super.processSinglePacket());
    }
    override receivePacket(data: Uint8Array, cid: Cid): never {
      return mischief.act("client receivePacket", () => super.receivePacket(data, cid));
    }
  }
  const client = new OwnClient({ ...surroundings(mischief, "client"), conntype: "own", ...options });
  client.registerPacket("test:echo", new Echo(client, mischief, "client"));
  client.addConnType("own", new OwnType(client, mischief, "client"));
  for (const event of ["connect", "handshakecomplete", "close"] as const) {
    client.on(event, () => mischief.act(`client on ${event}`));
  }
  return client;
}

const BOTH = [
  "onConnect",
  "onHandshakeComplete",
  "onReceive",
  "onSend",
  "onClose",
  "receiveData",
  "processSinglePacket",
  "receivePacket",
  "packet.parse",
  "packet.receive",
  "packet._send",
  "type.init",
  "type.receive",
  "type.send",
  "type.closed",
  "on handshakecomplete",
  "on close",
  "bus.sendEvent",
  "bus.hasListeners",
  "print",
  "logger.error",
];
const HOOKS = [
  ...BOTH.flatMap((hook) => [`server ${hook}`, `client ${hook}`]),
  "server on connection",
  "server on handlerError",
  "client on connect",
];
/** These are called where a socket comes in. */
const ON_ACCEPT = ["genCID", "clientcls"];

/** What escaped from where it should have been caught. */
function escapes(): unknown[] {
  const seen: unknown[] = [];
  const note = (error: unknown): void => void seen.push(error);
  const warnings = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
  onCleanup(() => {
    process.off("unhandledRejection", note);
    process.off("uncaughtException", note);
    warnings.mockRestore();
  });
  return seen;
}

/** The check of what is sent throws to whoever sends it. */
function trySending(client: Client): void {
  try {
    client.sendMessage("test:echo", 1);
  } catch (error) {
    // As it should. What is thrown to the program is the program's.
    if (types.isPromise(error)) error.catch(() => {});
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each(HOOKS)("%s", (hook) => {
  test.each(HORRORS)("with %s", async (_name, make) => {
    const escaped = escapes();
    for (const manner of MANNERS) {
      const mischief = new Mischief(hook, manner, make);
      const net = new TestNetwork();
      const server = net.run(makeServer(mischief, { clock: net.clock }));
      const client = net.run(makeClient(mischief, { clock: net.clock }));
      net.connect(client, server);
      await net.settle();
      if (client.active) trySending(client);
      await net.settle();
      client.close("done").catch(() => {});
      await net.settle();
      net.clock.advance(2);
      await net.settle();
      expect(mischief.hits).toBeGreaterThan(0);
      expect(server.clients.size).toBe(0);
      expect(await client.waitForClose()).toHaveProperty("clean");

      mischief.armed = false;
      const honest = net.run(makeClient(mischief, { clock: net.clock }));
      net.connect(honest, server);
      await honest.waitForConnection();
      honest.sendMessage("test:echo", 2);
      await net.settle();
      expect(honest.metrics.packetsIn).toBe(3);
      expect(await server.shutdown()).toEqual({ clean: 1, unclean: 0 });
      await server.join();
    }
    expect(escaped).toEqual([]);
  });
});

const SOME = HORRORS.filter(([name]) => /toString|getPrototypeOf|getter of then/.test(name));

describe.each([...HOOKS, ...ON_ACCEPT])("over sockets: %s", (hook) => {
  test.each(SOME)("with %s", async (_name, make) => {
    const escaped = escapes();
    // A constructor returns nothing.
    for (const manner of hook === "clientcls" ? (["throws"] as const) : MANNERS) {
      const mischief = new Mischief(hook, manner, make);
      const server = track(makeServer(mischief, { addr: "127.0.0.1:0" }));
      await server.start();
      const client = track(makeClient(mischief, { addr: server.addr }));
      let over = false;
      client.start().then(
        () => trySending(client),
        () => {
          over = true;
        },
      );
      while (mischief.hits === 0 && !over && client.metrics.packetsIn < 3 && !/\bclosed?\b/i.test(hook))
        await turn();
      if (/onClose|closed|on close/.test(hook)) await client.waitForConnection();
      await client.close("done");
      while (server.clients.size > 0) await turn();
      expect(mischief.hits).toBeGreaterThan(0);

      mischief.armed = false;
      const honest = track(makeClient(mischief, { addr: server.addr }));
      const accepted = next(server, "handshakecomplete");
      await honest.start();
      await accepted;
      expect(await server.shutdown()).toEqual({ clean: 1, unclean: 0 });
      await server.join();
      await honest.waitForClose();
    }
    expect(escaped).toEqual([]);
  });
});

describe("a connection type that throws a ProtocolError", () => {
  class Strict extends ClassicConnectionType {
    constructor(
      peer: Server | Client,
      readonly step: "send" | "closed",
    ) {
      super(peer);
    }
    override send(_data: Uint8Array, _pid: unknown, cid: Cid): boolean {
      if (this.step === "send" && cid === 1) throw new BadDataError("not to this one");
      return false;
    }
    override closed(): void {
      if (this.step === "closed") throw new BadDataError("too late");
    }
  }

  function setUp(step: "send" | "closed") {
    const net = new TestNetwork();
    const server = net.server();
    server.addConnType("strict", new Strict(server, step));
    server.registerPacket("test:note", new Packet(server.registry, server));
    const clients = [1, 2].map(() => {
      const client = net.client({ conntype: "strict" });
      client.addConnType("strict", new ClassicConnectionType(client));
      client.registerPacket("test:note", new Packet(client.registry, client));
      net.connect(client, server);
      return client;
    });
    return { net, server, clients };
  }

  test("from closed: it is reported, and the client is gone", async () => {
    const { net, server, clients } = setUp("closed");
    const failures: unknown[] = [];
    server.on("handlerError", (error, { where }) => failures.push([where, (error as Error).message]));
    await net.settle();
    await clients[0]?.close("done");
    await net.settle();
    expect(server.clients.size).toBe(1);
    expect(failures).toEqual([["strict.closed", "too late"]]);
    expect(await server.shutdown()).toMatchObject({ clean: 1 });
  });

  test("from send: it ends that connection, and a broadcast reaches the others", async () => {
    const { net, server, clients } = setUp("send");
    await net.settle();
    const received: unknown[] = [];
    clients[1]?.on("close", () => received.push("closed"));
    expect(server.broadcast("test:note", 1)).toBe(2);
    await net.settle();
    expect(await clients[0]?.waitForClose()).toMatchObject({ reason: "baddata" });
    expect(clients[1]?.metrics.packetsIn).toBe(3);
    expect(received).toEqual([]);
    expect(server.metrics.rejectedBy).toEqual({ baddata: 1 });
    await server.shutdown();
  });
});
