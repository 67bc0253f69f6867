import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { bundle } from "./bundle.js";
import { ChromiumPage, type PageOptions, type Programs } from "./chromium-page.js";
import { findChromium, HOW_TO_GET_CHROMIUM } from "./find-chromium.js";
import { PageServer } from "./page-server.js";
import { type ChromiumTab, TabWindow } from "./tab.js";

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

/** What playwright switches off for tests: that hidden pages get less time. */
const NO_THROTTLING = [
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

export interface ChromiumOptions {
  /** Whether hidden pages are slowed down, as they are for people. Default: false. */
  readonly throttled?: boolean;
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
  static async launch({ throttled = false }: ChromiumOptions = {}): Promise<Chromium> {
    const executablePath = findChromium();
    if (executablePath === undefined) throw new Error(`no Chromium was found: ${HOW_TO_GET_CHROMIUM}`);
    const browser = await chromium.launch({
      executablePath,
      args: ARGUMENTS,
      ignoreDefaultArgs: throttled ? NO_THROTTLING : [],
    });
    return new Chromium(browser, await browser.newContext({ ignoreHTTPSErrors: true }));
  }

  /** Its version, e.g. `150.0.7871.100`. */
  get version(): string {
    return this.#browser.version();
  }

  /** Opens a page with the functions of a program, which are called by {@link ChromiumPage.call}. */
  async open<P extends Programs>(options: PageOptions): Promise<ChromiumPage<P>> {
    const page = new ChromiumPage<P>(await this.#context.newPage());
    await page.load(await this.#serve(options));
    return page;
  }

  /** Opens the page so many times in tabs of one window, which hide each other. */
  async openTabs<P extends Programs>(options: PageOptions, count: number): Promise<ChromiumTab<P>[]> {
    const url = await this.#serve(options);
    const window = await TabWindow.open(await this.#browser.newBrowserCDPSession());
    const tabs: ChromiumTab<P>[] = [];
    while (tabs.length < count) tabs.push(await window.openTab<P>(url));
    return tabs;
  }

  /** Opens somebody's page in a window of its own, where nothing hides it. */
  async openSite(url: string): Promise<ChromiumTab<Record<never, never>>> {
    const window = await TabWindow.open(await this.#browser.newBrowserCDPSession());
    return await window.openTab(url);
  }

  /** Serves the page until the end. @returns where. */
  async #serve({ entry, root, replaced = {} }: PageOptions): Promise<string> {
    const server = await PageServer.start(await bundle(entry, root, replaced));
    this.#servers.push(server);
    return server.url;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}
