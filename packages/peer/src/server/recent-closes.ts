import { type CloseInfo, ConnectionClosedError } from "@peng3dnet/protocol";

/** Closes that are remembered. */
const MOST = 256;

/** How the clients ended that left last: whoever kicks one of them just then gets the result of its close. */
export class RecentCloses {
  readonly #infos = new Map<number, CloseInfo>();

  /** Notes how one ended. */
  add(cid: number, info: CloseInfo): void {
    this.#infos.delete(cid);
    this.#infos.set(cid, info);
    if (this.#infos.size <= MOST) return;
    for (const oldest of this.#infos.keys()) {
      this.#infos.delete(oldest);
      return;
    }
  }

  /** How the client ended; for one of which nothing is known, that there is none. */
  of(cid: number | null | undefined): CloseInfo {
    const error = new ConnectionClosedError(`there is no client with the cid ${cid}; it may be closed`, null);
    return this.#infos.get(cid ?? -1) ?? { reason: "socketclose", error, clean: false };
  }
}
