import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { Client, CONNTYPE_PING, type ConfigOverrides, Packet, Server } from "@peng3dnet/core";
import { HeadlessPeng, PENG_EVENTS } from "@peng3dnet/peng3d-events";
import { PingableClientMixin, PingableServerMixin } from "@peng3dnet/ping";
import { clientTls, mutualTls } from "../../../core/test/support/certificates.js";
import { bySender, Recorder, type Row } from "../support/recorder.js";
import { tableOf } from "../support/table.js";

interface Config {
  readonly server: ConfigOverrides;
  readonly client: ConfigOverrides;
}

const configs: [name: string, make: () => Config][] = [
  ["TCP", () => ({ server: {}, client: {} })],
  ["TLS", () => ({ server: mutualTls(), client: clientTls("client") })],
];

const life = tableOf("step", "## A life in events") as Row[];
const ping = tableOf("step", "## A ping in events") as Row[];

/** Breaks a connection off; only bare TCP can be reset. */
function cut(socket: Socket | undefined): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket?.resetAndDestroy();
}

describe.each(configs)("a life over %s", (protocol, makeConfig) => {
  const config = makeConfig();
  const bus = new HeadlessPeng();
  const recorder = new Recorder(bus);
  const peer = <P extends Server | Client>(name: string, made: P): P => {
    recorder.name(made, name);
    made.registerPacket("chat:say", new Packet(made.registry, made));
    return made;
  };
  const server = peer("server", new Server({ peng: bus, addr: "127.0.0.1:0", cfg: config.server }));
  const client = (name: string) =>
    peer(name, new Client({ peng: bus, addr: ["127.0.0.1", server.addr[1]], cfg: config.client }));
  const said = { text: "hello" };
  let address: readonly unknown[] = [];

  beforeAll(async () => {
    const step = (name: string, take: () => unknown) => recorder.step(name, life, take);
    await step("the server starts", () => server.start());
    address = server.addr;
    const [a, b, c, d] = ["a", "b", "c", "d"].map(client) as [Client, Client, Client, Client];
    await step("a connects", () => a.start());
    await step("b connects", () => b.start());
    await step("a sends", () => a.sendMessage("chat:say", said));
    await step("the server sends to b", () => server.sendMessage("chat:say", said, 2));
    await step("a closes", () => a.close("bye"));
    await step("c connects", () => c.start());
    await step("the server closes b", () => server.closeConnection(2, "kicked"));
    await step("d connects", () => d.start());
    await step("the connection of c is lost", () => cut(c.sock));
    await step("the server shuts down", () => server.shutdown());
    await step("the clients stop", () => {
      for (const left of [a, b, c, d]) left.stop();
    });
    recorder.stop();
  }, 60_000);

  test("sends the events of the table, each with its keys, in this order for each sender", () => {
    expect(bySender(recorder.rows)).toEqual(bySender(life));
  });

  const dataOf = (event: string) =>
    recorder.data.filter((one) => one.event === event).map(({ data }) => data);

  test("says who sent an event, and on which bus", () => {
    for (const { data } of recorder.data) expect(data.peng).toBe(bus);
    for (const data of dataOf("peng3dnet:server.connection.recv")) expect(data.server).toBe(server);
  });

  test("gives addresses as [host, port]", () => {
    expect(dataOf("peng3dnet:server.bind")[0]?.addr).toEqual(address);
    for (const { addr } of dataOf("peng3dnet:client.connect")) expect(addr).toEqual(address);
    for (const { addr } of dataOf("peng3dnet:server.connection.accept")) {
      expect(addr).toEqual(["127.0.0.1", expect.any(Number)]);
    }
  });

  test("gives what was sent and received", () => {
    expect(dataOf("peng3dnet:client.send")[0]).toMatchObject({ pid: "chat:say" });
    expect(dataOf("peng3dnet:client.send")[0]?.data).toBe(said);
    expect(dataOf("peng3dnet:server.connection.recv")[0]).toMatchObject({ pid: 64, msg: said });
    expect(dataOf("peng3dnet:client.recv")[0]).toMatchObject({ pid: 64, msg: said });
    const [sent] = dataOf("peng3dnet:server.connection.send");
    expect(sent).toMatchObject({ pid: "chat:say", client: { cid: 2 } });
    // Length prefix, id, flags, and { text: "hello" } in msgpack.
    expect(Buffer.from(sent?.data as Uint8Array).toString("hex")).toBe(
      "000000120000004000" + "00" + "81a474657874a568656c6c6f",
    );
  });

  test("gives the reasons", () => {
    const reasons = (event: string) => dataOf(event).map(({ reason }) => reason);
    const closes = ["bye", "kicked", "socketclose", "servershutdown"];
    expect(reasons("peng3dnet:server.connection.close")).toEqual(closes);
    expect(reasons("peng3dnet:client.close")).toEqual(closes);
    expect(reasons("peng3dnet:server.stop")).toEqual(["method"]);
    expect(dataOf("peng3dnet:server.shutdown")).toMatchObject([
      { join: true, timeout: 0, reason: "servershutdown" },
    ]);
  });

  test("gives the socket", () => {
    const encrypted = dataOf("peng3dnet:client.connect").map(({ sock }) => sock instanceof TLSSocket);
    expect(encrypted).toEqual(Array(4).fill(protocol === "TLS"));
    for (const { sock } of dataOf("peng3dnet:server.connection.accept")) expect(sock).toBeInstanceOf(Socket);
  });

  test("leaves nothing on the bus", () => {
    expect(bus.listenerCount()).toBe(0);
  });
});

describe.each(configs)("a ping over %s", (_protocol, makeConfig) => {
  test("sends the events of its table, and none for packets", async () => {
    const config = makeConfig();
    const bus = new HeadlessPeng();
    const recorder = new Recorder(bus);
    const server = new (PingableServerMixin(Server))({ peng: bus, addr: "127.0.0.1:0", cfg: config.server });
    recorder.name(server, "server");
    const step = (name: string, take: () => unknown) => recorder.step(name, ping, take);
    await step("the server starts", () => server.start());
    const p = new (PingableClientMixin(Client))({
      peng: bus,
      addr: ["127.0.0.1", server.addr[1]],
      cfg: config.client,
      conntype: CONNTYPE_PING,
    });
    recorder.name(p, "p");
    await step("p connects", () => p.start());
    await step("p gets its answer", () => p.waitForPong());
    await step("p closes", () => p.close("pingcomplete"));
    await step("p stops", () => p.stop());
    await step("the server shuts down", () => server.shutdown());
    recorder.stop();
    expect(bySender(recorder.rows)).toEqual(bySender(ping));
  });
});

describe("the table of events", () => {
  const rows = tableOf("event");

  test("has every event", () => {
    expect(rows.map(([event]) => event)).toEqual([...PENG_EVENTS]);
  });

  test("has the keys that the life's table has", () => {
    const own = (event: string) => (event.startsWith("peng3dnet:server.") ? "peng, server" : "peng, client");
    const keys = new Map(
      rows.map(([event = "", more]) => [event, [own(event), more].filter(Boolean).join(", ")]),
    );
    for (const [, , event, listed] of life) expect([event, listed]).toEqual([event, keys.get(event)]);
    expect(new Set(life.map(([, , event]) => event))).toEqual(new Set(PENG_EVENTS));
  });
});
