import type { Socket } from "node:net";
import type { Clock, Config } from "@peng3dnet/core";
import { addressGroup, Deadline } from "@peng3dnet/peer/transport";
import { destroyOnError } from "../upgrade/refusal.js";

interface Waiting {
  readonly socket: Socket;
  /** Name of the address that it counts for. */
  readonly group: string;
  readonly since: number;
  readonly deadline: Deadline | undefined;
}

/** Names a connection. A TLS socket has the name of the one that it is around. */
function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/**
 * Connections of a port of our own that have asked for no WebSocket yet: bounded in time, in number, and in number for one
 * address, as handshakes are. When there are too many, the oldest one goes.
 */
export class WaitingRoom {
  readonly #cfg: Config;
  readonly #clock: Clock;
  readonly #all = new Map<string, Waiting>();
  readonly #groups = new Map<string, Set<string>>();

  constructor(cfg: Config, clock: Clock) {
    this.#cfg = cfg;
    this.#clock = clock;
  }

  /** A connection was accepted. */
  enter(socket: Socket): void {
    destroyOnError(socket);
    if (socket.remoteAddress === undefined) {
      // It was reset already.
      socket.destroy();
      return;
    }
    const name = nameOf(socket);
    const group = addressGroup(socket.remoteAddress);
    const deadline = Deadline.start(
      this.#clock,
      this.#cfg.get("net.timeout.handshake"),
      () => socket.destroy(),
      { received: () => socket.bytesRead },
    );
    this.#all.set(name, { socket, group, since: this.#clock.now(), deadline });
    const names = this.#groups.get(group) ?? new Set();
    this.#groups.set(group, names);
    names.add(name);
    socket.once("close", () => this.#remove(name, socket));
    const [oldest] =
      names.size > this.#cfg.get("net.limits.pending.address")
        ? names
        : this.#all.size > this.#cfg.get("net.limits.pending")
          ? this.#all.keys()
          : [];
    if (oldest !== undefined) this.#all.get(oldest)?.socket.destroy();
  }

  /** A connection asks for a WebSocket. @returns when it was accepted, by the clock. */
  leave(socket: Socket): number | undefined {
    const name = nameOf(socket);
    const waiting = this.#all.get(name);
    if (waiting !== undefined) this.#remove(name, waiting.socket);
    return waiting?.since;
  }

  /** Breaks off all that wait. */
  close(): void {
    for (const { socket } of [...this.#all.values()]) socket.destroy();
  }

  #remove(name: string, socket: Socket): void {
    const waiting = this.#all.get(name);
    if (waiting?.socket !== socket) return;
    waiting.deadline?.cancel();
    this.#all.delete(name);
    const names = this.#groups.get(waiting.group);
    names?.delete(name);
    if (names?.size === 0) this.#groups.delete(waiting.group);
  }
}
