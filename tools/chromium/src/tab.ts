import type { CDPSession } from "playwright-core";
import type { CallResult } from "./call-result.js";
import type { Place, Programs } from "./chromium-page.js";

/** How a page is looked at. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly dark: boolean;
  /** Whether it is a phone, with a finger instead of a mouse. */
  readonly touch: boolean;
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A window of its own, whose tabs hide each other, as a person's do; playwright's pages all believe to be in front. */
export class TabWindow {
  readonly #browser: CDPSession;
  readonly #contextId: string;

  private constructor(browser: CDPSession, contextId: string) {
    this.#browser = browser;
    this.#contextId = contextId;
  }

  static async open(browser: CDPSession): Promise<TabWindow> {
    const { browserContextId } = await browser.send("Target.createBrowserContext");
    return new TabWindow(browser, browserContextId);
  }

  /** Opens a page in a tab, and waits until its script has run. */
  async openTab<P extends Programs>(url: string): Promise<ChromiumTab<P>> {
    const { targetId } = await this.#browser.send("Target.createTarget", {
      url: "about:blank",
      browserContextId: this.#contextId,
    });
    const tab = await ChromiumTab.attach<P>(this.#browser, targetId);
    await tab.load(url);
    return tab;
  }
}

/** One tab, driven by the DevTools protocol alone. */
export class ChromiumTab<P extends Programs> {
  readonly #browser: CDPSession;
  readonly #targetId: string;
  readonly #sessionId: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #sent = 0;
  /** Buttons of the mouse that are down. */
  #buttons = 0;
  #loaded: (() => void) | undefined;

  private constructor(browser: CDPSession, targetId: string, sessionId: string) {
    this.#browser = browser;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
    browser.on("Target.receivedMessageFromTarget", ({ sessionId: from, message }) => {
      if (from === this.#sessionId)
        this.#received(JSON.parse(message) as Answer & { readonly method?: string });
    });
  }

  static async attach<P extends Programs>(browser: CDPSession, targetId: string): Promise<ChromiumTab<P>> {
    const { sessionId } = await browser.send("Target.attachToTarget", { targetId });
    return new ChromiumTab<P>(browser, targetId, sessionId);
  }

  async load(url: string): Promise<void> {
    await this.#send("Page.enable");
    await this.#loadBy("Page.navigate", { url });
  }

  /** Loads its page anew, as the user does, and waits until its script has run. */
  reload(): Promise<void> {
    return this.#loadBy("Page.reload");
  }

  async #loadBy(method: string, params?: object): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    await this.#send(method, params);
    await loaded;
  }

  /** Closes it, as the user does. */
  async close(): Promise<void> {
    await this.#browser.send("Target.closeTarget", { targetId: this.#targetId });
  }

  /** As `ChromiumPage.call`, with values that JSON has. A frozen tab answers once it is resumed. */
  async call<K extends keyof P & string>(
    place: Place,
    name: K,
    argument: Parameters<P[K]>[0],
  ): Promise<Awaited<ReturnType<P[K]>>> {
    const given = [place, name, argument].map((value) => JSON.stringify(value) ?? "undefined").join(", ");
    const { result } = (await this.#send("Runtime.evaluate", {
      expression: `peng3dnetCall(${given})`,
      awaitPromise: true,
      returnByValue: true,
    })) as { readonly result: { readonly value?: CallResult; readonly description?: string } };
    const { value, error = result.description } = result.value ?? {};
    if (error !== undefined) throw new Error(`in the ${place}: ${error}`);
    return value as Awaited<ReturnType<P[K]>>;
  }

  /** Puts it in front of the others of its window, which are hidden then. */
  async bringToFront(): Promise<void> {
    await this.#browser.send("Target.activateTarget", { targetId: this.#targetId });
  }

  /** Runs nothing of a hidden page any more, as a browser does to spare a battery. */
  async freeze(): Promise<void> {
    await this.#send("Page.setWebLifecycleState", { state: "frozen" });
  }

  /** Lets it run again. */
  async resume(): Promise<void> {
    await this.#send("Page.setWebLifecycleState", { state: "active" });
  }

  /** Takes the network away from it, or gives it back. The page is told, as by its own browser. */
  async setOffline(offline: boolean): Promise<void> {
    await this.#send("Network.enable");
    const conditions = { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
    await this.#send("Network.emulateNetworkConditions", conditions);
  }

  /** What an expression comes to in the page, as JSON has it. @throws {Error} with what it threw. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = (await this.#send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as { readonly result: { readonly value?: unknown }; readonly exceptionDetails?: unknown };
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return result.value;
  }

  /** Presses a key, or lets it go. @param code - its place on the keyboard, e.g. `ArrowLeft`. */
  async key(what: "down" | "up", code: string): Promise<void> {
    await this.#send("Input.dispatchKeyEvent", { type: what === "down" ? "rawKeyDown" : "keyUp", code });
  }

  /** Moves the mouse, or presses or releases a button of it. */
  async mouse(
    what: "Moved" | "Pressed" | "Released",
    x: number,
    y: number,
    button: "left" | "right",
  ): Promise<void> {
    const bit = button === "left" ? 1 : 2;
    if (what === "Pressed") this.#buttons |= bit;
    if (what === "Released") this.#buttons &= ~bit;
    const event = { x, y, button, buttons: this.#buttons, clickCount: what === "Moved" ? 0 : 1 };
    await this.#send("Input.dispatchMouseEvent", { type: `mouse${what}`, ...event });
  }

  /** Puts fingers down, moves them, or lifts them all. @param points - where those are that are down. */
  async touch(
    what: "Start" | "Move" | "End",
    points: readonly { readonly x: number; readonly y: number }[],
  ): Promise<void> {
    const touchPoints = points.map(({ x, y }, id) => ({ x, y, id }));
    await this.#send("Input.dispatchTouchEvent", { type: `touch${what}`, touchPoints });
  }

  /** Shows the page in another size and colour scheme, with or without a mouse. */
  async show({ width, height, dark, touch }: Look): Promise<void> {
    await this.#send("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: touch ? 2 : 1,
      mobile: touch,
    });
    await this.#send("Emulation.setTouchEmulationEnabled", { enabled: touch });
    await this.#send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
    });
  }

  /** A picture of what is to be seen: the bytes of a PNG. */
  async screenshot(): Promise<Uint8Array> {
    const { data } = (await this.#send("Page.captureScreenshot", { format: "png" })) as {
      readonly data: string;
    };
    return Buffer.from(data, "base64");
  }

  /** Makes its processor so many times as slow; 1: as it is. */
  async slowDown(rate: number): Promise<void> {
    await this.#send("Emulation.setCPUThrottlingRate", { rate });
  }

  #received({ id, method, ...answer }: Answer & { readonly method?: string }): void {
    if (method === "Page.loadEventFired") this.#loaded?.();
    if (id === undefined) return;
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }

  async #send(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#sent;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const message = JSON.stringify({ id, method, params });
    await this.#browser.send("Target.sendMessageToTarget", { sessionId: this.#sessionId, message });
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }
}
