// A tab that is closed: the server is told at once where the page says goodbye, and else waits for it to come back.

import { Chromium } from "@peng3dnet-internal/chromium";
import { gameServer } from "./support/game-server.js";
import { describeWithChromium, TEST_PAGE } from "./support/in-chromium.js";
import type { PagePrograms } from "./support/programs.js";

jest.setTimeout(120_000);

describeWithChromium("a tab that is closed", () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await Chromium.launch();
  });
  afterAll(() => chromium?.close());

  /** Has a page connect, closes its tab, and says what the server was told first. */
  async function closeTab(order: { readonly saysGoodbye: boolean; readonly overReloads?: boolean }) {
    const [tab] = await chromium.openTabs<PagePrograms>(TEST_PAGE, 1);
    if (tab === undefined) throw new Error("no tab");
    const { server, url, closed } = await gameServer({ "net.resume.window": 60 });
    const told = Promise.race([
      closed.then(({ reason }) => reason),
      new Promise<string>((resolve) => server.on("suspend", () => resolve("suspended"))),
    ]);
    await tab.call("page", "stay", { url, resume: true, ...order });
    await tab.close();
    return told;
  }

  test("leaves at once where the page closes its client as it goes", async () => {
    expect(await closeTab({ saysGoodbye: true })).toBe("tab closed");
  });

  test("is waited for where it does not", async () => {
    expect(await closeTab({ saysGoodbye: false })).toBe("suspended");
  });

  test("is waited for where it saves its session for a reload", async () => {
    expect(await closeTab({ saysGoodbye: true, overReloads: true })).toBe("suspended");
  });
});
