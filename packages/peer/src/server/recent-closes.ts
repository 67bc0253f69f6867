import { type Cid, type CloseInfo, ConnectionClosedError } from "@peng3dnet/protocol";
import { keepTextOnly } from "../session/text-only.js";

/** Closes that are remembered. */
const MOST = 256;

function noClient(cid: Cid | undefined, reason: string | null): ConnectionClosedError {
  return new ConnectionClosedError(`there is no client with the cid ${cid}; it may be closed`, reason);
}

/** How the clients ended that left last: whoever kicks one of them just then gets the result of its close. */
export class RecentCloses {
  readonly #infos = new Map<number, CloseInfo>();

  /** Notes how one ended. */
  add(cid: number, info: CloseInfo): void {
    keepTextOnly(info.error);
    this.#infos.delete(cid);
    this.#infos.set(cid, info);
    if (this.#infos.size <= MOST) return;
    for (const oldest of this.#infos.keys()) {
      this.#infos.delete(oldest);
      return;
    }
  }

  /** The error for a client that is not there, or not any more: whoever sends to it just then learns why it was closed. */
  missing(cid: Cid | undefined): ConnectionClosedError {
    return noClient(cid, this.#infos.get(cid ?? -1)?.reason ?? null);
  }

  /** How the client ended. Of one of which nothing is known, the error says that there is none. */
  of(cid: Cid | undefined): CloseInfo {
    const info = this.#infos.get(cid ?? -1);
    return info ?? { reason: "socketclose", error: noClient(cid, null), clean: false };
  }
}
