/** The process that the clients of a peer run in, and that drives a cell. */
import { createDriver, type Driver } from "./drivers.js";
import { answer } from "./messages.js";
import { loadPeer } from "./peers/index.js";

let driver: Driver | undefined;
let port = 0;

answer({
  async prepare({ peer, cell, port: first, credentials }) {
    const { connect } = await loadPeer(peer);
    port = first;
    driver = createDriver(cell, (onMessage, onFailure) =>
      connect({
        port,
        onMessage,
        onFailure,
        compress: cell.compress ?? false,
        registered: cell.registered ?? 0,
        ...(credentials && { credentials }),
      }),
    );
    await driver.prepare();
    return null;
  },
  async run({ durationMs, port: other = port }) {
    port = other;
    if (driver === undefined) {
      throw new Error("nothing was prepared");
    }
    return driver.run(durationMs);
  },
});
