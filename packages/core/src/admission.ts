import { type Config, ServerFullError } from "@peng3dnet/protocol";
import { connectionsByDescriptors } from "./descriptors.js";

/** Up to this many connections, file descriptors are not looked at. */
const FEW_CONNECTIONS = 128;

/**
 * Who gets in: limits the connections of a server and the handshakes under way. When there are too many
 * of the latter, the oldest one goes: honest peers finish theirs within milliseconds.
 */
export class Admission<S> {
  readonly #cfg: Config;
  /** Handshakes under way by address, oldest first. */
  readonly #byAddress = new Map<string, Set<S>>();
  /** The addresses of handshakes under way, oldest first. */
  readonly #pending = new Map<S, string>();
  #byDescriptors: number | undefined = undefined;

  constructor(cfg: Config) {
    this.#cfg = cfg;
  }

  /** Why another connection cannot be accepted beside `connections` others, or `undefined`. */
  refusal(connections: number): string | undefined {
    if (connections >= this.#cfg.get("net.limits.connections")) return "serverfull";
    if (connections < FEW_CONNECTIONS) return undefined;
    // Accepting with the last descriptor would leave none for the application.
    this.#byDescriptors ??= connectionsByDescriptors();
    return connections >= this.#byDescriptors ? "serverfull" : undefined;
  }

  /** A handshake begins with a peer at `address`. @returns the one that has to go for it, if any. */
  begin(session: S, address: string): S | undefined {
    const same = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, same);
    same.add(session);
    this.#pending.set(session, address);
    const crowded =
      same.size > this.#cfg.get("net.limits.pending.address")
        ? same
        : this.#pending.size > this.#cfg.get("net.limits.pending")
          ? this.#pending.keys()
          : undefined;
    const [oldest] = crowded ?? [];
    if (oldest !== undefined) this.end(oldest);
    return oldest;
  }

  /** A handshake is over, one way or the other. */
  end(session: S): void {
    const address = this.#pending.get(session);
    if (address === undefined) return;
    this.#pending.delete(session);
    const same = this.#byAddress.get(address);
    same?.delete(session);
    if (same?.size === 0) this.#byAddress.delete(address);
  }

  /** What the one is told that has to go. */
  error(): ServerFullError {
    return new ServerFullError(
      "too many handshakes are under way (net.limits.pending); the oldest one was given up",
    );
  }
}
