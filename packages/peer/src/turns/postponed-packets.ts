import type { Session } from "../session/session.js";
import { Fifo } from "./fifo.js";

/** The packets of one connection that wait for a later pass, in order. */
export class PostponedLine {
  readonly session: Session;
  /** Whom the connection shares its part of the time with. */
  readonly share: unknown;
  readonly packets = new Fifo<Uint8Array>();
  /** How many of them may be processed in the pass that is under way. */
  allowed = 0;

  constructor(session: Session) {
    this.session = session;
    this.share = session.share;
  }
}

/**
 * Packets that a pass did not come to, in a line for each connection: the next pass looks at each connection once, and not at each
 * packet, of which there may be hundreds of thousands.
 */
export class PostponedPackets {
  /** Number of packets. */
  length = 0;
  readonly #lines = new Map<Session, PostponedLine>();
  /** The same by what connections have in common that have a share together. Whoever had a turn goes to the end. */
  readonly #shares = new Map<unknown, Set<PostponedLine>>();

  /** Whether there are none. */
  get empty(): boolean {
    return this.#lines.size === 0;
  }

  /** The line of a connection; `undefined`: none of its packets was postponed. */
  of(session: Session): PostponedLine | undefined {
    return this.#lines.get(session);
  }

  /** Adds a packet at the end of its connection's line. */
  push(session: Session, raw: Uint8Array): void {
    let line = this.#lines.get(session);
    if (line === undefined) {
      line = new PostponedLine(session);
      this.#lines.set(session, line);
      const same = this.#shares.get(line.share);
      if (same === undefined) this.#shares.set(line.share, new Set([line]));
      else same.add(line);
    }
    line.packets.push(raw);
    this.length++;
  }

  /** Takes the first packet of a line. */
  shift(line: PostponedLine): Uint8Array {
    this.length--;
    return line.packets.shift() as Uint8Array;
  }

  /** Puts a packet back that was taken last. */
  putBack(line: PostponedLine, raw: Uint8Array): void {
    line.packets.putBack(raw);
    this.length++;
  }

  /**
   * All lines in the order in which they have their turn: the first one of each share, then the second one of each, and so on. What
   * comes to them later is for the next pass.
   */
  inTurns(): PostponedLine[] {
    const ordered: PostponedLine[] = [];
    let rest = [...this.#shares.values()].map((lines) => lines.values());
    while (rest.length > 0) {
      rest = rest.filter((lines) => {
        const { done, value } = lines.next();
        if (done === true) return false;
        value.allowed = value.packets.length;
        ordered.push(value);
        return true;
      });
    }
    return ordered;
  }

  /** A line had its turn: it goes behind the others, or away if nothing is left of it. */
  hadTurn(line: PostponedLine): void {
    const lines = this.#shares.get(line.share);
    if (lines === undefined || !lines.delete(line)) return;
    this.#shares.delete(line.share);
    if (line.packets.length > 0) lines.add(line);
    else this.#lines.delete(line.session);
    if (lines.size > 0) this.#shares.set(line.share, lines);
  }
}
