// The connection to the server, and what a player is told of it. That it outlives broken lines and restarts is two options.

import { Client, RequestClosedError } from "@peng3dnet/browser";
import { packets } from "../src/shared/packets.js";

export type GameClient = Client<(typeof packets)[number]>;

/** What a player is told of the line. */
export type Line =
  | { readonly is: "connecting"; readonly again: boolean }
  | { readonly is: "playing"; readonly again: boolean }
  | { readonly is: "suspended" }
  | { readonly is: "resumed"; readonly seconds: number }
  | { readonly is: "ended"; readonly why: string };

/** Reasons of the server's after which there is no other session, in words. */
const ENDED: Readonly<Record<string, string>> = {
  seattaken: "You play in another tab.",
  packetregmismatch: "The game is a newer one. Load the page anew.",
};

/**
 * A client that plays until it is closed. Where the line breaks, the session goes on over another one, and nothing is lost
 * (`resume`). Where the session is gone, since the server was started again or the break took too long, there is another one
 * (`reconnect`).
 *
 * @param addr - path, or URL, of the game.
 */
export function gameClient(addr: string, tell: (line: Line) => void): GameClient {
  const client: GameClient = new Client({
    addr,
    packets,
    resume: true,
    reconnect: true,
    cfg: { "net.heartbeat.timeout": 3 },
  });
  client.on("suspend", () => tell({ is: "suspended" }));
  client.on("resume", ({ seconds }) => tell({ is: "resumed", seconds }));
  client.on("lost", () => tell({ is: "connecting", again: true }));
  client.on("retry", () => {}); // "connecting" has said so
  client.on("close", ({ reason }) => tell({ is: "ended", why: ENDED[reason ?? ""] ?? "" }));
  return client;
}

/**
 * Connects, and joins in each session: its server knows nobody yet.
 *
 * @param join - goes into a room; it says whether the player got back what it had.
 */
export function play(client: GameClient, join: () => Promise<boolean>, tell: (line: Line) => void): void {
  const enter = async (): Promise<void> => {
    try {
      tell({ is: "playing", again: await join() });
    } catch (error) {
      // The session ended meanwhile; the next one asks again.
      if (error instanceof RequestClosedError) return;
      // That there is no room cannot be mended by trying again.
      await client.close("left");
      tell({ is: "ended", why: (error as Error).message });
    }
  };
  client.on("handshakecomplete", () => void enter());
  tell({ is: "connecting", again: false });
  // What becomes of it is told by the events.
  client.start().catch(() => {});
}
