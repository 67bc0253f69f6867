import { join } from "node:path";
import {
  Chromium,
  type ChromiumPage,
  findChromium,
  HOW_TO_GET_CHROMIUM,
  type PageOptions,
  type Place,
} from "@peng3dnet-internal/chromium";
import type { PagePrograms } from "./programs.js";

const root = join(__dirname, "../../../../..");

/** The page of the tests. */
export const TEST_PAGE: PageOptions = {
  root,
  entry: join(__dirname, "../page/main.ts"),
  replaced: { "packages/protocol/test/support/zlib.ts": "packages/browser/test/chromium/page/zlib.ts" },
};

/** Both places that a program of the page runs in. */
export const PLACES: readonly Place[] = ["page", "worker"];

/** As `describe`, for tests that start a Chromium themselves. Without one on the machine they are skipped. */
export function describeWithChromium(name: string, declare: () => void): void {
  const missing = findChromium() === undefined;
  const title = `in Chromium: ${name}${missing ? ` [needs Chromium: ${HOW_TO_GET_CHROMIUM}]` : ""}`;
  (missing ? describe.skip : describe)(title, declare);
}

/**
 * Declares tests that run in Chromium: one is started for all of them, with a page. On a machine without it they are
 * skipped, and the line before the last of the run says so.
 *
 * @param declare - declares the tests; `page` may be called once they run.
 */
export function describeInChromium(
  name: string,
  declare: (page: () => ChromiumPage<PagePrograms>) => void,
): void {
  describeWithChromium(name, () => {
    let chromium: Chromium | undefined;
    let page: ChromiumPage<PagePrograms> | undefined;

    // A busy machine takes its time to start it.
    beforeAll(async () => {
      chromium = await Chromium.launch();
      page = await chromium.open<PagePrograms>(TEST_PAGE);
    }, 120_000);

    afterAll(() => chromium?.close(), 30_000);

    declare(() => {
      if (page === undefined) throw new Error("the page is not there yet");
      return page;
    });

    test("the page reported no error, and nothing that its policy refused", () => {
      // That a server does not let a WebSocket in stands in the console; tests look at that themselves.
      const refused = /^WebSocket connection to 'wss?:[^']*' failed: Error during WebSocket handshake/;
      expect(page?.problems.filter((problem) => !refused.test(problem))).toEqual([]);
    });
  });
}
