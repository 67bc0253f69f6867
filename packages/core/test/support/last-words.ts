// A peer that closes without having read all, while a write of ours fails: what it sent before, and what its end is told as.

import { ConnectionLostError } from "@peng3dnet/core";
import { closeconn, packet } from "./wire.js";

/** So much that the peer's system holds what a paused socket has not read, and answers with a reset when it closes. */
export const UNREAD = new Uint8Array(200_000);
/** Its last packets, from 1 to 9. */
export const LAST = Array.from({ length: 9 }, (_, index) => packet(64, index + 1));
/** How it ends, and what is told of that. */
export const ENDINGS: [title: string, ending: Buffer[], info: object][] = [
  ["with a reason", [closeconn("enough")], { reason: "enough", clean: false }],
  ["without one", [], { reason: "socketclose", error: expect.any(ConnectionLostError), clean: false }],
];
