import { STRUCT_FORMAT_HEADER, STRUCT_FORMAT_LENGTH32 } from "../constants.js";

/** Width in bytes of the format characters that the protocol uses. */
const WIDTHS: Readonly<Record<string, number>> = { B: 1, H: 2, I: 4 };

/**
 * A fixed record of big-endian unsigned integers, as Python's `struct.Struct` with a `!` format of
 * `B`, `H` and `I`.
 */
export class Struct {
  /** The format string. */
  readonly format: string;
  /** Length of a packed record in bytes. */
  readonly size: number;
  readonly #widths: readonly number[];

  /** @throws {RangeError} if the format has other characters than those named above. */
  constructor(format: string) {
    const widths = [...format.slice(1)].map((character) => WIDTHS[character]);
    if (!format.startsWith("!") || widths.some((width) => width === undefined)) {
      throw new RangeError(`unsupported struct format "${format}": "!" and then B, H or I`);
    }
    this.format = format;
    this.#widths = widths as number[];
    this.size = this.#widths.reduce((sum, width) => sum + width, 0);
  }

  /**
   * Packs one value per field.
   *
   * @throws {RangeError} if there are more or fewer values than fields, or one does not fit its field.
   */
  pack(...values: number[]): Uint8Array {
    if (values.length !== this.#widths.length) {
      throw new RangeError(`"${this.format}" takes ${this.#widths.length} values, not ${values.length}`);
    }
    const bytes = new Uint8Array(this.size);
    let position = 0;
    values.forEach((value, index) => {
      const width = this.#widths[index] as number;
      if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width)) {
        throw new RangeError(`${value} does not fit an unsigned integer of ${width} bytes`);
      }
      for (let shift = 8 * (width - 1); shift >= 0; shift -= 8) {
        bytes[position++] = Math.floor(value / 2 ** shift) & 0xff;
      }
    });
    return bytes;
  }

  /**
   * Unpacks the record that starts at `offset`.
   *
   * @throws {RangeError} if fewer than {@link Struct.size} bytes are there.
   */
  unpack(bytes: Uint8Array, offset = 0): number[] {
    if (!(offset >= 0) || bytes.length - offset < this.size) {
      throw new RangeError(
        `"${this.format}" needs ${this.size} bytes, which are not there at ${offset} of ${bytes.length}`,
      );
    }
    let position = offset;
    return this.#widths.map((width) => {
      let value = 0;
      for (let end = position + width; position < end; position++) {
        value = value * 256 + (bytes[position] as number);
      }
      return value;
    });
  }
}

/**
 * The length prefix: `STRUCT_LENGTH32.pack(length)`.
 *
 * @reference `peng3dnet.net.STRUCT_LENGTH32`
 */
export const STRUCT_LENGTH32 = new Struct(STRUCT_FORMAT_LENGTH32);
/**
 * The packet header: `STRUCT_HEADER.pack(id, flags)`.
 *
 * @reference `peng3dnet.net.STRUCT_HEADER`
 */
export const STRUCT_HEADER = new Struct(STRUCT_FORMAT_HEADER);
