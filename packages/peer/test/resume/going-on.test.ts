import { Number_, openScene, range } from "./scene.js";

test("what is sent before, while and after the line is broken arrives once and in order, both ways", async () => {
  const scene = await openScene();
  const { client, remote, atServer, atClient } = scene;
  for (const number of range(0, 10)) {
    client.sendMessage(Number_, number);
    remote.sendMessage(Number_, number);
  }
  await scene.cut();
  expect([client.suspended, remote.suspended]).toEqual([true, true]);
  for (const number of range(10, 20)) {
    client.sendMessage(Number_, number);
    remote.sendMessage(Number_, number);
  }
  await scene.pass(0.001);
  expect([client.suspended, remote.suspended]).toEqual([false, false]);
  for (const number of range(20, 30)) {
    client.sendMessage(Number_, number);
    remote.sendMessage(Number_, number);
  }
  await scene.settle();
  expect(atServer).toEqual({ numbers: range(0, 30), events: ["suspend", "resume"], closes: [] });
  expect(atClient).toEqual({ numbers: range(0, 30), events: ["suspend", "resume"], closes: [] });
  expect(scene.attempts).toEqual(["resumed"]);
  expect(scene.faults).toEqual([]);
});
