// What observers are told of sessions whose line breaks, on both sides.

import { type Client, observe, type PeerObserver, type Server } from "@peng3dnet/peer";
import { newTicket } from "../../src/resume/ticket.js";
import { comeBack } from "../resume/raw-client.js";
import { Filled, Number_, openScene, type Scene, type SceneOptions } from "../resume/scene.js";

/** Looks on at a peer, and keeps what it is told, in words. */
function lookOn(peer: Server | Client) {
  const told: string[] = [];
  const observer: PeerObserver = {
    suspended: (_connection, error) => void told.push(`suspended ${error === undefined ? "" : error.name}`),
    resumption: (_connection, { outcome, seconds, again }) =>
      void told.push(`${outcome} ${seconds} ${again.packets}`),
    handshake: (_connection, outcome) => void told.push(`handshake ${outcome}`),
  };
  return { told, observing: observe(peer, observer) };
}

async function observed(options?: SceneOptions) {
  const scene = await openScene(options);
  return { scene, server: lookOn(scene.server), client: lookOn(scene.client) };
}

/** How many are suspended, and how many bytes are kept. */
function waiting({ observing }: ReturnType<typeof lookOn>): [suspended: number, kept: number] {
  const { suspended, kept } = observing.census();
  return [suspended, kept];
}

test("a session that goes on: how long it was suspended, and what was sent again", async () => {
  const { scene, server, client } = await observed();
  // What is on its way when the line breaks has to be sent again.
  scene.link.toServer.freeze();
  for (const number of [1, 2, 3]) scene.client.sendMessage(Number_, number);
  await scene.settle();
  expect(waiting(client)[0]).toBe(0);
  const before = waiting(client)[1];
  expect(before).toBeGreaterThanOrEqual(3 * 11);
  scene.online = false;
  await scene.cut();
  expect([waiting(client), waiting(server)[0]]).toEqual([[1, before], 1]);
  scene.online = true;
  await scene.pass(5, 0.5);
  expect(client.told).toEqual([
    expect.stringMatching(/^suspended/),
    expect.stringMatching(/^resumed \d+(\.\d+)? 3$/),
  ]);
  const seconds = Number(client.told[1]?.split(" ")[1]);
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(5);
  // The connection that brought it back is no session of its own.
  expect(server.told).toEqual([
    expect.stringMatching(/^suspended/),
    expect.stringMatching(/^resumed .* 0$/),
    "handshake resumed",
  ]);
  expect([waiting(client)[0], waiting(server)[0]]).toEqual([0, 0]);
  // Its end has nothing to do with that.
  client.told.length = 0;
  server.told.length = 0;
  await scene.client.close();
  await scene.settle();
  expect([client.told, server.told]).toEqual([[], []]);
});

/** Clocks of tests turn in one step, past the time that was waited for. */
const EXPIRED = expect.stringMatching(/^expired 3[01](\.\d+)? 0$/);
const OVER = /^(expired|closed|overflow) /;

test.each<[string, (scene: Scene) => unknown, string[], string[]]>([
  ["nobody comes back", (scene) => scene.pass(31), [EXPIRED], [EXPIRED]],
  ["the client stops", (scene) => scene.client.stop(), ["closed 0 0"], []],
  ["the server stops", (scene) => scene.server.stop(), [], ["closed 0 0"]],
  [
    "too much piles up",
    (scene) => scene.client.sendMessage(Filled, [0, new Uint8Array(9000)]),
    ["overflow 0 0"],
    [],
  ],
])("a session that ends while it is suspended: %s", async (_, act, onClient, onServer) => {
  const { scene, server, client } = await observed({ clientCfg: { "net.resume.bytes": 5000 } });
  scene.online = false;
  await scene.cut();
  await act(scene);
  await scene.settle();
  const ends = ({ told }: typeof server) => told.filter((text) => OVER.test(text));
  expect([ends(client), ends(server)]).toEqual([onClient, onServer]);
});

test("a server tells of clients that it turns away, whose sessions are suspended or never were", async () => {
  const { scene, server, client } = await observed();
  scene.online = false;
  await scene.cut();
  server.told.length = 0;
  comeBack(scene, newTicket(), 0);
  await scene.settle();
  expect(server.told).toEqual(["handshake resumeunknown", "unknown undefined 0"]);
  expect(waiting(server)[0]).toBe(1);
  expect(client.told).toEqual([expect.stringMatching(/^suspended/)]);
});

test("a client that the server refuses", async () => {
  let asked = 0;
  const { scene, server, client } = await observed({
    server: {
      authorizeResume: () => {
        asked++;
        return false;
      },
    },
  });
  await scene.cutAndResume();
  expect(asked).toBe(1);
  expect(client.told).toEqual([
    expect.stringMatching(/^suspended/),
    expect.stringMatching(/^refused \S+ 0$/),
  ]);
  expect(server.told.slice(1)).toEqual(["handshake resumerefused", "refused undefined 0"]);
});

test("a connection that ends is none", async () => {
  const { scene, server, client } = await observed();
  await scene.client.close();
  await scene.settle();
  expect([client.told, server.told]).toEqual([[], []]);
});
