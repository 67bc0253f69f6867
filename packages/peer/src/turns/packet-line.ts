import { Fifo } from "./fifo.js";
import { isShort, PacketPack } from "./packet-pack.js";

/** A packet without its length prefix, or several short ones. */
export type Piece = Uint8Array | PacketPack;

/** Packets of one connection that wait, in order. */
export class PacketLine {
  /** How many packets there are. */
  length = 0;
  /** The first one, once it was looked at. */
  #first: Uint8Array | undefined = undefined;
  readonly #pieces = new Fifo<Piece>();

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
