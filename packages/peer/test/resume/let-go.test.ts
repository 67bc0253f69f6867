// What is kept of lines that are gone.

import { MemoryLink } from "@peng3dnet/peer/testing";
import { collect } from "../support/collect.js";
import { openScene, type Scene } from "./scene.js";

/** What is left of a line over which the client could not come back. */
async function failedLine(scene: Scene): Promise<WeakRef<object>> {
  const link = new MemoryLink();
  scene.client.attach(link.client);
  link.cut();
  await scene.settle();
  return new WeakRef(link.client);
}

test("a client that has come back keeps nothing of the lines over which it could not", async () => {
  const scene = await openScene();
  scene.online = false;
  await scene.cut();
  const line = await failedLine(scene);
  scene.online = true;
  await scene.pass(0.01);
  expect(scene.client.suspended).toBe(false);
  await collect();
  expect(line.deref()).toBeUndefined();
});
