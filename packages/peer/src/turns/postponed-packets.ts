import type { Session } from "../session/session.js";
import { Fifo } from "./fifo.js";
import { isShort, PacketPack } from "./packet-pack.js";

/** A packet without its length prefix, or several short ones. */
export type Piece = Uint8Array | PacketPack;

/** The packets of one connection that wait for a later pass, in order. */
export class PostponedLine {
  readonly session: Session;
  /** The same for all connections that have one part of the time together. */
  readonly share: unknown;
  /** How many packets there are. */
  length = 0;
  /** How many of them may be processed in the pass that is under way. */
  allowed = 0;
  /** The first one, once it was looked at. */
  #first: Uint8Array | undefined = undefined;
  readonly #pieces = new Fifo<Piece>();

  constructor(session: Session) {
    this.session = session;
    this.share = session.share;
  }

  /** Adds a piece at the end. */
  push(piece: Piece): void {
    if (piece instanceof PacketPack) {
      this.length += piece.count;
      this.#pieces.push(piece);
      return;
    }
    this.length++;
    const { last } = this.#pieces;
    if (last instanceof PacketPack && last.add(piece)) return;
    // The one before was short, too, as a rule: so they are packed from the second one on.
    const packed = last !== undefined && isShort(piece) ? new PacketPack() : undefined;
    packed?.add(piece);
    this.#pieces.push(packed ?? piece);
  }

  /** Looks at the first packet; `undefined`: there is none. */
  get first(): Uint8Array | undefined {
    const piece = this.#first === undefined ? this.#pieces.first : undefined;
    if (piece !== undefined) {
      this.#first = piece instanceof PacketPack ? piece.take() : piece;
      if (piece === this.#first || (piece as PacketPack).count === 0) this.#pieces.shift();
    }
    return this.#first;
  }

  /** Takes the first packet, which was looked at. */
  shift(): void {
    this.#first = undefined;
    this.length--;
  }

  /** Puts the packet back that was taken last. */
  putBack(raw: Uint8Array): void {
    this.#first = raw;
    this.length++;
  }

  /** All packets, in order. */
  items(): Uint8Array[] {
    const rest = this.#pieces
      .items()
      .flatMap((piece) => (piece instanceof PacketPack ? piece.items() : [piece]));
    return this.#first === undefined ? rest : [this.#first, ...rest];
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
