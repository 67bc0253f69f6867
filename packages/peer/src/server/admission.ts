import { type Config, ServerFullError } from "@peng3dnet/protocol";
import { addressGroup } from "./address-group.js";

/** Up to this many connections, file descriptors are not looked at. */
const FEW_CONNECTIONS = 128;

/** A connection that is let in. */
export interface Admitted {
  /** Where it counts: the admission sets it, and it alone knows what it is. In the connection, as a map takes much more room. */
  admitted: object | undefined;
}

/** The connections of one address. */
interface Group<S> {
  readonly name: string;
  /** How many there are, with those that wait until they are offered. */
  connections: number;
  /** Connections whose handshake is under way, oldest first; there once one was. */
  pending: Set<S> | undefined;
}

/**
 * Who gets in: limits the connections of a server and the handshakes under way, in all and for one address. When there
 * are too many of the latter, the oldest one goes: honest peers finish theirs within milliseconds.
 */
export class Admission<S extends Admitted> {
  readonly #cfg: Config;
  readonly #connectionLimit: () => number;
  readonly #groups = new Map<string, Group<S>>();
  #connections = 0;
  /** How many wait until they are offered. */
  #waiting = 0;
  /** Handshakes under way, oldest first. */
  readonly #pending = new Set<S>();
  /** How many connections the process can have open; `undefined` until there are many. */
  #byDescriptors: number | undefined = undefined;

  /** @param connectionLimit - how many connections the process can have open. */
  constructor(cfg: Config, connectionLimit: () => number) {
    this.#cfg = cfg;
    this.#connectionLimit = connectionLimit;
  }

  /** Why another connection from `address` cannot be accepted beside `connections` others, or `undefined`. */
  refusal(connections: number, address: string): string | undefined {
    const all = connections + this.#waiting;
    if (all >= this.#cfg.get("net.limits.connections")) return "serverfull";
    const same = this.#groups.get(addressGroup(address))?.connections ?? 0;
    if (same >= this.#cfg.get("net.limits.connections.address")) return "serverfull";
    if (all < FEW_CONNECTIONS) return undefined;
    // Accepting with the last descriptor would leave none for the application.
    this.#byDescriptors ??= this.#connectionLimit();
    return all >= this.#byDescriptors ? "serverfull" : undefined;
  }

  /** A connection from `address` waits until it is offered, and counts among the others. @returns ends that, once. */
  wait(address: string): () => void {
    const group = this.#group(addressGroup(address));
    group.connections++;
    this.#waiting++;
    let waits = true;
    return () => {
      if (!waits) return;
      waits = false;
      this.#waiting--;
      this.#left(group);
    };
  }

  /** A connection and its handshake begin, with a peer at `address`. @returns the one that has to go for it, if any. */
  begin(session: S, address: string): S | undefined {
    const pending = this.#await(session, this.#count(session, address));
    const crowded =
      pending.size > this.#cfg.get("net.limits.pending.address")
        ? pending
        : this.#pending.size > this.#cfg.get("net.limits.pending")
          ? this.#pending
          : undefined;
    if (crowded === undefined) return undefined;
    const [oldest] = crowded;
    if (oldest !== undefined) this.settled(oldest);
    return oldest;
  }

  /**
   * A connection counts again, since its client came back. Nobody has to go for it: it gets the place of the connection that
   * brought its client back.
   *
   * @param pending - whether its handshake is still under way.
   */
  enter(session: S, address: string, pending: boolean): void {
    const group = this.#count(session, address);
    if (pending) this.#await(session, group);
  }

  #count(session: S, address: string): Group<S> {
    const group = this.#group(addressGroup(address));
    group.connections++;
    this.#connections++;
    session.admitted = group;
    return group;
  }

  #await(session: S, group: Group<S>): Set<S> {
    group.pending ??= new Set();
    group.pending.add(session);
    this.#pending.add(session);
    return group.pending;
  }

  /** A handshake is over, one way or the other; the connection may go on. */
  settled(session: S): void {
    if (!this.#pending.delete(session)) return;
    const group = groupOf(session);
    group?.pending?.delete(session);
    if (group?.pending?.size === 0) group.pending = undefined;
  }

  /** A connection is gone. */
  end(session: S): void {
    const group = groupOf(session);
    if (group === undefined) return;
    this.settled(session);
    session.admitted = undefined;
    this.#connections--;
    this.#left(group);
  }

  #left(group: Group<S>): void {
    group.connections--;
    if (group.connections === 0) this.#groups.delete(group.name);
  }

  /** What counts as the address of a connection; `undefined` for one that is gone. */
  addressOf(session: S): string | undefined {
    return groupOf(session)?.name;
  }

  /** Connections, handshakes under way and addresses that it keeps account of. */
  get size(): { readonly connections: number; readonly pending: number; readonly addresses: number } {
    return {
      connections: this.#connections,
      pending: this.#pending.size,
      addresses: this.#groups.size,
    };
  }

  /** What the one is told that has to go. */
  error(): ServerFullError {
    return new ServerFullError(
      "too many handshakes are under way (net.limits.pending, net.limits.pending.address); the oldest one was given up",
    );
  }

  #group(name: string): Group<S> {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { name, connections: 0, pending: undefined };
      this.#groups.set(name, group);
    }
    return group;
  }
}

function groupOf<S extends Admitted>(session: S): Group<S> | undefined {
  return session.admitted as Group<S> | undefined;
}
