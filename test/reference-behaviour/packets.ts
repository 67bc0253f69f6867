import {
  type Cid,
  Client,
  Packet,
  type PacketRegistry,
  type Peer,
  type Server,
  SIDE_CLIENT,
  SIDE_SERVER,
  SmartPacket,
} from "@peng3dnet/core";
import { track } from "../../packages/core/test/support/cleanup.js";
import { handle, next, startPair } from "../../packages/core/test/support/peers.js";
import { accept, closeconn, packet, settype } from "../../packages/core/test/support/wire.js";
import { type Checks, echoed, enter, FIRST, greet, makePeers, serve } from "./support.js";

const NAME = "test:packet";

type Call = readonly [step: string, side: "server" | "client", msg: unknown, cid: Cid];

/** A packet that notes what is called; `stop`: steps that do not pass on what they get. */
class Noting extends Packet {
  readonly calls: Call[];
  readonly stop: readonly string[];

  constructor(reg: PacketRegistry, peer: Peer, calls: Call[], stop: readonly string[] = []) {
    super(reg, peer);
    this.calls = calls;
    this.stop = stop;
  }

  #note(step: string, msg: unknown, cid: Cid): void {
    const copy = msg instanceof Uint8Array ? Buffer.from(msg).toString("hex") : msg;
    this.calls.push([step, this.peer.side === SIDE_SERVER ? "server" : "client", copy, cid]);
  }

  override _receive(msg: unknown, cid: Cid) {
    this.#note("_receive", msg, cid);
    return this.stop.includes("_receive") ? undefined : super._receive(msg, cid);
  }

  override receive(msg: unknown, cid: Cid): void {
    this.#note("receive", msg, cid);
  }

  override _send(msg: Uint8Array, cid: Cid) {
    this.#note("_send", msg, cid);
    return this.stop.includes("_send") ? undefined : super._send(msg, cid);
  }

  override send(msg: Uint8Array, cid: Cid): void {
    this.#note("send", msg, cid);
  }
}

/** What is called when each side sends the other one a packet. */
async function calls(stop: readonly string[] = []): Promise<Call[]> {
  const noted: Call[] = [];
  const { server, client, remote } = await startPair({
    setUp: (peer) => peer.registry.register(new Noting(peer.registry, peer, noted, stop), NAME),
  });
  const answered = new Promise<void>((resolve) => {
    client.onReceive = () => resolve();
  });
  remote.onReceive = () => void remote.sendMessage(NAME, "down");
  client.sendMessage(NAME, "up");
  await answered;
  expect(remote.server).toBe(server);
  return noted;
}

const up = packet(FIRST, "up").toString("hex");
const down = packet(FIRST, "down").toString("hex");

type Fields = Partial<Pick<SmartPacket, "conntype" | "mode" | "side" | "state">>;

/**
 * Whether a packet with such conditions gets through, sent by a server and by a client, and received by each: on the
 * other side it is a packet without conditions.
 */
async function through(
  fields: Fields,
  prepare: (server: Server, client: Client) => void = () => {},
): Promise<Readonly<Record<"serverSends" | "clientSends" | "serverReceives" | "clientReceives", boolean>>> {
  const smart = (peer: Peer, name: string, receive: () => void): void => {
    class Conditional extends SmartPacket {
      override receive(): void {
        receive();
      }
    }
    const type = Object.assign(new Conditional(peer.registry, peer), fields);
    peer.registry.register(type, name);
  };
  const got = new Set<string>();
  const server = await serve();
  const client = track(new Client({ addr: server.addr }));
  const last = new Promise<void>((resolve) => handle(client, "test:echo", () => resolve()));
  smart(server, "test:server", () => got.add("serverReceives"));
  smart(client, "test:client", () => got.add("clientReceives"));
  handle(server, "test:client", () => void got.add("clientSends"));
  handle(client, "test:server", () => void got.add("serverSends"));
  const complete = next(server, "handshakecomplete");
  await client.start();
  const [remote] = await complete;
  prepare(server, client);
  const attempt = (send: () => unknown): void => {
    try {
      send();
    } catch {
      // It was not sent.
    }
  };
  attempt(() => remote.sendMessage("test:server", 1));
  attempt(() => remote.sendMessage("test:client", 1));
  attempt(() => client.sendMessage("test:client", 1));
  attempt(() => client.sendMessage("test:server", 1));
  // The echo comes behind all of them.
  client.sendMessage("test:echo", "last");
  await last;
  return {
    serverSends: got.has("serverSends"),
    clientSends: got.has("clientSends"),
    serverReceives: got.has("serverReceives"),
    clientReceives: got.has("clientReceives"),
  };
}

const all = (serverSends: boolean, clientSends = serverSends) => ({
  serverSends,
  clientSends,
  serverReceives: clientSends,
  clientReceives: serverSends,
});
const each = (
  server: Server,
): (typeof server extends { clients: ReadonlyMap<number, infer C> } ? C : never)[] => [
  ...server.clients.values(),
];

export const packets: Checks = {
  "peng3dnet.packet.Packet": async () => {
    expect((await calls()).map(([step]) => step)).toEqual([
      "_send",
      "send",
      "_receive",
      "receive",
      "_send",
      "send",
      "_receive",
      "receive",
    ]);
  },
  "peng3dnet.packet.Packet(reg)": () => {
    const [server] = makePeers();
    expect(new Packet(server.registry, server).reg).toBe(server.registry);
  },
  "peng3dnet.packet.Packet(peer)": () => {
    for (const peer of makePeers()) expect(new Packet(peer.registry, peer).peer).toBe(peer);
  },
  "peng3dnet.packet.Packet(obj)": () => {
    const [server] = makePeers();
    const obj = {};
    expect(new Packet(server.registry, server, obj).obj).toBe(obj);
    expect(new Packet(server.registry, server).obj).toBeNull();
  },
  "peng3dnet.packet.Packet._receive": async () => {
    const steps = await calls(["_receive"]);
    expect(steps.filter(([step]) => step.endsWith("receive"))).toEqual([
      ["_receive", "server", "up", 1],
      ["_receive", "client", "down", null],
    ]);
  },
  "peng3dnet.packet.Packet._send": async () => {
    const steps = await calls(["_send"]);
    expect(steps.filter(([step]) => step.endsWith("send"))).toEqual([
      ["_send", "client", up, null],
      ["_send", "server", down, 1],
    ]);
  },
  "peng3dnet.packet.Packet.receive": async () => {
    expect((await calls()).filter(([step]) => step === "receive")).toEqual([
      ["receive", "server", "up", 1],
      ["receive", "client", "down", null],
    ]);
  },
  "peng3dnet.packet.Packet.send": async () => {
    expect((await calls()).filter(([step]) => step === "send")).toEqual([
      ["send", "client", up, null],
      ["send", "server", down, 1],
    ]);
  },
  "peng3dnet.packet.SmartPacket.conntype": async () => {
    expect(await through({ conntype: "classic" })).toEqual(all(true));
    expect(await through({ conntype: "other" })).toEqual(all(false));
    expect(await through({})).toEqual(all(true));
  },
  "peng3dnet.packet.SmartPacket.mode": async () => {
    expect(await through({ mode: 3 })).toEqual(all(false));
    const setMode = (mode: number) => (server: Server, client: Client) => {
      for (const remote of each(server)) remote.mode = mode;
      client.mode = mode;
    };
    expect(await through({ mode: 3 }, setMode(3))).toEqual(all(true));
    expect(await through({ mode: 3 }, setMode(4))).toEqual(all(false));
    expect(await through({}, setMode(4))).toEqual(all(true));
  },
  "peng3dnet.packet.SmartPacket.side": async () => {
    expect(await through({ side: SIDE_SERVER })).toEqual(all(false, true));
    expect(await through({ side: SIDE_CLIENT })).toEqual(all(true, false));
    expect(await through({ side: null })).toEqual(all(true));
  },
  "peng3dnet.packet.SmartPacket.state": async () => {
    const logIn = (server: Server, client: Client): void => {
      for (const remote of each(server)) remote.state = 65;
      client.state = 65;
    };
    expect(await through({})).toEqual(all(true));
    expect(await through({}, logIn)).toEqual(all(false));
    expect(await through({ state: 65 })).toEqual(all(false));
    expect(await through({ state: 65 }, logIn)).toEqual(all(true));
    expect(await through({ state: null }, logIn)).toEqual(all(true));
  },
  "peng3dnet.packet.internal.CloseConnectionPacket": async () => {
    const server = await serve();
    const stages = [[], [settype()], [settype(), accept()]];
    for (const sent of stages) {
      const closed = next(server, "close");
      const { peer } = await greet(server);
      peer.write(...sent, closeconn(`after ${sent.length}`));
      peer.end();
      const [, { reason, error }] = await closed;
      expect({ reason, error }).toEqual({ reason: `after ${sent.length}`, error: undefined });
    }
    const { peer } = await enter(server);
    expect(await echoed(peer, "open")).toBe("open");
    void server.closeConnection([...server.clients.keys()][0], "kicked");
    expect(await peer.closeReason()).toBe("kicked");
  },
};
