// What OpenTelemetry is told of sessions whose line breaks, on both sides.

import { instrument } from "@peng3dnet/telemetry";
import { comeBack } from "../../peer/test/resume/raw-client.js";
import { Number_, openScene, Scene } from "../../peer/test/resume/scene.js";
import { meterInMemory } from "./support/otel.js";

async function observed() {
  const scene = await openScene();
  const { meter, values, collect } = meterInMemory();
  instrument(scene.server, { meter });
  instrument(scene.client, { meter });
  return { scene, values, collect };
}

const of = (name: string, outcome: string, side: string) =>
  `${name}{peng3dnet.resumption.outcome=${outcome},peng3dnet.side=${side}}`;
const state = (which: string, side: string) =>
  `peng3dnet.connections{peng3dnet.connection.state=${which},peng3dnet.side=${side}}`;

test("who is suspended, what is kept, how it ends, and what is sent again", async () => {
  const { scene, values, collect } = await observed();
  scene.link.toServer.freeze();
  for (const number of [1, 2, 3]) scene.client.sendMessage(Number_, number);
  await scene.settle();
  scene.online = false;
  await scene.cut();
  const suspended = await values("peng3dnet.");
  for (const side of ["client", "server"])
    expect([suspended[state("active", side)], suspended[state("suspended", side)]]).toEqual([0, 1]);
  expect(suspended["peng3dnet.kept{peng3dnet.side=client}"]).toBeGreaterThanOrEqual(33);
  scene.online = true;
  await scene.pass(5, 0.5);
  const resumed = await values("peng3dnet.");
  for (const side of ["client", "server"])
    expect([resumed[state("active", side)], resumed[state("suspended", side)]]).toEqual([1, 0]);
  expect(await values("peng3dnet.resumption")).toEqual({
    [of("peng3dnet.resumptions", "resumed", "client")]: 1,
    [of("peng3dnet.resumptions", "resumed", "server")]: 1,
    [of("peng3dnet.resumption.duration", "resumed", "client")]: 1,
    [of("peng3dnet.resumption.duration", "resumed", "server")]: 1,
    "peng3dnet.resumption.packets{peng3dnet.side=client}": 3,
    "peng3dnet.resumption.packets{peng3dnet.side=server}": 0,
  });
  const duration = (await collect()).find(({ descriptor }) =>
    descriptor.name.endsWith("resumption.duration"),
  );
  const sums = duration?.dataPoints.map(({ value }) => (value as { readonly sum?: number }).sum);
  for (const sum of sums ?? []) expect(sum).toBeGreaterThan(0);
  expect(sums).toHaveLength(2);
});

test("a session whose line breaks within the handshake counts once, wherever that is", async () => {
  const found = new Set<string>();
  for (let bytes = 1; bytes <= 100; bytes++) {
    const scene = new Scene({ prepare: ({ toServer }) => toServer.cutAfter(bytes) });
    const { meter, values } = meterInMemory();
    instrument(scene.server, { meter });
    scene.client.connect().catch(() => {});
    await scene.settle();
    const all = await values("peng3dnet.connections");
    found.add(["active", "handshake", "suspended"].map((which) => all[state(which, "server")]).join(" "));
  }
  // The server suspends from when it has given the ticket: that is before the last packet of the handshake.
  expect([...found].sort()).toEqual(["0 0 0", "0 0 1", "1 0 0"]);
});

test("outcomes of those that do not go on; a client that is turned away was not suspended", async () => {
  const { scene, values } = await observed();
  scene.online = false;
  await scene.cut();
  comeBack(scene, new Uint8Array(32), 0);
  await scene.settle();
  await scene.pass(31);
  expect(await values("peng3dnet.resumptions")).toEqual({
    [of("peng3dnet.resumptions", "expired", "client")]: 1,
    [of("peng3dnet.resumptions", "expired", "server")]: 1,
    [of("peng3dnet.resumptions", "unknown", "server")]: 1,
  });
  expect(await values("peng3dnet.resumption.duration")).toEqual({
    [of("peng3dnet.resumption.duration", "expired", "client")]: 1,
    [of("peng3dnet.resumption.duration", "expired", "server")]: 1,
  });
});
