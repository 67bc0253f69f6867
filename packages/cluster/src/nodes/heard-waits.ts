import { type Clock, Deferred, type WaitOptions } from "@peng3dnet/peer";
import { BusClosedError } from "../bus/bus-errors.js";
import type { RemoteNode } from "./remote-node.js";

/** Somebody who waits. */
interface Wait {
  /** Of what this node wants to hear. */
  readonly version: number;
  /** The nodes that have not answered it. */
  readonly missing: Set<RemoteNode>;
  readonly heard: Deferred<void>;
}

/** Those who wait until other nodes have heard what this one wants to hear. */
export class HeardWaits {
  readonly #clock: Clock;
  readonly #waits = new Set<Wait>();
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves once each of some nodes has answered a version, or is gone.
   *
   * @throws {@link BusClosedError} if this node leaves before, or has left; and as `options` say.
   */
  async wait(nodes: Iterable<RemoteNode>, version: number, options: WaitOptions): Promise<void> {
    // Nothing is heard any more that could end the wait.
    if (this.#ended) throw leftError();
    const missing = new Set([...nodes].filter((node) => node.confirmed < version));
    if (missing.size === 0) return;
    const wait: Wait = { version, missing, heard: new Deferred(this.#clock) };
    this.#waits.add(wait);
    try {
      await wait.heard.wait(options, "other nodes to hear which groups have members here");
    } finally {
      this.#waits.delete(wait);
    }
  }

  /** A node has answered. */
  confirmed(node: RemoteNode): void {
    for (const wait of this.#waits) if (node.confirmed >= wait.version) passed(wait, node);
  }

  /** A node is not there any more. */
  gone(node: RemoteNode): void {
    for (const wait of this.#waits) passed(wait, node);
  }

  /** This node leaves. */
  end(): void {
    this.#ended = true;
    for (const { heard } of this.#waits) heard.fail(leftError());
  }
}

function leftError(): BusClosedError {
  return new BusClosedError("the node has left the cluster");
}

function passed({ missing, heard }: Wait, node: RemoteNode): void {
  missing.delete(node);
  if (missing.size === 0) heard.settle();
}
