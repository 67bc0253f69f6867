// The page in a real Chromium, used by keyboard alone.

import { Chromium } from "@peng3dnet-internal/chromium";
import { describeWithChromium } from "../../../packages/browser/test/chromium/support/in-chromium.js";
import { endAll, start } from "../../cli/test/support/spawned.js";

jest.setTimeout(120_000);

describeWithChromium("the page of the echo", () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await Chromium.launch();
  });
  afterEach(endAll);
  afterAll(() => chromium?.close());

  test("a button that is of no use any more hands on the focus", async () => {
    const program = start("echo", "web", "127.0.0.1:0");
    const [, origin = ""] = await program.printed(/Open (http:\S+) in a browser/);
    const tab = await chromium.openSite(origin);
    const until = async (expression: string): Promise<void> => {
      while ((await tab.evaluate(expression)) !== true);
    };
    const state = (name: string) => `document.getElementById("state").dataset.state === "${name}"`;
    const focused = () => tab.evaluate("document.activeElement.id");
    /** Two frames: a button that is disabled loses the focus with the next one. */
    const drawn = () =>
      tab.evaluate(
        "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null))))",
      );
    await until(state("active"));
    await tab.key("down", "Tab"); // from now on, the focus is shown
    await tab.evaluate(`document.querySelector("#close button").focus({ focusVisible: true })`);
    await tab.evaluate(`document.querySelector("#close button").click()`);
    await until(state("closed"));
    await drawn();
    expect(await focused()).toBe("connect");
    await tab.evaluate(`document.getElementById("connect").click()`);
    await until(state("active"));
    await drawn();
    expect(await focused()).toBe("text");
  });
});
