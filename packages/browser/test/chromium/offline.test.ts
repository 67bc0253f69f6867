// A page whose network is taken away: it shows that it waits, and goes on where it was when the network is back.

import { Chromium, type ChromiumTab } from "@peng3dnet-internal/chromium";
import { blackHole } from "../../../core/test/support/black-hole.js";
import { Numbered } from "./support/client-packets.js";
import { gameServer } from "./support/game-server.js";
import { describeWithChromium, TEST_PAGE } from "./support/in-chromium.js";
import { numbersUpTo } from "./support/numbers.js";
import type { PagePrograms } from "./support/programs.js";

jest.setTimeout(120_000);

const COUNT = 300;
/** Where the numbers begin that the page sends by itself. */
const OWN = 10_000;

describeWithChromium("a page without network", () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await Chromium.launch();
  });
  afterAll(() => chromium?.close());

  /** Resolves once the page shows this above itself. */
  async function shows(tab: ChromiumTab<PagePrograms>, title: string): Promise<void> {
    while ((await tab.call("page", "stayed", undefined)).title !== title);
  }

  test("waits, shows that, and goes on with nothing missing when the network is back", async () => {
    const [tab] = await chromium.openTabs<PagePrograms>(TEST_PAGE, 1);
    if (tab === undefined) throw new Error("no tab");
    const cfg = { "net.heartbeat.interval": 0.2, "net.heartbeat.timeout": 1 };
    const { server, url } = await gameServer({ ...cfg, "net.resume.window": 60 });
    // A browser in a test takes the network from connections to come, and tells the page. Those there are end in this.
    const { hostname, port } = new URL(url);
    const line = await blackHole([hostname, Number(port)]);
    const answers: number[] = [];
    const own: number[] = [];
    let [wake, told] = [() => {}, false];
    server.on(Numbered, ({ n }) => {
      (n > OWN ? own : answers).push(n);
      wake();
    });
    server.on("suspend", () => {
      told = true;
      wake();
    });
    const until = async (done: () => boolean): Promise<void> => {
      while (!done()) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    const active = new Promise<void>((resolve) => server.on("handshakecomplete", () => resolve()));
    await tab.call("page", "stay", { url: `ws://${line.addr.join(":")}/`, cfg, resume: true });
    await active;
    const [client] = server.clients.values();
    if (client === undefined) throw new Error("no client");
    let sent = 0;
    const send = (): void => {
      for (let count = 0; count < COUNT; count++) client.sendMessage(Numbered, { n: ++sent, more: "" });
    };

    send();
    await tab.setOffline(true);
    line.swallow();
    send();
    await shows(tab, "suspended");
    await until(() => told);
    send();
    await tab.call("page", "say", { from: OWN + 1, to: OWN + COUNT });

    await tab.setOffline(false);
    await shows(tab, "connected");
    send();
    await until(() => answers.length >= sent && own.length >= COUNT);
    expect(answers).toEqual(numbersUpTo(4 * COUNT));
    expect(own).toEqual(numbersUpTo(COUNT).map((n) => n + OWN));
    expect(await tab.call("page", "stayed", undefined)).toMatchObject({
      received: numbersUpTo(4 * COUNT),
      life: ["suspended", "resumed"],
      closed: null,
    });
    expect([...server.clients.values()]).toEqual([client]);
  });
});
