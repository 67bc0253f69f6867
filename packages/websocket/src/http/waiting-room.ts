import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type Address, clientTlsError, type ListenRequest } from "@peng3dnet/core";
import { addressGroup, Deadline } from "@peng3dnet/peer/transport";
import { destroyOnError } from "../upgrade/refusal.js";

interface Waiting {
  readonly socket: Socket;
  readonly address: Address;
  /** Name of the address that it counts for. */
  readonly group: string;
  readonly since: number;
  readonly deadline: Deadline | undefined;
  /** Whether a TLS handshake is under way. */
  securing: boolean;
}

/**
 * Names a connection by both its ends: a client may have several from one port to several addresses of this machine. A TLS
 * socket has the name of the one that it is around.
 */
function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/**
 * Connections of a port of our own that have asked for no WebSocket yet: bounded in time, in number, and in number for one
 * address, as handshakes are. When there are too many, the oldest one goes.
 */
export class WaitingRoom {
  readonly #request: ListenRequest;
  readonly #tls: boolean;
  readonly #all = new Map<string, Waiting>();
  readonly #groups = new Map<string, Set<string>>();

  /**
   * @param request - is told of those who have to go.
   * @param tls - whether connections begin with a TLS handshake.
   */
  constructor(request: ListenRequest, tls: boolean) {
    this.#request = request;
    this.#tls = tls;
  }

  /** A connection was accepted. */
  enter(socket: Socket): void {
    destroyOnError(socket);
    if (socket.remoteAddress === undefined) {
      // It was reset already.
      socket.destroy();
      return;
    }
    const { cfg, clock } = this.#request;
    const name = nameOf(socket);
    const former = this.#all.get(name);
    if (former !== undefined) {
      // Its client has reset it, or there could be no other one of that name. Its own event is still to come.
      this.#closed(name, former.socket);
      former.socket.destroy();
    }
    const address: Address = [socket.remoteAddress, socket.remotePort ?? 0];
    const group = addressGroup(socket.remoteAddress);
    const deadline = Deadline.start(
      clock,
      cfg.get("net.timeout.handshake"),
      () => {
        if (this.#all.get(name)?.socket === socket) this.#cut(name, "handshaketimeout");
      },
      { received: () => socket.bytesRead },
    );
    this.#all.set(name, { socket, address, group, since: clock.now(), deadline, securing: this.#tls });
    const names = this.#groups.get(group) ?? new Set();
    this.#groups.set(group, names);
    names.add(name);
    socket.once("close", () => this.#closed(name, socket));
    const [oldest] =
      names.size > cfg.get("net.limits.pending.address")
        ? names
        : this.#all.size > cfg.get("net.limits.pending")
          ? this.#all.keys()
          : [];
    if (oldest !== undefined) this.#cut(oldest, "serverfull");
  }

  /** The TLS handshake of a connection is complete. */
  secured(socket: TLSSocket): void {
    const waiting = this.#all.get(nameOf(socket));
    if (waiting !== undefined) waiting.securing = false;
  }

  /** The TLS handshake of a connection failed. One that Node has closed already has lost its name, and is told with its close. */
  tlsFailed(socket: TLSSocket, error: Error): void {
    const name = nameOf(socket);
    const waiting = this.#all.get(name);
    if (waiting !== undefined) this.#cut(name, clientTlsError(error, waiting.address).closeReason);
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
    for (const [name, { socket }] of [...this.#all]) {
      this.#remove(name, socket);
      socket.destroy();
    }
  }

  /** Breaks one off, and tells it. */
  #cut(name: string, reason: string): void {
    const waiting = this.#all.get(name);
    if (waiting === undefined) return;
    this.#remove(name, waiting.socket);
    waiting.socket.destroy();
    this.#request.refused?.(waiting.address, reason);
  }

  #closed(name: string, socket: Socket): void {
    const waiting = this.#all.get(name);
    if (waiting?.socket !== socket) return;
    if (waiting.securing) this.#cut(name, socket.bytesRead === 0 ? "tlsplainpeer" : "tlsfailed");
    else this.#remove(name, socket);
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
