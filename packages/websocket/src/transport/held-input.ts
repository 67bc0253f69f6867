/** Pieces from which on they are put together, since the object of a piece takes more room than a few bytes do. */
const PIECES = 64;

/** Input that came after a pause: the rest of what was read at once. */
export class HeldInput {
  #pieces: Uint8Array[] = [];
  /** How many bytes there are. */
  bytes = 0;

  /** Adds what follows. */
  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.bytes += piece.length;
    if (this.#pieces.length >= PIECES) this.#pieces = [Buffer.concat(this.#pieces)];
  }

  /** Takes the next piece; `undefined`: there is none. */
  shift(): Uint8Array | undefined {
    const piece = this.#pieces.shift();
    this.bytes -= piece?.length ?? 0;
    return piece;
  }

  clear(): void {
    this.#pieces = [];
    this.bytes = 0;
  }
}
