// One session, whose line is cut at each byte of either direction, from the first one on.

import { Double, Filled, Number_, range, Scene } from "./scene.js";

/** Every so many bytes of the session; 1 with `PENG3DNET_RESUME_ALL=1`. */
const STEP = process.env.PENG3DNET_RESUME_ALL === "1" ? 1 : 3;
const COUNT = 8;
/** Sessions that are under way at once: each has a clock of its own. */
const AT_ONCE = 40;

/** What both sides say, whatever becomes of the line; with a request each way. */
async function talk(scene: Scene): Promise<unknown[]> {
  const { client, server } = scene;
  const asked: Promise<unknown>[] = [];
  server.answer(Double, (number) => 2 * number);
  client.answer(Double, (number) => 2 * number);
  client.on("handshakecomplete", () => {
    for (const number of range(0, COUNT))
      if (number % 3 === 2) client.sendMessage(Filled, [number, new Uint8Array(40)]);
      else client.sendMessage(Number_, number);
    asked.push(client.request(Double, 4, { timeout: 300 }));
  });
  server.on("handshakecomplete", (one) => {
    for (const number of range(0, COUNT)) one.sendMessage(Number_, number);
    asked.push(server.request(Double, 5, one, { timeout: 300 }));
  });
  await client.connect();
  await scene.settle();
  await scene.pass(8, 0.5);
  return Promise.all(asked.map((one) => one.catch((error: { code: string }) => error.code)));
}

/** How long the session is in either direction, and up to where its client has no ticket, in bytes. */
async function recorded(): Promise<{ toClient: number; toServer: number }> {
  const scene = new Scene();
  await talk(scene);
  return { toClient: scene.link.toClient.delivered, toServer: scene.link.toServer.delivered };
}

async function runWithCut(direction: "toClient" | "toServer", offset: number): Promise<string> {
  const scene = new Scene({
    prepare: (link, index) => void (index === 0 && link[direction].cutAfter(offset)),
  });
  const answers = await talk(scene);
  const { atClient, atServer, client, remote } = scene;
  const where = `${direction} at ${offset}`;
  const broke = scene.links.length > 1 || atClient.closes.length > 0;
  if (!broke) throw new Error(`${where}: the line was not cut`);
  if (atClient.closes.length > 0) {
    // There was no ticket yet: it ends as ever, and whatever the server still waits for, it waits for it no longer than that.
    await scene.pass(31, 5);
    if (
      atClient.closes[0]?.reason !== "socketclose" ||
      atServer.closes.length !== 1 ||
      atClient.numbers.length > 0
    )
      throw new Error(`${where}: ${JSON.stringify([atClient, atServer])}`);
    return "ended";
  }
  const right = JSON.stringify([range(0, COUNT), range(0, COUNT), [8, 10], false, false]);
  const is = JSON.stringify([
    atServer.numbers,
    atClient.numbers,
    [...answers].sort((a, b) => Number(a) - Number(b)),
    client.suspended,
    remote.suspended,
  ]);
  if (is !== right || scene.faults.length > 0)
    throw new Error(`${where}: ${is} ${scene.faults.map(String).join()}`);
  return "resumed";
}

test.each(["toClient", "toServer"] as const)(
  "%s: whatever byte is the last one, all goes on, or nothing had begun",
  async (direction) => {
    const length = (await recorded())[direction];
    expect(length).toBeGreaterThan(200);
    const outcomes: string[] = [];
    const offsets = range(0, Math.floor(length / STEP)).map((i) => i * STEP);
    for (let at = 0; at < offsets.length; at += AT_ONCE)
      outcomes.push(
        ...(await Promise.all(
          offsets.slice(at, at + AT_ONCE).map((offset) => runWithCut(direction, offset)),
        )),
      );
    // First those without a ticket, then all others.
    const order = outcomes
      .join()
      .replace(/(ended,?)+/g, "E")
      .replace(/(resumed,?)+/g, "R");
    expect(order).toBe("ER");
  },
  120_000,
);
