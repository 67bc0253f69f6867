// What the application does to a server within its own hooks: end it while it takes a client in, or while it shuts down.

import { ClientOnServer, definePacket, payload, Server, type ServerOptions } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

const Text = definePacket({ name: "test:text", schema: payload<string>() });
const packets = [Text];

const ENDS: [string, (server: Pick<Server, "stop" | "shutdown">) => unknown][] = [
  ["stop()", (server) => server.stop()],
  ["shutdown()", (server) => server.shutdown()],
  ["shutdown({ join: false })", (server) => server.shutdown({ join: false })],
];

describe.each(ENDS)("%s", (_name, end) => {
  test.each(["genCID", "clientcls"])("within %s lets nobody in", async (hook) => {
    const net = new TestNetwork();
    class OwnServer extends Server {
      override genCID(): number {
        if (hook === "genCID") end(this);
        return super.genCID();
      }
    }
    class OwnClient extends ClientOnServer {
      constructor(...args: ConstructorParameters<typeof ClientOnServer>) {
        super(...args);
        if (hook === "clientcls") end(this.server);
      }
    }
    const options: ServerOptions = { clock: net.clock, clientcls: OwnClient };
    const server = net.run(new OwnServer(options));
    expect(() => net.connect(net.client(), server)).toThrow(/it accepts nothing more/);
    expect(server.clients.size).toBe(0);
    await server.join();
    expect(net.clock.timers).toBe(0);
  });
});

test("an id that is taken while the object of a client is made is in use", async () => {
  const net = new TestNetwork();
  const other = net.client();
  let more = true;
  class OwnServer extends Server {
    override genCID(): number {
      return 7;
    }
  }
  class OwnClient extends ClientOnServer {
    constructor(...args: ConstructorParameters<typeof ClientOnServer>) {
      super(...args);
      if (!more) return;
      more = false;
      net.connect(other, this.server);
    }
  }
  const options: ServerOptions = { clock: net.clock, clientcls: OwnClient };
  const server = net.run(new OwnServer(options));
  expect(() => net.connect(net.client(), server)).toThrow("genCID gave the id 7, which is in use");
  await other.waitForConnection();
  expect([...server.clients.keys()]).toEqual([7]);
  server.stop();
  await server.join();
});

test("a listener that is called within a shutdown finds it begun", async () => {
  const net = new TestNetwork();
  const server = net.server({ packets, cfg: { "net.limits.unsent.highwater": 1000 } });
  const client = net.client({ packets });
  client.on(Text, () => {});
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const again: unknown[] = [];
  server.on("drain", () => {
    again.push(server.shutdown({ reason: "second" }));
    expect(() => net.connect(net.client(), server)).toThrow(/it accepts nothing more/);
  });
  expect(server.sendMessage(Text, "x".repeat(2000), 1)).toBe(false);
  const first = server.shutdown({ join: false, reason: "first" });
  expect(again).toEqual([first]);
  expect(await client.waitForClose()).toMatchObject({ reason: "first" });
  await server.join();
});
