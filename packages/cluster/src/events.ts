import type { ClusterHost } from "@peng3dnet/peer";

/** Something that nodes sent to a group did not arrive here. */
export interface Gap {
  /** Name of the group. */
  readonly group: string;
  /** Id of the node that sent it. */
  readonly from: string;
  /**
   * How many messages are missing. `undefined`: nobody knows, and it may be none; only where the other node has sent to more
   * groups than its option `maxGroups` and has ended the sequence of this one.
   */
  readonly missed: number | undefined;
}

/** Another node, as this one knows it. */
export interface NodeInfo {
  /** Its id: name and epoch. */
  readonly id: string;
  readonly name: string;
  /** The address at which clients reach it, as its option `advertised` says. */
  readonly advertised: string | undefined;
}

/** Arguments of the listeners of a node. */
export interface NodeEvents {
  /** Messages to a group are missing. */
  gap: [gap: Gap];
  /** Another node is there. */
  nodejoin: [node: NodeInfo];
  /** Another node is not there any more: it has left, or was silent for too long. One that is heard again joins again. */
  nodeleave: [node: NodeInfo, info: { readonly lost: boolean }];
}

type Call = (...args: never[]) => unknown;

/** Listeners of a node. */
export class Events {
  readonly #guard: ClusterHost["guard"];
  readonly #listeners = new Map<string, readonly Call[]>();

  constructor(guard: ClusterHost["guard"]) {
    this.#guard = guard;
  }

  add(event: string, listener: Call): void {
    if (typeof listener !== "function")
      throw new TypeError(`a listener of "${event}" is a function, and not ${typeof listener}`);
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  remove(event: string, listener: Call): void {
    const listeners = this.#listeners.get(event) ?? [];
    const place = listeners.lastIndexOf(listener);
    if (place >= 0) this.#listeners.set(event, listeners.toSpliced(place, 1));
  }

  emit<K extends keyof NodeEvents>(event: K, ...args: NodeEvents[K]): void {
    for (const listener of this.#listeners.get(event) ?? [])
      this.#guard.run(`"${event}" listener of a node`, () => listener(...(args as unknown as never[])));
  }
}
