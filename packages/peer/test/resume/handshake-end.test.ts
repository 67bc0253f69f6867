// A line that breaks around the end of the handshake, and is back only when the time for a handshake is long over.

import type { ConfigOverrides } from "@peng3dnet/peer";
import { MemoryLink } from "@peng3dnet/peer/testing";
import { comeBack, tap, ticketsIn } from "./raw-client.js";
import { Filled, Number_, packets, range, Scene } from "./scene.js";

const HANDSHAKE = 10;
const WINDOW = 60;
/** Sessions that are under way at once: each has a clock of its own. */
const AT_ONCE = 40;

const cfg = { "net.resume.window": WINDOW, "net.timeout.handshake": HANDSHAKE };
type Direction = "toClient" | "toServer";

interface Begun {
  readonly scene: Scene;
  /** What the server's application was told of the session, in order. */
  readonly told: string[];
  /** What went over the first line. */
  readonly written: () => ReturnType<typeof tap>;
}

/** Begins a session. Its line breaks after so many bytes of a direction; then there is no network. */
async function begin(
  direction: Direction,
  offset: number,
  more: ConfigOverrides = {},
  arrange: (scene: Scene) => void = () => {},
): Promise<Begun> {
  let tapped: ReturnType<typeof tap> | undefined;
  const scene: Scene = new Scene({
    cfg: { ...cfg, ...more },
    clientCfg: { "net.timeout.handshake": HANDSHAKE, ...more },
    prepare: (link, index) => {
      if (index > 0) return;
      tapped = tap(link);
      link[direction].cutAfter(offset);
      scene.online = false;
    },
  });
  const told: string[] = [];
  for (const event of ["handshakecomplete", "suspend", "resume", "close"] as const)
    scene.server.on(event, (one) => void (one === scene.remote && told.push(event)));
  arrange(scene);
  await scene.client.connect();
  await scene.settle();
  return { scene, told, written: () => tapped as ReturnType<typeof tap> };
}

/** How long the handshake is in a direction, in bytes. */
async function lengthOf(direction: Direction): Promise<number> {
  const { scene } = await begin(direction, 1e6);
  expect([scene.client.active, scene.remote.active]).toEqual([true, true]);
  return scene.link[direction].delivered;
}

async function runWithCut(direction: Direction, offset: number): Promise<string> {
  const { scene, told } = await begin(direction, offset);
  const { client, atClient, atServer, remote } = scene;
  const where = `${direction} at ${offset}`;
  // The client has no ticket, and nothing to come back with.
  const ended = atClient.closes.length > 0;
  await scene.pass(2 * HANDSHAKE, 1);
  scene.online = true;
  await scene.pass(HANDSHAKE, 0.5);
  if (ended) {
    await scene.pass(WINDOW, 5);
    if (told.join() !== "close") throw new Error(`${where}: ended, and was told ${told.join()}`);
    return "ended";
  }
  if (atClient.closes.length + atServer.closes.length > 0)
    throw new Error(`${where}: ${JSON.stringify([atClient.closes, atServer.closes])}`);
  client.sendMessage(Number_, 1);
  remote.sendMessage(Number_, 2);
  await scene.settle();
  const is = JSON.stringify([atServer.numbers, atClient.numbers, client.suspended, remote.suspended]);
  if (is !== JSON.stringify([[1], [2], false, false]) || scene.faults.length > 0)
    throw new Error(`${where}: ${is} ${scene.faults.map(String).join()}`);
  return told.join();
}

test.each(["toClient", "toServer"] as const)(
  "%s: whatever byte is the last one, the handshake is complete in the end, and nobody is told of a break before",
  async (direction) => {
    const offsets = range(0, (await lengthOf(direction)) + 1);
    const outcomes: string[] = [];
    for (let at = 0; at < offsets.length; at += AT_ONCE)
      outcomes.push(
        ...(await Promise.all(
          offsets.slice(at, at + AT_ONCE).map((offset) => runWithCut(direction, offset)),
        )),
      );
    const order = outcomes.filter((outcome, i) => outcome !== outcomes[i - 1]);
    // In the end the server is complete as well, and its application is told of the break.
    expect(order).toEqual(["ended", "handshakecomplete", "handshakecomplete,suspend,resume"]);
  },
  120_000,
);

test("a client that never comes back is closed when the server does not wait any more", async () => {
  const { scene, told } = await begin("toServer", (await lengthOf("toServer")) - 1);
  expect([scene.client.active, scene.remote.active, scene.remote.suspended]).toEqual([true, false, true]);
  await scene.pass(WINDOW - 1, 1);
  expect(told).toEqual([]);
  await scene.pass(2, 1);
  expect([told, scene.atServer.closes[0]?.reason]).toEqual([["close"], "resumeexpired"]);
});

/** A session whose server lacks the last byte of the handshake; somebody has come back for it, and says nothing more. */
async function heldBack(more: ConfigOverrides = {}): Promise<Begun> {
  const begun = await begin("toServer", (await lengthOf("toServer")) - 1, more);
  const { scene, written } = begun;
  await scene.pass(2 * HANDSHAKE, 1);
  const [ticket] = ticketsIn(written().toClient);
  const attempt = comeBack(scene, ticket as Uint8Array, scene.link.toClient.delivered);
  await scene.settle();
  expect([attempt.error, scene.remote.suspended, scene.remote.active]).toEqual([undefined, false, false]);
  return begun;
}

test("one that is back and does not go on with its handshake has the time that a newcomer has", async () => {
  const { scene, told } = await heldBack();
  await scene.pass(HANDSHAKE - 1, 1);
  expect(told).toEqual([]);
  await scene.pass(2, 1);
  expect([told, scene.atServer.closes[0]?.reason]).toEqual([["close"], "handshaketimeout"]);
});

test("and counts among those whose handshake is under way, of which the oldest one goes", async () => {
  const { scene } = await heldBack({ "net.limits.pending": 1 });
  expect(scene.atServer.closes).toEqual([]);
  scene.server.accept(new MemoryLink().server);
  await scene.settle();
  expect(scene.atServer.closes[0]?.reason).toBe("serverfull");
});

/** A session whose line breaks behind the last packet of its handshake, while another client takes up the server's time. */
async function brokenBehind(more: ConfigOverrides = {}) {
  let length = 0;
  await begin("toServer", 1e6, more, (one) => {
    one.server.on("handshakecomplete", () => {
      length = one.link.toServer.delivered;
    });
  });
  const { scene, told } = await begin("toServer", length, more, (one) => {
    one.client.on("handshakecomplete", () => one.link.toServer.freeze());
    one.server.on(Filled, () => {
      one.net.clock.advance(0.05);
      one.link.toServer.thaw();
    });
  });
  const other = scene.net.client({ packets });
  scene.net.connect(other, scene.server);
  await other.waitForConnection();
  expect(told).toEqual([]);
  other.sendMessage(Filled, [0, new Uint8Array(8000)]);
  return { scene, told, other, remote: scene.remote };
}

test.each([
  ["with heartbeats", 1],
  ["without", 0],
])(
  "a break that is noticed before the last packet of the handshake is worked off is told after that, %s",
  async (_, interval) => {
    const { scene, told, other, remote } = await brokenBehind({ "net.heartbeat.interval": interval });
    const active: boolean[] = [];
    scene.server.on("handshakecomplete", (one) => void active.push(one === remote && one.suspended));
    const reasons: unknown[] = [];
    scene.server.on("suspend", (_one, { error }) => void reasons.push(error));
    await scene.settle();
    expect([told, active]).toEqual([["handshakecomplete", "suspend"], [true]]);
    expect(reasons).toEqual([expect.any(Error)]);
    // For longer than a client may be silent that can be heard.
    await scene.pass(WINDOW / 2, 1);
    scene.online = true;
    await scene.pass(HANDSHAKE, 0.5);
    expect(told).toEqual(["handshakecomplete", "suspend", "resume"]);
    // Its heartbeats are over with it, too.
    await Promise.all([scene.client.close(), other.close()]);
    await scene.settle();
    expect([told.at(-1), scene.net.clock.timers]).toEqual(["close", 0]);
  },
);

test("heartbeats of a session whose line broke within its handshake begin once, and end with it", async () => {
  const more = { "net.heartbeat.interval": 1, "net.heartbeat.timeout": 3 };
  const { scene: whole } = await begin("toServer", 1e6, more);
  let offset = whole.link.toServer.delivered;
  let begun: Begun;
  do begun = await begin("toServer", --offset, more);
  while (begun.told.length > 0);
  const { scene, told } = begun;
  expect([scene.remote.suspended, told]).toEqual([true, []]);
  scene.online = true;
  await scene.pass(HANDSHAKE, 0.5);
  expect(told).toEqual(["handshakecomplete"]);
  await scene.client.close();
  await scene.settle();
  expect([told.at(-1), scene.net.clock.timers]).toEqual(["close", 0]);
});

test("a break is not told of any more where the session is over before that packet is worked off", async () => {
  const { scene, told, remote } = await brokenBehind();
  for (let turn = 0; turn < 1000 && !remote.suspended; turn++) await Promise.resolve();
  expect([remote.suspended, told]).toEqual([true, []]);
  scene.net.clock.advance(WINDOW + 1);
  await scene.settle();
  expect(told).toEqual(["handshakecomplete", "close"]);
  expect(scene.atServer.closes[0]?.reason).toBe("resumeexpired");
});
