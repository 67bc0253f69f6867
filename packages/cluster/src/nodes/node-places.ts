import { type Clock, Deferred, type ResumePlaces } from "@peng3dnet/peer";
import { isAdvertised } from "../options.js";
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
  /** Those who wait until more nodes may be known. */
  #waiting: Deferred<void> | undefined = undefined;
  #timer: unknown = undefined;
  #ended = false;

  /** @param tells - whether clients are told. */
  constructor(host: NodePlacesHost, tells: boolean) {
    this.mark = markOfNode(host.id);
    this.#host = host;
    this.#tells = tells;
  }

  async addressOf(mark: Uint8Array): Promise<string | undefined> {
    if (!this.#tells) return undefined;
    // A node that has just joined does not know the others yet: to say that the session is gone would end it.
    for (;;) {
      const known = this.#find(mark);
      const { untilSettled } = this.#host;
      if (known !== undefined || untilSettled === 0 || this.#ended) return known;
      await this.#wait(untilSettled);
    }
  }

  /** One timer serves all: clients may come by the thousand, with whatever marks they like. */
  #wait(milliseconds: number): Promise<void> {
    const { clock } = this.#host;
    if (this.#waiting === undefined) {
      this.#waiting = new Deferred(clock);
      this.#timer = clock.setTimeout(() => this.#goOn(), milliseconds);
    }
    return this.#waiting.wait({}, "other nodes to be known");
  }

  #goOn(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.settle();
  }

  /** This node leaves: what is known now is all that it will know. */
  end(): void {
    this.#ended = true;
    this.#host.clock.clearTimeout(this.#timer);
    this.#goOn();
  }

  #find(mark: Uint8Array): string | undefined {
    for (const { id, advertised } of this.#host.nodes())
      if (markOfNode(id).every((byte, at) => byte === mark[at])) return usable(advertised);
    return undefined;
  }
}

/** Other nodes may say anything, those of an earlier version among them; a client refuses what is no such text. */
function usable(advertised: string | undefined): string | undefined {
  return isAdvertised(advertised) ? advertised : undefined;
}
