// The connection to the server, and what becomes of it when the line breaks or the server restarts.

import { Client } from "@peng3dnet/browser";
import { Join, PATH, packets } from "../src/shared/packets.js";

export type GameClient = Client<(typeof packets)[number]>;

/** What a player is told of the line. */
export type Line =
  | { readonly is: "connecting"; readonly again: boolean }
  | { readonly is: "playing"; readonly again: boolean }
  | { readonly is: "suspended" }
  | { readonly is: "resumed"; readonly seconds: number }
  | { readonly is: "ended"; readonly why: string };

export interface Sessions {
  /**
   * Adds handlers to a client that is not connected yet: of the first session, or of another one after that before was lost.
   *
   * @returns what joins, once it is connected; it says whether the player got back what it had.
   */
  open(client: GameClient): () => Promise<boolean>;
  tell(line: Line): void;
}

/** Reasons after which another session is of no use. */
const FINAL = new Set<string | null>(["left", "seattaken"]);
/** Milliseconds before the first attempt to connect again, and the longest time between two. */
const DELAY = 250;
const MAX_DELAY = 5000;

/**
 * Plays until the player leaves. Where the line breaks, the session goes on over another one, and nothing is lost (`resume`). Where
 * the session is gone, since the server was started again or the break took too long, there is another session.
 */
export async function play({ open, tell }: Sessions, signal: AbortSignal): Promise<void> {
  let again = false;
  for (let attempt = 0; !signal.aborted; attempt++) {
    tell({ is: "connecting", again });
    const client: GameClient = new Client({
      addr: PATH,
      packets,
      resume: true,
      cfg: { "net.heartbeat.timeout": 3 },
    });
    const leave = () => void client.close("left");
    signal.addEventListener("abort", leave);
    client.on("suspend", () => tell({ is: "suspended" }));
    client.on("resume", ({ seconds }) => tell({ is: "resumed", seconds }));
    const join = open(client);
    try {
      await client.start({ signal });
      tell({ is: "playing", again: await join() });
      again = true;
      attempt = 0;
      const { reason } = await client.waitForClose();
      if (FINAL.has(reason))
        return tell({ is: "ended", why: reason === "left" ? "" : "You play in another tab." });
    } catch (error) {
      // That there is no room cannot be mended by trying again; all else can.
      if (Join.isError(error)) return tell({ is: "ended", why: error.message });
    } finally {
      signal.removeEventListener("abort", leave);
      if (client.active) await client.close("left");
      client.stop();
    }
    // Half of it is chance: the players of a server that restarts do not all come in one moment.
    const most = Math.min(MAX_DELAY, DELAY * 2 ** attempt);
    await new Promise((resolve) => setTimeout(resolve, most * (0.5 + Math.random() / 2)));
  }
  tell({ is: "ended", why: "" });
}
