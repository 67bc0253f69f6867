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
  /** By node that has not answered: who waits for it, in the order of what they wait for. Nobody asks for less than those before. */
  readonly #byNode = new Map<RemoteNode, Set<Wait>>();
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
    for (const node of missing) this.#waitFor(node, wait);
    try {
      await wait.heard.wait(options, "other nodes to hear which groups have members here");
    } finally {
      this.#waits.delete(wait);
      for (const node of missing) this.#passed(wait, node);
    }
  }

  #waitFor(node: RemoteNode, wait: Wait): void {
    const waits = this.#byNode.get(node);
    if (waits === undefined) this.#byNode.set(node, new Set([wait]));
    else waits.add(wait);
  }

  /** A node has answered. */
  confirmed(node: RemoteNode): void {
    for (const wait of this.#byNode.get(node) ?? []) {
      // Thousands may wait for another node, or for what comes later.
      if (wait.version > node.confirmed) return;
      this.#passed(wait, node);
    }
  }

  /** A node is not there any more. */
  gone(node: RemoteNode): void {
    for (const wait of this.#byNode.get(node) ?? []) this.#passed(wait, node);
  }

  /** This node leaves. */
  end(): void {
    this.#ended = true;
    for (const { heard } of this.#waits) heard.fail(leftError());
  }

  #passed(wait: Wait, node: RemoteNode): void {
    const waits = this.#byNode.get(node);
    waits?.delete(wait);
    if (waits?.size === 0) this.#byNode.delete(node);
    wait.missing.delete(node);
    if (wait.missing.size === 0) wait.heard.settle();
  }
}

function leftError(): BusClosedError {
  return new BusClosedError("the node has left the cluster");
}
