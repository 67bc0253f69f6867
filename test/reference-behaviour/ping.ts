import { Client, type ClientOptions, CONNTYPE_PING, Server, type WaitOptions } from "@peng3dnet/core";
import {
  PingableClientMixin,
  PingableServerMixin,
  PingConnectionType,
  type PingData,
  PingError,
  pingServer,
} from "@peng3dnet/ping";
import { track } from "../../packages/core/test/support/cleanup.js";
import { LOCAL } from "../../packages/core/test/support/peers.js";
import { rawServer } from "../../packages/core/test/support/raw-peer.js";
import { type Checks, recorder } from "./support.js";

const Pingable = PingableServerMixin(Server);

/** A server that answers pings, and what it was asked. */
async function pinged() {
  const asked: [msg: PingData, cid: number][] = [];
  class Status extends Pingable {
    override pingdata: PingData = { motd: "Welcome" };

    override getPingData(msg: PingData, cid: number): PingData {
      asked.push([msg, cid]);
      return { users: 3 };
    }
  }
  const server = track(new Status({ addr: LOCAL }) as unknown as Server);
  await server.start();
  return { addr: server.addr, asked };
}

export const ping: Checks = {
  "peng3dnet.ext.ping.PingConnectionType.getPingData": async () => {
    const asked: unknown[] = [];
    class Counting extends PingConnectionType {
      override getPingData(msg: PingData, cid: number): PingData {
        asked.push([this.peer.side, msg, cid]);
        return { ...super.getPingData(msg, cid), counted: asked.length };
      }
    }
    const server = track(new Server({ addr: LOCAL }));
    server.addConnType(CONNTYPE_PING, new Counting(server));
    await server.start();
    const pong = await pingServer({ addr: server.addr, data: { from: "a test" } });
    expect(pong).toMatchObject({ counted: 1, oldmsg: { from: "a test" }, peng3dnet: { protoversion: 2 } });
    expect(asked).toEqual([[1, { from: "a test", time: expect.any(Number) }, 1]]);
  },
  "peng3dnet.ext.ping.PingableServerMixin.getPingData": async () => {
    const { addr, asked } = await pinged();
    expect(await pingServer({ addr, data: { n: 1 } })).toMatchObject({ users: 3, motd: "Welcome" });
    await pingServer({ addr, data: { n: 2 } });
    expect(asked).toEqual([
      [{ n: 1, time: expect.any(Number) }, 1],
      [{ n: 2, time: expect.any(Number) }, 2],
    ]);
  },
  "peng3dnet.ext.ping.PingableServerMixin.pingdata": async () => {
    const { addr } = await pinged();
    expect(await pingServer({ addr })).toMatchObject({ motd: "Welcome" });
    expect(new Pingable().pingdata).toEqual({});
  },
  "peng3dnet.ext.ping.pingServer(peng)": async () => {
    const peng = recorder();
    await pingServer({ addr: (await pinged()).addr, peng });
    expect(peng.events.map(([name, { client }]) => [name, client instanceof Client])).toContainEqual([
      "peng3dnet:client.connect",
      true,
    ]);
    for (const [, data] of peng.events) expect(data.peng).toBe(peng);
  },
  "peng3dnet.ext.ping.pingServer(addr)": async () => {
    const { addr, asked } = await pinged();
    await pingServer({ addr: addr.join(":") });
    await pingServer({ addr });
    expect(asked).toHaveLength(2);
  },
  "peng3dnet.ext.ping.pingServer(cfg)": async () => {
    const {
      addr: [host, port],
      asked,
    } = await pinged();
    await pingServer({ cfg: { "net.client.addr.host": host, "net.client.addr.port": port } });
    expect(asked).toHaveLength(1);
  },
  "peng3dnet.ext.ping.pingServer(data)": async () => {
    const { addr, asked } = await pinged();
    const before = Date.now() / 1000;
    const pong = await pingServer({ addr, data: { id: 5, time: "noon" } });
    const [msg = {}] = asked[0] ?? [];
    expect(msg).toEqual({ id: 5, time: expect.any(Number) });
    expect(msg.time).toBeGreaterThan(before - 1);
    expect(pong.oldmsg).toEqual(msg);
  },
  "peng3dnet.ext.ping.pingServer(clientcls)": async () => {
    let made = 0;
    class Own extends PingableClientMixin(Client) {
      constructor(options?: ClientOptions) {
        super(options);
        made++;
      }
    }
    await pingServer({ addr: (await pinged()).addr, clientcls: Own as never });
    expect(made).toBe(1);
  },
  "peng3dnet.ext.ping.pingServer(timeout)": async () => {
    const { addr } = await rawServer();
    const error = await pingServer({ addr, timeout: 0.05 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PingError);
    expect(error).toMatchObject({ failure: "timeout" });
    const waits: (number | undefined)[] = [];
    class Watched extends PingableClientMixin(Client) {
      override waitForPong(options: WaitOptions = {}) {
        waits.push(options.timeout);
        return super.waitForPong(options);
      }
    }
    await pingServer({ addr: (await pinged()).addr, clientcls: Watched as never });
    expect(waits[0]).toBeGreaterThan(9);
    expect(waits[0]).toBeLessThanOrEqual(10);
  },
};
