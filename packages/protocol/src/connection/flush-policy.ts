/**
 * When gathered output is handed over to the transport. A burst is to cost few system calls, and yet the peer is to have
 * something to work on while this side goes on. Plain functions: a connection keeps two numbers and no object for it.
 * docs/performance says what each number was chosen for.
 *
 * @packageDocumentation
 */

/** Gathered bytes at which output is handed over in any case. */
export const FLUSH_AT = 16 * 1024;
/** Gathered packets after which output is handed over for the first time within one batch of input. */
export const FIRST_FLUSH_AFTER = 10;
/** As {@link FIRST_FLUSH_AFTER}, where each hand-over is a message, which costs both ends more than a piece of a stream does. */
export const FIRST_MESSAGE_AFTER = 12;
/** Output waits while the input that is left is more than so many times as long. */
const MOST_UNREAD = 8;

/**
 * Whether output is to be handed over although it is shorter than {@link FLUSH_AT}. To be asked once `flushAfter` packets
 * have gathered.
 *
 * Do not flush while fewer bytes are unread than have gathered: the end of the batch is near, and one call writes all of
 * it. Twice as many packets as `flushAfter` leave nevertheless. And do not flush while more than 8 × the gathered bytes
 * are unread: the peer is busy sending.
 *
 * @param packets - packets that have gathered.
 * @param bytes - their length.
 * @param flushAfter - the number of packets that the connection flushes after at the moment.
 * @param unread - bytes of input that are left in this batch.
 */
export function worthFlushing(packets: number, bytes: number, flushAfter: number, unread: number): boolean {
  return unread > bytes ? unread <= MOST_UNREAD * bytes : packets >= 2 * flushAfter;
}

/**
 * Whether output is to be handed over as a message of its own. As {@link worthFlushing}, and what is left to read has to be worth a
 * message, too. Without input to work off, output waits for what joins it: a message for each part of a tick would cost more than
 * it brings.
 */
export function worthMessage(bytes: number, unread: number): boolean {
  return unread <= MOST_UNREAD * bytes && 2 * unread >= bytes;
}

/**
 * The number of packets to flush after next time, when output is handed over now: twice as many, so that a long batch
 * leaves in few pieces. What it was at first holds again once the output was taken outside of a batch.
 */
export function nextFlushAfter(packets: number, flushAfter: number, unread: number): number {
  return 2 * (unread > 0 ? Math.max(packets, flushAfter) : flushAfter);
}
