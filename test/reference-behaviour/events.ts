import { Client, ClientOnServer, Packet, Server, SmartPacket } from "@peng3dnet/core";
import { track } from "../../packages/core/test/support/cleanup.js";
import { LOCAL, next } from "../../packages/core/test/support/peers.js";
import { rawServer } from "../../packages/core/test/support/raw-peer.js";
import { hello, packet, settype } from "../../packages/core/test/support/wire.js";
import { type Checks, enter, FIRST, greet, recorder, serve } from "./support.js";

type Data = Readonly<Record<string, unknown>>;

/** The life of a server and of a client, and which events it sent. */
async function live() {
  const order: string[] = [];
  const { events, sendEvent } = recorder();
  const peng = {
    sendEvent(name: string, data: Data): void {
      order.push(name);
      sendEvent(name, data);
    },
  };
  class Handled extends Packet {
    override receive(): void {
      order.push(`${this.peer.side === 1 ? "server" : "client"} handles`);
    }
  }
  class Answering extends ClientOnServer {
    override onReceive(): void {
      this.sendMessage("test:packet", "down");
    }
  }
  const server = new Server({ peng, addr: LOCAL, clientcls: Answering });
  server.registerPacket("test:packet", new Handled(server.registry, server));
  server.initialize();
  await server.start();
  const serverAddr = server.addr;
  const client = new Client({ peng, addr: server.addr });
  client.registerPacket("test:packet", new Handled(client.registry, client));
  client.initialize();
  const accepted = next(server as unknown as Server, "handshakecomplete");
  await client.start();
  const [remote] = await accepted;
  const clientAddr = remote.addr;
  const answered = new Promise<void>((resolve) => {
    client.onReceive = () => resolve();
  });
  client.sendMessage("test:packet", "up");
  await answered;
  const { sock } = client;
  client.interrupt();
  await client.close("bye");
  client.stop();
  client.stop();
  await client.join();
  server.interrupt();
  await server.shutdown({ timeout: 5, reason: "over" });
  server.stop();
  await server.join();
  const of = (name: string): Data[] => events.filter(([event]) => event === name).map(([, data]) => data);
  return { order, of, peng, server, client, remote, serverAddr, clientAddr, sock };
}

let life: ReturnType<typeof live> | undefined;
type Life = Awaited<ReturnType<typeof live>>;

/** Looks at one event of the life of a server and a client, which is lived once for all rows. */
const event = (name: string, expected: (life: Life) => Data[]) => async (): Promise<void> => {
  life ??= live();
  const lived = await life;
  const { peng, server, client } = lived;
  const sender = name.startsWith("peng3dnet:server") ? { server } : { client };
  const found = lived.of(name);
  expect(found).toHaveLength(expected(lived).length);
  expected(lived).forEach((data, at) => {
    const whole: Data = { peng, ...sender, ...data };
    expect(Object.keys(found[at] ?? {}).sort()).toEqual(Object.keys(whole).sort());
    for (const [key, value] of Object.entries(whole)) {
      if (
        typeof value === "object" &&
        value !== null &&
        !(value instanceof Uint8Array) &&
        !Array.isArray(value)
      ) {
        expect(found[at]?.[key]).toBe(value);
      } else expect(found[at]?.[key]).toEqual(value);
    }
  });
};

/** That one thing comes before another one. */
const ordered =
  (...names: readonly string[]) =>
  async (): Promise<void> => {
    life ??= live();
    const { order } = await life;
    const found = names.map((name) => order.indexOf(name));
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found).not.toContain(-1);
  };

const both =
  (...steps: readonly (() => Promise<void>)[]) =>
  async (): Promise<void> => {
    for (const step of steps) await step();
  };

const S = "peng3dnet:server.";
const C = "peng3dnet:client.";
const none: Data = {};

export const events: Checks = {
  [`${S}initialize`]: both(
    event(`${S}initialize`, () => [none]),
    ordered(`${S}initialize`, `${S}bind`),
  ),
  [`${S}bind`]: both(
    event(`${S}bind`, ({ serverAddr }) => [{ addr: serverAddr }]),
    ordered(`${S}bind`, `${S}start`),
  ),
  [`${S}start`]: event(`${S}start`, () => [none]),
  [`${S}stop`]: event(`${S}stop`, () => [{ reason: "method" }, { reason: "method" }]),
  [`${S}interrupt`]: event(`${S}interrupt`, () => [none, none, none]),
  [`${S}shutdown`]: both(
    event(`${S}shutdown`, () => [{ join: true, timeout: 5, reason: "over" }]),
    ordered(`${S}stop`, `${S}shutdown`),
  ),
  [`${S}connection.accept`]: both(
    event(`${S}connection.accept`, ({ remote, clientAddr }) => [
      { sock: remote.sock, addr: clientAddr, client: remote, cid: 1 },
    ]),
    ordered(`${S}connection.accept`, `${S}connection.handshakecomplete`),
  ),
  [`${S}connection.handshakecomplete`]: event(`${S}connection.handshakecomplete`, ({ remote }) => [
    { client: remote },
  ]),
  [`${S}connection.send`]: event(`${S}connection.send`, ({ remote }) => [
    { client: remote, pid: "test:packet", data: new Uint8Array(packet(FIRST, "down")) },
  ]),
  [`${S}connection.recv`]: both(
    event(`${S}connection.recv`, ({ remote }) => [{ client: remote, pid: FIRST, msg: "up" }]),
    ordered("server handles", `${S}connection.recv`),
  ),
  [`${C}initialize`]: both(
    event(`${C}initialize`, () => [none]),
    ordered(`${C}initialize`, `${C}connect`),
  ),
  [`${C}connect`]: both(
    event(`${C}connect`, ({ serverAddr, sock }) => [{ addr: serverAddr, sock }]),
    ordered(`${C}connect`, `${C}handshakecomplete`),
  ),
  [`${C}start`]: event(`${C}start`, () => [none]),
  [`${C}stop`]: event(`${C}stop`, () => [{ reason: "method" }, { reason: "method" }]),
  [`${C}interrupt`]: event(`${C}interrupt`, () => [none, none, none]),
  [`${C}handshakecomplete`]: event(`${C}handshakecomplete`, () => [none]),
  [`${C}recv`]: both(
    event(`${C}recv`, () => [{ pid: FIRST, msg: "down" }]),
    ordered("client handles", `${C}recv`),
  ),
  [`${C}send`]: event(`${C}send`, () => [{ pid: "test:packet", data: "up" }]),

  protoversionmismatch: async () => {
    const listening = await rawServer();
    const client = track(new Client({ addr: listening.addr }));
    await client.connect();
    const peer = await listening.accepted();
    peer.write(hello(3));
    expect(await peer.closeReason()).toBe("protoversionmismatch");
    peer.end();
    expect(await client.waitForClose()).toMatchObject({ reason: "protoversionmismatch" });
  },
  unknownconntype: async () => {
    const server = await serve();
    const { peer } = await greet(server);
    peer.write(settype("unheard of"));
    expect(await peer.closeReason()).toBe("unknownconntype");
  },
  smartpacketinvalid: async () => {
    class Strict extends SmartPacket {
      override readonly invalidAction = "close";
      override mode: number | null = 3;
    }
    const server = await serve();
    server.registerPacket("test:strict", new Strict(server.registry, server));
    const { peer } = await enter(server);
    peer.write(packet(FIRST + 1, 0));
    expect(await peer.closeReason()).toBe("smartpacketinvalid");
  },
  servershutdown: async () => {
    const server = await serve();
    const { peer } = await enter(server);
    void server.shutdown();
    expect(await peer.closeReason()).toBe("servershutdown");
    peer.end();
  },
};
