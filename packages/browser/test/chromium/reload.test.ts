// A page that is reloaded in the middle of a stream in both directions: its session goes on, and nothing is missing or doubled.

import { Chromium } from "@peng3dnet-internal/chromium";
import { Numbered } from "./support/client-packets.js";
import { type GameClient, gameServer } from "./support/game-server.js";
import { describeWithChromium, TEST_PAGE } from "./support/in-chromium.js";
import { numbersUpTo } from "./support/numbers.js";
import type { PagePrograms } from "./support/programs.js";

jest.setTimeout(120_000);

const RELOADS = 3;
/** Numbers of the server that are on their way to the page and back at any time. */
const UNDER_WAY = 100;
/** How many the server sends after each reload, at least. */
const BETWEEN = 500;
/** How many the page sends by itself before each reload, and where they begin. */
const OWN = 500;
const FIRST_OWN = 1_000_000;
/** Makes packets of which a part arrives. */
const MORE = "x".repeat(3000);

describeWithChromium("a page that is reloaded", () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await Chromium.launch();
  });
  afterAll(() => chromium?.close());

  test("goes on with its session, with nothing missing in either direction", async () => {
    const [tab] = await chromium.openTabs<PagePrograms>(TEST_PAGE, 1);
    if (tab === undefined) throw new Error("no tab");
    const { server, url } = await gameServer({ "net.resume.window": 60 });
    const began: GameClient[] = [];
    server.on("handshakecomplete", (client) => began.push(client));
    const answers: number[] = [];
    const own: number[] = [];
    let [sent, wanted, wake] = [0, 0, () => {}];
    const send = (): void => {
      const [client] = began;
      while (sent - answers.length < UNDER_WAY && sent < wanted)
        client?.sendMessage(Numbered, { n: ++sent, more: MORE });
    };
    server.on(Numbered, ({ n }) => {
      (n > FIRST_OWN ? own : answers).push(n);
      send();
      wake();
    });
    const until = async (done: () => boolean): Promise<void> => {
      while (!done()) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    const order = { url, overReloads: true };
    await tab.call("page", "stay", order);

    for (let reload = 1; reload <= RELOADS; reload++) {
      wanted = Number.POSITIVE_INFINITY;
      const before = answers.length;
      send();
      await until(() => answers.length >= before + BETWEEN);
      await tab.call("page", "say", {
        from: FIRST_OWN + (reload - 1) * OWN + 1,
        to: FIRST_OWN + reload * OWN,
      });
      await tab.reload();
      await tab.call("page", "stay", order);
      expect((await tab.call("page", "stayed", undefined)).life).toEqual(["resumed"]);
    }
    wanted = sent;
    await until(() => answers.length >= sent && own.length >= RELOADS * OWN);
    expect(answers).toEqual(numbersUpTo(sent));
    expect(own).toEqual(numbersUpTo(RELOADS * OWN).map((n) => n + FIRST_OWN));
    // It is the same client for the server, and there was no other one.
    expect(began).toHaveLength(1);
    expect([...server.clients.values()]).toEqual(began);
  });
});
