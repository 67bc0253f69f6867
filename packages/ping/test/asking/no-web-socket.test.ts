// Node 20 has no WebSocket of its own, and nobody who pings by TCP has to install one.

import { InvalidStateError } from "@peng3dnet/core";
import { pingServer } from "@peng3dnet/ping";

jest.mock("ws", () => {
  throw new Error("Cannot find module 'ws'");
});

test("where there is no WebSocket at all, what to install is named", async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  Reflect.deleteProperty(globalThis, "WebSocket");
  try {
    const pinged = pingServer({ addr: "wss://localhost:1/play" });
    await expect(pinged).rejects.toThrow(InvalidStateError);
    await expect(pinged).rejects.toThrow("install the package ws");
    await expect(pinged).rejects.toMatchObject({ cause: { message: "Cannot find module 'ws'" } });
  } finally {
    if (own !== undefined) Object.defineProperty(globalThis, "WebSocket", own);
  }
});
