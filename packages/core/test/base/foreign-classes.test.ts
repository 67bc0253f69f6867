// Options and classes that are not what the library would make itself.

import { Client, type ClientOnServer, definePacket, Server } from "@peng3dnet/core";
import { TestNetwork } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";

const Any = definePacket({ name: "test:any" });

test("options may be inherited, or be getters", () => {
  class Options {
    get addr(): string {
      return "127.0.0.1:4";
    }

    get cfg() {
      return { "net.timeout.idle": 7 };
    }
  }
  for (const options of [new Options(), Object.create(new Options()) as Options]) {
    for (const peer of [new Server(options), new Client(options)]) {
      expect(peer.addr).toEqual(["127.0.0.1", 4]);
      expect(peer.cfg.get("net.timeout.idle")).toBe(7);
    }
  }
});

test("a class of clients need not extend ours: it may be of another copy of the library", async () => {
  const net = new TestNetwork();
  const closed: unknown[] = [];
  class Plain {
    readonly addr: unknown;
    constructor(
      readonly server: Server,
      readonly conn: ClientOnServer["conn"],
      addr: unknown,
      readonly cid: number,
    ) {
      this.addr = addr;
    }
    onConnect(): void {}
    onHandshakeComplete(): void {}
    onReceive(): void {}
    onSend(): void {}
    onClose(reason: string | null): void {
      closed.push(reason);
    }
  }
  const server = net.server({ clientcls: Plain as unknown as typeof ClientOnServer });
  const client = net.client();
  net.connect(client, server);
  await client.waitForConnection();
  expect(server.clients.size).toBe(1);
  await client.close("bye");
  await server.shutdown();
  expect(closed).toEqual(["bye"]);
  expect(server.clients.size).toBe(0);
});

test("a field of a subclass does not stand in for the clients that the server knows", async () => {
  const net = new TestNetwork();
  class Game extends Server {
    // As JavaScript allows it.
    override clients = new Map() as Server["clients"];
  }
  const server = net.run(new Game({ clock: net.clock }));
  server.register(Any);
  const client = net.client({ packets: [Any] });
  net.connect(client, server);
  await client.waitForConnection();
  expect(server.broadcast(Any, 1)).toBe(1);
  await server.shutdown();
});

test("an overridden emit hears of all events", async () => {
  const heard: string[] = [];
  // As JavaScript allows it; the types of the arguments are of no matter here.
  class Listening extends Server {}
  const { emit } = Server.prototype as unknown as { emit: (this: Server, ...args: unknown[]) => void };
  Object.assign(Listening.prototype, {
    emit(this: Server, ...args: unknown[]) {
      heard.push(args[0] as string);
      emit.apply(this, args);
    },
  });
  const net = new TestNetwork();
  const server = net.run(new Listening({ clock: net.clock }));
  const client = net.client();
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  await client.close();
  await server.shutdown();
  expect(heard).toEqual(["connection", "handshakecomplete", "close"]);
});

test("flush and close of a handle end no process where nobody waits for them", async () => {
  const net = new TestNetwork();
  const server = track(net.server());
  const client = net.client();
  const link = net.connect(client, server);
  await client.waitForConnection();
  link.toServer.freeze();
  const unhandled = jest.fn();
  process.on("unhandledRejection", unhandled);
  void client.conn?.flush();
  void client.conn?.close(5 as unknown as string);
  link.cut();
  await client.waitForClose();
  await net.settle();
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
