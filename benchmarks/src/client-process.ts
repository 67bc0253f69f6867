/** The process that the clients of a peer run in, and that drives a cell. */
import { createDriver, type Driver } from "./drivers.js";
import { answer } from "./messages.js";
import { loadPeer } from "./peers/index.js";

let driver: Driver | undefined;

answer({
  async prepare({ peer, cell, port, credentials }) {
    const { connect } = await loadPeer(peer);
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
  async run({ durationMs }) {
    if (driver === undefined) {
      throw new Error("nothing was prepared");
    }
    return driver.run(durationMs);
  },
});
