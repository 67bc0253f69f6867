import type { Clock, ResumePlaces } from "@peng3dnet/peer";
import { markOfNode } from "../wire/names.js";
import type { RemoteNode } from "./remote-node.js";

/** What the places of sessions need of a node. */
export interface NodePlacesHost {
  readonly id: string;
  readonly clock: Clock;
  /** Milliseconds until each other node that is there has said where clients reach it; 0: each has. */
  readonly untilSettled: number;
  /** The other nodes that are there. */
  nodes(): Iterable<RemoteNode>;
}

/** Where the sessions of other nodes are, for clients that come back and are led to this one. */
export class NodePlaces implements ResumePlaces {
  readonly mark: Uint8Array;
  readonly #host: NodePlacesHost;
  readonly #tells: boolean;

  /** @param tells - whether clients are told. */
  constructor(host: NodePlacesHost, tells: boolean) {
    this.mark = markOfNode(host.id);
    this.#host = host;
    this.#tells = tells;
  }

  async addressOf(mark: Uint8Array): Promise<string | undefined> {
    if (!this.#tells) return undefined;
    const known = this.#find(mark);
    const { clock, untilSettled } = this.#host;
    if (known !== undefined || untilSettled === 0) return known;
    // A node that has just joined does not know the others yet: to say that the session is gone would end it.
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, untilSettled);
    });
    return this.#find(mark);
  }

  #find(mark: Uint8Array): string | undefined {
    for (const { id, advertised } of this.#host.nodes())
      if (markOfNode(id).every((byte, at) => byte === mark[at])) return advertised;
    return undefined;
  }
}
