/** The process that the server of a peer runs in. */
import { answer } from "./messages.js";
import { loadPeer } from "./peers/index.js";

answer({
  async serve({ peer, cell, credentials }) {
    const { serve } = await loadPeer(peer);
    const server = await serve({
      mode: cell.kind === "broadcast" ? "broadcast" : "echo",
      compress: cell.compress ?? false,
      registered: cell.registered ?? 0,
      ...(credentials && { credentials }),
    });
    return { port: server.port };
  },
});
