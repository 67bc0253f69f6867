import type { Session } from "../session/session.js";
import { FairQueue } from "./fair-queue.js";
import { PacketLine, type Piece } from "./packet-line.js";

/** The packets of one connection that wait for a later pass, in order. */
export class PostponedLine extends PacketLine {
  readonly session: Session;
  /** The same for all connections that have one part of the time together. */
  readonly share: unknown;
  /** How many of its packets may still be processed in the pass that has the number `pass`. */
  allowed = 0;
  /** The last pass in which it had a turn. */
  pass = 0;
  /** Whether it has no turns, since its connection is paused. */
  held = false;

  constructor(session: Session) {
    super();
    this.session = session;
    this.share = session.share;
  }
}

/**
 * Packets that a pass did not come to, in a line for each connection: the next pass looks at each connection once, and not at each
 * packet, of which there may be hundreds of thousands. It looks at no more connections than it has time for.
 */
export class PostponedPackets {
  readonly #lines = new Map<Session, PostponedLine>();
  /** The lines in the order of their turns. One of which nothing was left is taken out when its turn comes. */
  readonly #turns = new FairQueue<PostponedLine>();

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
      this.#turns.push(line);
    }
    line.push(piece);
  }

  /** How many turns it takes until each line had one. */
  get turns(): number {
    return this.#turns.length;
  }

  /**
   * The line whose turn it is, which goes behind the others before it has it: a handler may call `process`, too.
   *
   * @returns `undefined`: it has none, as all of it was processed in an earlier turn, or its connection is paused.
   */
  next(): PostponedLine | undefined {
    const line = this.#turns.shift();
    if (line === undefined || !this.#has(line)) return undefined;
    const { session } = line;
    // Thousands may be paused, and would be looked at for each packet of another one.
    line.held = session.paused && session.open;
    if (line.held) return undefined;
    this.#turns.push(line);
    return line;
  }

  /** A connection is paused no more, or closed: its line has turns again. */
  release(session: Session): void {
    const line = this.#lines.get(session);
    if (line?.held !== true) return;
    line.held = false;
    this.#turns.push(line);
  }

  /** A line had its turn: it goes if nothing is left of it. */
  hadTurn(line: PostponedLine): void {
    if (line.length === 0 && this.#has(line)) this.#lines.delete(line.session);
  }

  /** A connection may have another line meanwhile. */
  #has(line: PostponedLine): boolean {
    return this.#lines.get(line.session) === line;
  }
}
