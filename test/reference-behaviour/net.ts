import {
  AlreadyRegisteredError,
  type Cid,
  Client,
  ClientOnServer,
  ConnectionType,
  Server,
  STATE_ACTIVE,
} from "@peng3dnet/core";
import { track } from "../../packages/core/test/support/cleanup.js";
import { echo, LOCAL, next } from "../../packages/core/test/support/peers.js";
import { RawPeer, rawServer } from "../../packages/core/test/support/raw-peer.js";
import { HANDSHAKE, settype, value } from "../../packages/core/test/support/wire.js";
import { type Checks, echoed, enter, makePeers, recorder, serve } from "./support.js";

class Custom extends ConnectionType {
  readonly begun: Cid[] = [];

  override init(cid: Cid): void {
    this.begun.push(cid);
  }
}

type Kind = "Server" | "Client";
const index = { Server: 0, Client: 1 } as const;

/** What servers and clients have in common. */
function both(kind: Kind): Checks {
  const row = (name: string): string => `peng3dnet.net.${kind}.${name}`;
  const lower = kind.toLowerCase();
  const make = (options = {}) => makePeers(options)[index[kind]];

  function hooks(prefix: string): void {
    const calls: unknown[][] = [];
    const called = (...args: unknown[]): void => void calls.push(args);
    const Base = kind === "Server" ? Server : Client;
    class Inherited extends (Base as new () => Pick<Server, "initialize" | "stop" | "join">) {}
    Object.defineProperty(Inherited.prototype, `${prefix}inherited`, { value: called });
    class Own extends Inherited {}
    Object.defineProperty(Own.prototype, `${prefix}own`, { value: called });
    const peer = track(new Own());
    expect(calls).toEqual([]);
    peer.initialize();
    expect(calls).toEqual([[], []]);
    peer.initialize();
    expect(calls).toHaveLength(2);
  }

  return {
    [row("addConnType")]: async () => {
      const peer = make();
      const type = new Custom(peer);
      peer.addConnType("custom", type);
      expect(peer.getConnType("custom")).toBe(type);
      expect(() => peer.addConnType("custom", new Custom(peer))).toThrow(AlreadyRegisteredError);
      peer.initialize();
      expect(() => peer.addConnType("classic", new Custom(peer))).toThrow(AlreadyRegisteredError);
    },
    [row("initialize")]: () => {
      const peng = recorder();
      const peer = make({ peng });
      expect(peer.getConnType("classic")).toBeUndefined();
      peer.initialize();
      peer.initialize();
      expect(peer.registry.toMap()).toEqual({
        "peng3dnet:internal.hello": 1,
        "peng3dnet:internal.settype": 2,
        "peng3dnet:internal.handshake": 3,
        "peng3dnet:internal.handshake.accept": 4,
        "peng3dnet:internal.closeconn": 16,
      });
      expect(peer.getConnType("classic")).toBeInstanceOf(ConnectionType);
      expect(peng.events).toEqual([[`peng3dnet:${lower}.initialize`, { peng, [lower]: peer }]]);
    },
    [row("_reg_packets_*")]: () => hooks("_reg_packets_"),
    [row("_reg_conntypes_*")]: () => hooks("_reg_conntypes_"),
    [row("sendEvent")]: () => {
      const peng = recorder();
      const peer = make({ peng });
      peer.sendEvent("game:over", { winner: "Ann" });
      expect(peng.events).toEqual([["game:over", { peng, [lower]: peer, winner: "Ann" }]]);
      const off = make({ peng, cfg: { "net.events.enable": false } });
      off.sendEvent("game:over", { winner: "Bob" });
      make().sendEvent("game:over");
      expect(peng.events).toHaveLength(1);
    },
  };
}

export const net: Checks = {
  ...both("Server"),
  ...both("Client"),
  "peng3dnet.net.Server": async () => {
    const server = await serve();
    const clients = [await enter(server), await enter(server), await enter(server)];
    const answers = clients.map(({ peer, remote }) => echoed(peer, remote.cid));
    expect(await Promise.all(answers)).toEqual(clients.map(({ remote }) => remote.cid));
  },
  "peng3dnet.net.Server(clientcls)": async () => {
    class Player extends ClientOnServer {}
    expect((await enter(await serve({ clientcls: Player }))).remote).toBeInstanceOf(Player);
    expect((await enter(await serve())).remote).toBeInstanceOf(ClientOnServer);
  },
  "peng3dnet.net.Server.genCID": async () => {
    const server = await serve();
    expect([server.genCID(), server.genCID()]).toEqual([1, 2]);
    expect((await enter(server)).remote.cid).toBe(3);
    expect(makePeers()[0].genCID()).toBe(1);
  },
  "peng3dnet.net.Server.shutdown(join)": async () => {
    const joined = await serve();
    const { peer } = await enter(joined);
    const shutdown = joined.shutdown();
    expect(await peer.closeReason()).toBe("servershutdown");
    expect(joined.clients.size).toBe(1);
    peer.end();
    await shutdown;
    expect(joined.clients.size).toBe(0);

    const alone = await serve();
    const other = await enter(alone);
    await alone.shutdown({ join: false });
    expect(alone.clients.size).toBe(1);
    expect(await other.peer.closeReason()).toBe("servershutdown");
  },
  "peng3dnet.net.Server.shutdown(reason)": async () => {
    for (const [given, told] of [
      [{ reason: "restart" }, "restart"],
      [{}, "servershutdown"],
    ] as const) {
      const server = await serve();
      const peers = [(await enter(server)).peer, (await enter(server)).peer];
      void server.shutdown(given);
      expect(await Promise.all(peers.map((peer) => peer.closeReason()))).toEqual([told, told]);
      for (const peer of peers) peer.end();
      await server.join();
    }
  },
  "peng3dnet.net.ClientOnServer": async () => {
    const { remote } = await enter(await serve());
    remote.mode = 100;
    remote.state = 65;
    expect([remote.state, remote.mode, remote.conntype]).toEqual([65, 100, "classic"]);
  },
  "peng3dnet.net.ClientOnServer(server)": async () => {
    const server = await serve();
    expect((await enter(server)).remote.server).toBe(server);
  },
  "peng3dnet.net.ClientOnServer(addr)": async () => {
    const { peer, remote } = await enter(await serve());
    expect(remote.addr).toEqual(["127.0.0.1", peer.socket.localPort]);
  },
  "peng3dnet.net.ClientOnServer(cid)": async () => {
    const server = await serve();
    const first = (await enter(server)).remote;
    const second = (await enter(server)).remote;
    expect(first.cid).not.toBe(second.cid);
    expect(server.clients.get(second.cid)).toBe(second);
  },
  "peng3dnet.net.Client": async () => {
    const server = await serve();
    let connections = 0;
    server.on("connection", () => void connections++);
    const client = track(new Client({ addr: server.addr }));
    echo(client);
    await client.start();
    await client.connect();
    await client.start();
    const closed = next(server, "close");
    await client.close();
    await closed;
    await expect(client.start()).rejects.toThrow();
    expect(connections).toBe(1);
  },
  "peng3dnet.net.Client(conntype)": async () => {
    for (const conntype of [undefined, "custom"]) {
      const listening = await rawServer();
      const client = track(new Client({ addr: listening.addr, conntype }));
      client.addConnType("custom", new Custom(client));
      const started = client.start();
      const peer = await listening.accepted();
      const serving = peer.serveHandshake();
      await (conntype === undefined ? started : client.connect());
      if (conntype === undefined) await serving;
      else started.catch(() => {});
      expect(client.conntype).toBe(conntype ?? "classic");
      client.stop();
      await serving.catch(() => {});
    }
    // What it asks for is what the server goes by.
    const server = track(new Server({ addr: LOCAL }));
    const type = new Custom(server);
    server.addConnType("custom", type);
    await server.start();
    const client = track(new Client({ addr: server.addr, conntype: "custom" }));
    client.addConnType("custom", new ActivatingType(client));
    await client.start();
    expect(client.state).toBe(STATE_ACTIVE);
    const classic = await RawPeer.connect(server.addr);
    await classic.packet();
    classic.write(settype());
    const { id, ...handshake } = await classic.packet();
    expect([id, value({ id, ...handshake })]).toEqual([HANDSHAKE, expect.anything()]);
    expect(type.begun).toEqual([1]);
  },
};

class ActivatingType extends ConnectionType {
  override init(cid: Cid): void {
    this.connection(cid).activate();
  }
}
