import { join } from "node:path";
import {
  Chromium,
  type ChromiumPage,
  findChromium,
  HOW_TO_GET_CHROMIUM,
  type Place,
} from "@peng3dnet-internal/chromium";
import type { PagePrograms } from "./programs.js";

const root = join(__dirname, "../../../../..");

/** Both places that a program of the page runs in. */
export const PLACES: readonly Place[] = ["page", "worker"];

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
  const missing = findChromium() === undefined;
  const title = `in Chromium: ${name}${missing ? ` [needs Chromium: ${HOW_TO_GET_CHROMIUM}]` : ""}`;
  (missing ? describe.skip : describe)(title, () => {
    let chromium: Chromium | undefined;
    let page: ChromiumPage<PagePrograms> | undefined;

    // A busy machine takes its time to start it.
    beforeAll(async () => {
      chromium = await Chromium.launch();
      page = await chromium.open<PagePrograms>({
        root,
        entry: join(__dirname, "../page/main.ts"),
        replaced: { "packages/protocol/test/support/zlib.ts": "packages/browser/test/chromium/page/zlib.ts" },
      });
    }, 120_000);

    afterAll(() => chromium?.close(), 30_000);

    declare(() => {
      if (page === undefined) throw new Error("the page is not there yet");
      return page;
    });

    test("the page reported no error, and nothing that its policy refused", () => {
      expect(page?.problems).toEqual([]);
    });
  });
}
