// A server that lets nobody in any more, over sockets: what clients of all kinds learn, and how it goes on from there.

import { Client, definePacket, payload, Server, SIDE_CLIENT } from "@peng3dnet/core";
import { clientTls, serverTls } from "../support/certificates.js";
import { track } from "../support/cleanup.js";
import { LOCAL, next } from "../support/peers.js";
import { pythonClient } from "../support/python-peer.js";

const News = definePacket({ name: "test:news", schema: payload<string>(), side: SIDE_CLIENT });
const packets = [News];

test.each([
  ["TCP", {}, {}],
  ["TLS", serverTls(), clientTls()],
])("over %s: play, refuse, and shut down once all have left", async (_name, serverCfg, clientCfg) => {
  const server = track(new Server({ addr: LOCAL, packets, cfg: serverCfg }));
  await server.start();
  const { addr } = server;
  const client = () => track(new Client({ addr, packets, cfg: clientCfg }));
  const player = client();
  const heard = new Promise((resolve) => player.on(News, resolve));
  const active = next(server, "handshakecomplete");
  await player.start();
  await active;

  const drained = server.drain();
  const newcomers = [client(), client(), client()];
  const refusals = await Promise.allSettled(newcomers.map((newcomer) => newcomer.start()));
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({
      status: "rejected",
      reason: { code: "P3D_ERR_CONNECTION_CLOSED", reason: "serverdraining" },
    });
  }
  server.broadcast(News, "play on");
  expect(await heard).toBe("play on");
  expect(player.conn?.active).toBe(true);

  await player.close("enough");
  await drained;
  expect(await server.shutdown()).toEqual({ clean: 0, unclean: 0 });
});

test("a Python client learns the reason, too", async () => {
  const server = track(new Server({ addr: LOCAL }));
  await server.start();
  await server.drain();
  expect(await pythonClient(server.addr)).toEqual({ reason: "serverdraining", received: [] });
  server.admit();
  expect(await pythonClient(server.addr, { closeWith: "mine" })).toEqual({ reason: "mine", received: [] });
});
