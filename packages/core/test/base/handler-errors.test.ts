// Code of the application that throws or rejects is reported, and harms nobody.

import {
  type Cid,
  Client,
  ClientOnServer,
  ConnectionType,
  definePacket,
  type HandlerErrorContext,
  type Logger,
  Packet,
  type PacketRef,
  type Peer,
  payload,
  Server,
  SIDE_SERVER,
} from "@peng3dnet/core";
import { onCleanup, track } from "../support/cleanup.js";
import { deferred, echo, handle, LOCAL, next, nextOf, startPair, startServer } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";
import { sessionOf } from "../support/session.js";
import { packet } from "../support/wire.js";

class Mishap extends Error {}

/** Throws, or rejects. */
type Manner = "throws" | "rejects";

function fail(manner: Manner, what: string): Promise<void> {
  const mishap = new Mishap(what);
  if (manner === "throws") throw mishap;
  return Promise.reject(mishap);
}

/** What `handlerError` told: where, and what was thrown there. */
class Failures {
  readonly all: string[] = [];
  #arrived = deferred();

  constructor(peer: {
    on(event: "handlerError", listener: (error: unknown, context: HandlerErrorContext) => void): unknown;
  }) {
    peer.on("handlerError", (error, { where }) => {
      this.all.push(`${where}: ${error instanceof Mishap ? error.message : `not ours, ${String(error)}`}`);
      this.#arrived.resolve();
      this.#arrived = deferred();
    });
  }

  async count(wanted: number): Promise<readonly string[]> {
    while (this.all.length < wanted) await this.#arrived.promise;
    return this.all;
  }
}

function logger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const level = (name: string) => (message: string) => void lines.push(`${name} ${message}`);
  return { lines, debug: level("debug"), info: level("info"), warn: level("warn"), error: level("error") };
}

/** Waits until an answer to one more packet has come. */
async function roundTrip(client: Client, echoed: string[]): Promise<void> {
  const before = echoed.length;
  client.sendMessage("test:echo", "still here");
  while (echoed.length === before) await new Promise((turn) => setImmediate(turn));
}

describe.each<Manner>(["throws", "rejects"])("a hook that %s", (manner) => {
  test("on the server: is reported with where, and the connection goes on", async () => {
    class Clumsy extends ClientOnServer {
      override onConnect(): Promise<void> {
        return fail(manner, "a");
      }
      override onHandshakeComplete(): Promise<void> {
        return fail(manner, "b");
      }
      override onReceive(): Promise<void> {
        return fail(manner, "c");
      }
      override onSend(): Promise<void> {
        return fail(manner, "d");
      }
      override onClose(): Promise<void> {
        return fail(manner, "e");
      }
    }
    const echoed: string[] = [];
    const server = track(new Server({ addr: LOCAL, clientcls: Clumsy }));
    const failures = new Failures(server);
    echo(server);
    await server.start();
    const client = track(new Client({ addr: server.addr }));
    handle(client, "test:echo", (msg) => void echoed.push(String(msg)));
    await client.start();
    await roundTrip(client, echoed);
    await roundTrip(client, echoed);
    const closed = next(server, "close");
    await client.close("done");
    expect((await closed)[1]).toEqual({ reason: "done", error: undefined, clean: true });
    expect([...(await failures.count(7))].sort()).toEqual([
      "onClose: e",
      "onConnect: a",
      "onHandshakeComplete: b",
      "onReceive: c",
      "onReceive: c",
      "onSend: d",
      "onSend: d",
    ]);
  });

  test("on the client: is reported with where, and the connection goes on", async () => {
    class Clumsy extends Client {
      override onConnect(): Promise<void> {
        return fail(manner, "a");
      }
      override onHandshakeComplete(): Promise<void> {
        return fail(manner, "b");
      }
      override onReceive(): Promise<void> {
        return fail(manner, "c");
      }
      override onSend(_ptype: PacketRef, msg: unknown): Promise<void> {
        return msg === "still here" ? fail(manner, "d") : Promise.resolve();
      }
      override onClose(): Promise<void> {
        return fail(manner, "e");
      }
    }
    const echoed: string[] = [];
    const server = await startServer();
    const client = track(new Clumsy({ addr: server.addr }));
    const failures = new Failures(client);
    handle(client, "test:echo", (msg) => void echoed.push(String(msg)));
    await client.start();
    await roundTrip(client, echoed);
    expect(await client.close("done")).toMatchObject({ reason: "done", clean: true });
    expect([...(await failures.count(5))].sort()).toEqual([
      "onClose: e",
      "onConnect: a",
      "onHandshakeComplete: b",
      "onReceive: c",
      "onSend: d",
    ]);
  });

  test("of a packet: receive and send, as of every other packet", async () => {
    class Clumsy extends Packet {
      override receive(): Promise<void> {
        return fail(manner, "received");
      }
      override send(): Promise<void> {
        return fail(manner, "sent");
      }
    }
    const echoed: string[] = [];
    const { server, client } = await startPair({
      setUp: (peer) => {
        handle(peer, "test:echo", (msg, cid) => {
          if (cid === null) echoed.push(String(msg));
          else peer.sendMessage("test:echo", msg, cid);
        });
        peer.registry.register(new Clumsy(peer.registry, peer), "test:clumsy");
      },
    });
    const serverFailures = new Failures(server);
    const clientFailures = new Failures(client);
    client.sendMessage("test:clumsy", 1);
    client.sendMessage("test:clumsy", 2);
    await roundTrip(client, echoed);
    expect(await serverFailures.count(2)).toEqual(Array(2).fill("test:clumsy: received"));
    expect(await clientFailures.count(2)).toEqual(Array(2).fill("test:clumsy: sent"));
  });

  test("of a packet's definition: is reported with its name, and the next handler is called", async () => {
    const Word = definePacket({ name: "test:word", schema: payload<string>() });
    const heard: string[] = [];
    const { server, client, remote } = await startPair({
      server: { packets: [Word] },
      client: { packets: [Word] },
    });
    const failing = (word: string): unknown => fail(manner, word);
    const hearing = (word: string): void => void heard.push(word);
    server.on(Word, failing).on(Word, hearing);
    client.on(Word, failing).on(Word, hearing);
    const [serverFailures, clientFailures] = [new Failures(server), new Failures(client)];
    client.sendMessage(Word, "up");
    remote.sendMessage(Word, "down");
    expect(await serverFailures.count(1)).toEqual(["test:word: up"]);
    expect(await clientFailures.count(1)).toEqual(["test:word: down"]);
    expect(heard.sort()).toEqual(["down", "up"]);
  });

  test("of a listener: the others are called all the same", async () => {
    const calls: string[] = [];
    const { server, client } = await startPair();
    const failures = new Failures(server);
    server.on("close", () => fail(manner, "first") as never);
    server.on("close", () => calls.push("second"));
    const closed = next(server, "close");
    await client.close();
    await closed;
    expect(await failures.count(1)).toEqual(['"close" listener: first']);
    expect(calls).toEqual(["second"]);
  });

  test("of a connection type", async () => {
    // Their types say that they return no promise; a plugin may do so all the same.
    class Clumsy extends ConnectionType {
      override init(cid: Cid): never {
        this.connection(cid).activate();
        return (this.peer.side === SIDE_SERVER ? fail(manner, "init") : undefined) as never;
      }
      override receive(_msg: unknown, pid: number): boolean {
        return pid === 64 && (fail(manner, "receive") as never);
      }
      override send(): never {
        return fail(manner, "send") as never;
      }
      override closed(): never {
        return fail(manner, "closed") as never;
      }
    }
    const received = deferred<unknown>();
    const server = track(new Server({ addr: LOCAL }));
    const failures = new Failures(server);
    server.addConnType("clumsy", new Clumsy(server));
    handle(server, "test:echo", received.resolve);
    await server.start();
    const client = track(new Client({ addr: server.addr, conntype: "clumsy" }));
    const clientFailures = new Failures(client);
    client.addConnType("clumsy", new Clumsy(client));
    handle(client, "test:echo");
    await client.start();
    client.sendMessage("test:echo", "hello");
    expect(await received.promise).toBe("hello");
    await client.close();
    expect([...(await failures.count(3))].sort()).toEqual([
      "clumsy.closed: closed",
      "clumsy.init: init",
      "clumsy.receive: receive",
    ]);
    expect([...(await clientFailures.count(2))].sort()).toEqual([
      "clumsy.closed: closed",
      "clumsy.send: send",
    ]);
  });
});

describe("a step of receiving that throws has lost data: it is reported and ends that connection alone", () => {
  test.each(["receiveData", "processSinglePacket", "receivePacket"] as const)(
    "%s of a server",
    async (step) => {
      class Clumsy extends Server {
        override receiveData(data: Uint8Array, cid: number): void {
          if (step === "receiveData" && data.at(-1) === 13) throw new Mishap(step);
          super.receiveData(data, cid);
        }
        override processSinglePacket(client: ClientOnServer): void {
          if (step === "processSinglePacket" && sessionOf(client.conn).connection.rawPacket().at(-1) === 13)
            throw new Mishap(step);
          super.processSinglePacket(client);
        }
        override receivePacket(data: Uint8Array, cid: number): void {
          if (step === "receivePacket" && data.at(-1) === 13) throw new Mishap(step);
          super.receivePacket(data, cid);
        }
      }
      const echoed: string[] = [];
      const server = track(new Clumsy({ addr: LOCAL }));
      const failures = new Failures(server);
      echo(server);
      await server.start();
      const honest = track(new Client({ addr: server.addr }));
      handle(honest, "test:echo", (msg) => void echoed.push(String(msg)));
      await honest.start();
      const unlucky = track(new Client({ addr: server.addr }));
      echo(unlucky);
      await unlucky.start();
      const closed = next(server, "close");
      unlucky.sendMessage("test:echo", 13);
      expect(await unlucky.waitForClose()).toMatchObject({ reason: "internalerror" });
      expect((await closed)[1]).toMatchObject({ reason: "internalerror", error: new Mishap(step) });
      const where = step === "receiveData" ? "receiveData" : "processSinglePacket";
      expect(failures.all).toEqual([`${where}: ${step}`]);
      await roundTrip(honest, echoed);
    },
  );

  test("receiveData of a client", async () => {
    class Clumsy extends Client {
      override receiveData(): void {
        throw new Mishap("at once");
      }
    }
    const server = await startServer();
    const client = track(new Clumsy({ addr: server.addr }));
    const failures = new Failures(client);
    await expect(client.start()).rejects.toMatchObject({ reason: "internalerror" });
    expect(failures.all[0]).toBe("receiveData: at once");
  });
});

describe("bus, logger and print that throw", () => {
  test("harm nobody", async () => {
    const echoed: string[] = [];
    const mean = (): never => {
      throw new Mishap("mean");
    };
    const options = {
      peng: { sendEvent: mean, hasListeners: mean },
      print: mean,
      logger: { debug: mean, info: mean, warn: mean, error: mean },
      cfg: {
        "net.debug.print.recv": true,
        "net.debug.print.send": true,
        "net.debug.print.connect": true,
        "net.debug.print.close": true,
        "net.registry.unknownpacketaction": "ignore",
      },
    } as const;
    const { server, client } = await startPair({
      server: options,
      client: options,
      setUp: (peer) =>
        handle(peer, "test:echo", (msg, cid) => {
          if (cid === null) echoed.push(String(msg));
          else peer.sendMessage("test:echo", msg, cid);
          throw new Mishap("and so are we");
        }),
    });
    await roundTrip(client, echoed);
    const stray = await RawPeer.activeClient(server.addr);
    stray.write(packet(99, 0), packet(64, "after the unknown one"));
    await stray.packet();
    expect(await client.close("done")).toMatchObject({ clean: true });
    client.interrupt();
  });

  test("a handlerError listener that throws or rejects is logged", async () => {
    const log = logger();
    const { client, remote } = await startPair({ client: { logger: log } });
    client.on("handlerError", () => {
      throw new Mishap("first");
    });
    client.on("handlerError", () => Promise.reject(new Mishap("second")) as never);
    const all = new Failures(client);
    client.on("drain", () => {});
    client.once("close", () => {
      throw new Mishap("the cause");
    });
    const closed = nextOf(client, "close");
    await remote.close();
    await closed;
    expect(await all.count(1)).toEqual(['"close" listener: the cause']);
    while (log.lines.length < 2) await new Promise((turn) => setImmediate(turn));
    expect(log.lines.map((line) => line.split("\n")[0])).toEqual([
      "error handlerError: Error: first",
      "error handlerError: Error: second",
    ]);
  });
});

describe("without a handlerError listener", () => {
  const throwing = (peer: Peer): void =>
    handle(peer, "test:echo", (msg) => {
      throw msg === "no error" ? "just text" : new Mishap(String(msg));
    });

  /** Warnings of the process while a test runs. */
  function warnings(): string[] {
    const seen: string[] = [];
    const spy = jest.spyOn(process, "emitWarning").mockImplementation((warning) => {
      seen.push(String(warning));
    });
    onCleanup(() => spy.mockRestore());
    return seen;
  }

  test("the logger gets it, and no warning is given", async () => {
    const log = logger();
    const seen = warnings();
    const { client } = await startPair({ server: { logger: log }, setUp: throwing });
    client.sendMessage("test:echo", "oh");
    client.sendMessage("test:echo", "no error");
    await client.flush();
    while (log.lines.length < 2) await new Promise((turn) => setImmediate(turn));
    expect(log.lines[0]).toMatch(/^error test:echo: Error: oh\n +at /);
    expect(log.lines[1]).toBe("error test:echo: just text");
    expect(seen).toEqual([]);
  });

  test("without a logger, either, the process is warned once", async () => {
    const seen = warnings();
    const received: number[] = [];
    const { client } = await startPair({
      setUp: (peer) =>
        handle(peer, "test:echo", (msg) => {
          received.push(Number(msg));
          throw new Mishap(`number ${msg}`);
        }),
    });
    for (let index = 1; index <= 5; index++) client.sendMessage("test:echo", index);
    while (received.length < 5 || seen.length < 1) await new Promise((turn) => setImmediate(turn));
    await client.close();
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain("a handler failed in test:echo: Error: number 1");
    expect(seen[0]).toContain('add a "handlerError" listener or a logger');
  });
});
