// A client in a browser that says that it is offline. Whether that is so is not known for sure.

import { Client, type WebSocketClass } from "@peng3dnet/browser";
import { ManualClock } from "@peng3dnet/peer/testing";
import { onCleanup } from "../support/cleanup.js";

/** Opens nothing, and counts how often it should have. */
function counted() {
  let opened = 0;
  class Failing {
    readonly readyState = 0;
    readonly protocol = "";
    binaryType = "";
    readonly bufferedAmount = 0;
    constructor() {
      opened++;
    }
    addEventListener(type: string, listener: (event: object) => void): void {
      if (type === "error") listener({});
    }
    removeEventListener(): void {}
    send(): void {}
    close(): void {}
  }
  return { WebSocket: Failing as unknown as WebSocketClass, opened: () => opened };
}

function setOnLine(onLine: boolean): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { onLine }, configurable: true });
  onCleanup(() => {
    if (before === undefined) Reflect.deleteProperty(globalThis, "navigator");
    else Object.defineProperty(globalThis, "navigator", before);
  });
}

function attempts(addr: string) {
  const { WebSocket, opened } = counted();
  const clock = new ManualClock();
  const client = new Client({ addr, WebSocket, clock, reconnect: { delay: 1, maxDelay: 1 } });
  const errors: (string | undefined)[] = [];
  client.on("retry", ({ error }) => errors.push(error?.message));
  client.start().catch(() => {});
  onCleanup(() => client.stop());
  /** Lets attempts be made, each of which is followed by a pause of at most a second. */
  const seconds = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      await settle();
      clock.advance(1);
    }
    await settle();
  };
  return { opened, errors, seconds };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test("offline, an attempt is made once in half a minute; online, each", async () => {
  setOnLine(false);
  const { opened, errors, seconds } = attempts("wss://game.example/play?token=secret");
  await seconds(20);
  expect(opened()).toBe(1);
  expect(errors.length).toBeGreaterThan(15);
  expect(errors.at(-1)).toBe("cannot open wss://game.example/play: the browser says that it is offline");
  await seconds(15);
  expect(opened()).toBe(2); // the browser may be wrong
  setOnLine(true);
  await seconds(10);
  expect(opened()).toBeGreaterThan(9);
});

test.each(["ws://localhost:8080/", "ws://game.localhost/", "ws://127.0.0.1:8080/", "ws://[::1]:8080/"])(
  "%s needs no network",
  async (addr) => {
    setOnLine(false);
    const { opened, seconds } = attempts(addr);
    await seconds(20);
    expect(opened()).toBeGreaterThan(15);
  },
);
