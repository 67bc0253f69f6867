// A tab that a person does not look at: hidden behind another one, which slows its timers down, and frozen, which stops it.
// When a frozen one goes on, some versions of Chromium close its WebSocket: it then resumes its session.
// `npm run reliability -- hidden-tab --minutes 10` shows the same for longer.

import { Chromium, type ChromiumTab } from "@peng3dnet-internal/chromium";
import { Numbered } from "./support/client-packets.js";
import { type GameClient, type GameServer, gameServer } from "./support/game-server.js";
import { describeWithChromium, TEST_PAGE } from "./support/in-chromium.js";
import { numbersUpTo } from "./support/numbers.js";
import type { PagePrograms } from "./support/programs.js";

jest.setTimeout(120_000);

const COUNT = 200;
const RESUMABLE = { "net.resume.window": 30 };

/** A client on the server, and what came back from it. */
interface Player {
  /** Sends the numbers up to `COUNT` from the next one on. */
  send(): void;
  readonly answers: number[];
  /** Resolves once all that was sent came back. */
  all(): Promise<void>;
  readonly closed: boolean;
}

/** Has a tab connect. */
async function join({ server, url }: GameServer, tab: ChromiumTab<PagePrograms>): Promise<Player> {
  const connected = new Promise<GameClient>((resolve) => server.on("handshakecomplete", resolve));
  await tab.call("page", "stay", { url, resume: true });
  const client = await connected;
  const answers: number[] = [];
  let [sent, closed, wake] = [0, false, () => {}];
  server.on(Numbered, ({ n }, { client: from }) => {
    if (from !== client) return;
    answers.push(n);
    if (answers.length === sent) wake();
  });
  server.on("close", (gone) => {
    if (gone === client) closed = true;
  });
  return {
    answers,
    send() {
      for (let count = 0; count < COUNT; count++) client.sendMessage(Numbered, { n: ++sent, more: "" });
    },
    all: () =>
      answers.length === sent
        ? Promise.resolve()
        : new Promise((resolve) => {
            wake = resolve;
          }),
    get closed() {
      return closed;
    },
  };
}

describeWithChromium("tabs that nobody looks at", () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await Chromium.launch({ throttled: true });
  });
  afterAll(() => chromium?.close());

  test("a hidden tab answers at once, a frozen one once it goes on; both stay connected", async () => {
    const [front, hidden, frozen] = await chromium.openTabs<PagePrograms>(TEST_PAGE, 3);
    if (front === undefined || hidden === undefined || frozen === undefined) throw new Error("no tabs");
    const game = await gameServer(RESUMABLE);
    const players = [await join(game, front), await join(game, hidden), await join(game, frozen)] as const;
    await front.bringToFront();
    await hidden.slowDown(10);
    await frozen.freeze();

    for (const player of players) player.send();
    await players[0].all();
    await players[1].all();
    expect((await hidden.call("page", "stayed", undefined)).hidden).toBe(true);
    // The others have sent and received a lot meanwhile.
    expect(players[2].answers).toEqual([]);

    await frozen.resume();
    await players[2].all();
    for (const player of players)
      expect(player).toMatchObject({ answers: numbersUpTo(COUNT), closed: false });
    const { life, ...stayed } = await frozen.call("page", "stayed", undefined);
    expect(stayed).toEqual({
      received: numbersUpTo(COUNT),
      hidden: true,
      title: "connected",
      closed: null,
    });
    expect(life.slice(0, 2)).toEqual(["freeze", "resume"]);
  });

  test("a frozen tab outlives the time-out of heartbeats, as its browser answers pings", async () => {
    const [front, frozen] = await chromium.openTabs<PagePrograms>(TEST_PAGE, 2);
    if (front === undefined || frozen === undefined) throw new Error("no tabs");
    const game = await gameServer({
      ...RESUMABLE,
      "net.heartbeat.interval": 0.1,
      "net.heartbeat.timeout": 0.5,
    });
    const player = await join(game, frozen);
    await front.bringToFront();
    await frozen.freeze();
    const [client] = game.server.clients.values();
    // Each answer has six bytes: these come in a multiple of the time-out.
    const { bytesRead } = client!.sock!;
    while (!player.closed && client!.sock!.bytesRead < bytesRead + 30 * 6)
      await new Promise((resolve) => setImmediate(resolve));
    expect(player.closed).toBe(false);
    await frozen.resume();
    player.send();
    await player.all();
    expect(player.answers).toEqual(numbersUpTo(COUNT));
  });
});
