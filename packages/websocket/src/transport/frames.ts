/** What begins a binary message that is one frame. */
export const BINARY = 0x82;
/** A ping that is one frame. */
export const PING = 0x89;
/** A pong that is one frame. */
export const PONG = 0x8a;
/** Bit of the second byte of a frame that is masked. */
export const MASKED = 0x80;
/** Longest payload whose length stands in the second byte. */
export const LONGEST_BRIEF = 125;
/** Longest payload whose length takes two more bytes. */
const MEDIUM = 0xffff;

/** Most bytes that a header takes, as a server sends it: without a mask. */
export const HEADER_SIZE = 10;

/** A binary message of no bytes: the end of its sender's stream. */
export const END_FRAME = new Uint8Array([BINARY, 0]);

/** Asks the other end's WebSocket for an answer. */
export const PING_FRAME = new Uint8Array([PING, 0]);

/** An answer to no ping, which means nothing (RFC 6455, 5.5.3). */
export const PONG_FRAME = new Uint8Array([PONG, 0]);

/** Writes the header of a binary message of `length` bytes. @returns the number of bytes that it takes. */
export function writeHeader(target: Uint8Array, length: number): number {
  target[0] = BINARY;
  if (length <= LONGEST_BRIEF) {
    target[1] = length;
    return 2;
  }
  if (length <= MEDIUM) {
    target[1] = 126;
    target[2] = length >>> 8;
    target[3] = length;
    return 4;
  }
  target[1] = 127;
  target.fill(0, 2, 6);
  target[6] = length >>> 24;
  target[7] = length >>> 16;
  target[8] = length >>> 8;
  target[9] = length;
  return HEADER_SIZE;
}
