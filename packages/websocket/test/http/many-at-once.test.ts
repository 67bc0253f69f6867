// Requests that hundreds have sent, and that come in one turn of the event loop: others are served meanwhile.

import { connect } from "node:net";
import { Server } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { serveWebSocket } from "@peng3dnet/websocket";
import { onCleanup, track, trackSocket } from "../../../core/test/support/cleanup.js";
import { dial, Echo, httpServer, upgradeRequest } from "../support/http.js";

const COUNT = 60;
/** What is served in a turn by a clock that goes on by a millisecond with each look. */
const FEW = 12;

/** Each look at it takes a millisecond. */
class SlowClock extends ManualClock {
  #looks = 0;
  override now(): number {
    return super.now() + ++this.#looks;
  }
}

/** A server whose WebSockets are counted: how many came in each turn of the event loop. */
async function countingServer() {
  const server = track(new Server({ addr: "127.0.0.1:0", packets: [Echo], clock: new SlowClock() }));
  let turn = 0;
  const perTurn = new Map<number, number>();
  let next = setImmediate(function count() {
    turn++;
    next = setImmediate(count);
  });
  onCleanup(() => clearImmediate(next));
  const all = new Promise<void>((resolve) => {
    let opened = 0;
    server.on("connection", () => {
      perTurn.set(turn, (perTurn.get(turn) ?? 0) + 1);
      if (++opened === COUNT + 1) resolve();
    });
  });
  await server.start();
  return { server, all, most: () => Math.max(...perTurn.values()) };
}

test.each(["a port of its own", "an http server's port"])(
  "on %s, those that come at once get their WebSockets a few in each turn of the event loop",
  async (where) => {
    const { server, all, most } = await countingServer();
    const door = where === "a port of its own" ? { port: 0 } : { server: await httpServer() };
    const { address } = await serveWebSocket(server, door);
    const [host, port] = address;
    const sockets = await Promise.all(
      Array.from({ length: COUNT }, async () => {
        const socket = trackSocket(connect({ host, port }));
        await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
        return socket;
      }),
    );
    // One more that is served shows that all were accepted.
    await dial(address);
    for (const socket of sockets) socket.write(upgradeRequest(host));
    await all;
    expect(most()).toBeLessThanOrEqual(FEW);
  },
);
