// What is kept with a transport that is over.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { WebSocketTransport } from "@peng3dnet/browser";
import { WebSocket } from "ws";
import { listenBare } from "../support/bare-server.js";
import { Told } from "../support/told.js";

/** The memory of what was sent last. */
let sent: WeakRef<object> | undefined;

class Noting extends WebSocket {
  override send(data: ArrayBuffer | Uint8Array): void {
    if (data instanceof Uint8Array) sent = new WeakRef(data.buffer);
    super.send(data);
  }
}

test.each(["destroy", "destroyAfterWrite"] as const)(
  "after %s() it keeps no memory for messages",
  async (how) => {
    const { connected, url } = await listenBare();
    const transport = new WebSocketTransport(new Noting(url, "peng3dnet.2"));
    const told = new Told();
    transport.start(told);
    await connected;
    await told.until("ready");
    transport.write(Uint8Array.of(1, 2, 3));
    expect(sent?.deref()).toBeDefined();
    transport[how]();
    await told.until("closed");
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      gc();
    }
    expect(sent?.deref()).toBeUndefined();
    // It is still there itself.
    expect(transport.busy).toBe(false);
  },
);
