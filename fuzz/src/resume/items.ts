/** What both sides send each other: items, numbered from 0 in each direction. Some are packets, the others requests. */
export interface Item {
  readonly number: number;
  readonly text: string;
}

/** Packets for each request. */
const PACKETS_PER_REQUEST = 100;
const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789".repeat(400);
/** Lengths are below this, but for some. */
const USUAL_LENGTH = 128;
/** One in so many is long: it is compressed, and comes in several pieces. */
const LONG_EVERY = 997;
const LONG_LENGTH = 12_000;

/** How many items there are for so many packets. */
export const itemsFor = (packets: number): number => packets + Math.floor(packets / PACKETS_PER_REQUEST);

/** Whether the item of a number is a request. */
export const isRequest = (number: number): boolean =>
  number % (PACKETS_PER_REQUEST + 1) === PACKETS_PER_REQUEST;

/** Mean length of a text, roughly. The long ones are not counted, since they may be compressed. */
export const MEAN_LENGTH = USUAL_LENGTH / 2;

/** The text of an item. It follows from the number, so that the receiver knows what has to come. */
export function textOf(number: number): string {
  const length =
    number % LONG_EVERY === LONG_EVERY - 1
      ? LONG_LENGTH
      : (Math.imul(number, 0x9e3779b1) >>> 16) % USUAL_LENGTH;
  const from = number % 36;
  return LETTERS.slice(from, from + length);
}

/** What the handler of a request says to it. */
export const answerTo = (number: number): number => number + 1;
