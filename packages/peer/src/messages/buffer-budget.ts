import type { PacketRegistry } from "@peng3dnet/protocol";
import type { Pausable } from "../session/pausable.js";
import { TypedPacket } from "./typed-packet.js";

/**
 * What the message iterators of a peer have buffered together, in bytes of decoded size, with a limit. While it is
 * reached, packets that an iterator would buffer are not even decoded: their connections wait.
 */
export class BufferBudget {
  /** Whether the limit is reached. It is kept up until half is free, so that not each message stops and starts reading. */
  full = false;
  /** Bytes of decoded size (`net.limits.buffered`). */
  limit = 0;
  readonly #registry: PacketRegistry;
  /** Connections that are held until there is room; there once one was. */
  #waiting: Set<Pausable> | undefined = undefined;
  /** Bytes that are buffered. */
  #used = 0;

  constructor(registry: PacketRegistry) {
    this.#registry = registry;
  }

  /** So many bytes were buffered. */
  add(bytes: number): void {
    this.#used += bytes;
    if (this.#used >= this.limit) this.full = true;
  }

  /** So many bytes were consumed. */
  remove(bytes: number): void {
    this.#used -= bytes;
    if (!this.full || this.#used > this.limit / 2) return;
    this.full = false;
    const waiting = this.#waiting ?? [];
    // No copy: there may be thousands, for each of which there is no room again once the first one went on.
    for (const session of waiting) {
      // One that goes on may fill it again.
      if (this.full) return;
      this.#waiting?.delete(session);
      session.resume();
    }
  }

  /** Whether a packet has to wait. If so, its connection is held until there is room again. */
  keepsOut(session: Pausable, id: number): boolean {
    if (!this.full) return false;
    const packet = this.#registry.findId(id)?.obj;
    if (!(packet instanceof TypedPacket) || packet.iterators === 0) return false;
    this.#waiting ??= new Set();
    if (!this.#waiting.has(session)) {
      this.#waiting.add(session);
      session.pause();
    }
    return true;
  }

  /** A connection is over. */
  forget(session: Pausable): void {
    this.#waiting?.delete(session);
  }
}
