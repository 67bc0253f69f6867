// Suites that need nobody but Chromium: each case is a test here, and runs there, in a page and in a dedicated worker.

import { suitesOf, WEB_SOCKET_SUITE } from "./suites/suites.js";
import { describeInChromium, PLACES } from "./support/in-chromium.js";
import { spliceForTest } from "./support/splice-server.js";

// Node only lists the cases.
const elsewhere = () => {
  throw new Error("this runs in Chromium");
};
const suites = suitesOf({ portPair: elsewhere, webSocketPair: elsewhere });

jest.setTimeout(120_000);

describeInChromium("suites", (page) => {
  test.each(PLACES)("all cases of the %s are in this list", async (place) => {
    const names = Object.entries(suites).map(([suite, cases]) => [suite, cases.map(({ name }) => name)]);
    expect(await page().call(place, "listCases", undefined)).toEqual(Object.fromEntries(names));
  });

  test.each(PLACES)("the %s has nothing of Node, and makes no code of text", async (place) => {
    expect(await page().call(place, "describeSurroundings", undefined)).toEqual({
      document: place === "page",
      process: false,
      evaluates: false,
      userAgent: expect.stringContaining("Chrome/"),
      origin: expect.stringContaining("http://127.0.0.1:"),
    });
  });

  describe.each(PLACES)("%s", (place) => {
    describe.each(Object.keys(suites))("%s", (suite) => {
      const names = suites[suite]?.map(({ name }) => name) ?? [];
      test.each(names)("%s", async (name) => {
        const url = suite === WEB_SOCKET_SUITE ? await spliceForTest() : undefined;
        await page().call(place, "runCase", { suite, name, ...(url && { url }) });
      });
    });
  });
});
