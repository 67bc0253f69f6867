import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { bundle } from "./bundle.js";
import { ChromiumPage, type PageOptions, type Programs } from "./chromium-page.js";
import { findChromium, HOW_TO_GET_CHROMIUM } from "./find-chromium.js";
import { PageServer } from "./page-server.js";

/** What a page needs of a machine without a display, and nothing that asks the world for something. */
const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface ChromiumOptions {
  /** More arguments of the command line. */
  readonly args?: readonly string[];
  /** Arguments that playwright adds by itself, and that are to be left out. */
  readonly leaveOut?: readonly string[];
}

/** A running Chromium without a window. It takes half a second to start: one is enough for a file of tests. */
export class Chromium {
  readonly #browser: Browser;
  readonly #context: BrowserContext;
  readonly #servers: PageServer[] = [];

  private constructor(browser: Browser, context: BrowserContext) {
    this.#browser = browser;
    this.#context = context;
  }

  /** @throws {Error} if there is no Chromium, with how to get it, or if it does not start. */
  static async launch({ args = [], leaveOut = [] }: ChromiumOptions = {}): Promise<Chromium> {
    const executablePath = findChromium();
    if (executablePath === undefined) throw new Error(`no Chromium was found: ${HOW_TO_GET_CHROMIUM}`);
    const browser = await chromium.launch({
      executablePath,
      args: [...ARGUMENTS, ...args],
      ignoreDefaultArgs: [...leaveOut],
    });
    return new Chromium(browser, await browser.newContext({ ignoreHTTPSErrors: true }));
  }

  /** Its version, e.g. `150.0.7871.100`. */
  get version(): string {
    return this.#browser.version();
  }

  /** Opens a page with the functions of a program, which are called by {@link ChromiumPage.call}. */
  async open<P extends Programs>({ entry, root, replaced = {} }: PageOptions): Promise<ChromiumPage<P>> {
    const server = await PageServer.start(await bundle(entry, root, replaced));
    this.#servers.push(server);
    const page = new ChromiumPage<P>(await this.#context.newPage());
    await page.load(server.url);
    return page;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}
