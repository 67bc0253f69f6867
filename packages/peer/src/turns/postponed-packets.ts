import type { Session } from "../session/session.js";
import { PacketLine, type Piece } from "./packet-line.js";

/** The packets of one connection that wait for a later pass, in order. */
export class PostponedLine extends PacketLine {
  readonly session: Session;
  /** The same for all connections that have one part of the time together. */
  readonly share: unknown;
  /** How many of its packets may be processed in the pass that is under way. */
  allowed = 0;

  constructor(session: Session) {
    super();
    this.session = session;
    this.share = session.share;
  }
}

/**
 * Packets that a pass did not come to, in a line for each connection: the next pass looks at each connection once, and not at each
 * packet, of which there may be hundreds of thousands.
 */
export class PostponedPackets {
  readonly #lines = new Map<Session, PostponedLine>();
  /** The lines by the share that their connections have in common. A line that had its turn goes to the end. */
  readonly #shares = new Map<unknown, Set<PostponedLine>>();

  /** How many connections have some. */
  get size(): number {
    return this.#lines.size;
  }

  /** Whether there are none. */
  get empty(): boolean {
    return this.#lines.size === 0;
  }

  /** The line of a connection; `undefined`: none of its packets was postponed. */
  of(session: Session): PostponedLine | undefined {
    return this.#lines.get(session);
  }

  /** Adds packets of a connection at the end of its line. */
  push(session: Session, piece: Piece): void {
    let line = this.#lines.get(session);
    if (line === undefined) {
      line = new PostponedLine(session);
      this.#lines.set(session, line);
      const same = this.#shares.get(line.share);
      if (same === undefined) this.#shares.set(line.share, new Set([line]));
      else same.add(line);
    }
    line.push(piece);
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
        value.allowed = value.length;
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
    if (line.length > 0) lines.add(line);
    else this.#lines.delete(line.session);
    if (lines.size > 0) this.#shares.set(line.share, lines);
  }
}
