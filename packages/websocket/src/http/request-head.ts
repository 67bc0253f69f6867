import type { Socket } from "node:net";

/** What a TLS handshake begins with. */
const TLS_HANDSHAKE = 22;
const END = Buffer.from("\r\n\r\n");

/**
 * Reads the first request of a connection, up to its body. Node's http server would work off all that was read with it, be it
 * a thousand requests, before anything else has its turn.
 *
 * @param limit - bytes that it may have.
 * @param read - told once it is there, with its bytes, the empty line included. The socket is paused then, and has all that came
 *   to be read once more: a stream with nothing to read would end, for nobody who listens, once its other end does.
 * @param tooLong - told instead, if it is longer.
 * @param foreign - told instead, if it begins as no request of HTTP does, but as TLS: who speaks that waits for an answer for good.
 */
export function readHead(
  socket: Socket,
  limit: number,
  read: (head: Buffer) => void,
  tooLong: () => void,
  foreign: () => void,
): void {
  let all: Buffer = Buffer.alloc(0);
  const ended = (): void => void socket.destroy();
  const stop = (): void => {
    socket.off("data", came);
    socket.off("end", ended);
    socket.pause();
  };
  const came = (chunk: Buffer): void => {
    const searched = Math.max(0, all.length - END.length + 1);
    all = all.length === 0 ? chunk : Buffer.concat([all, chunk]);
    const end = all.indexOf(END, searched);
    if (all[0] === TLS_HANDSHAKE) {
      stop();
      foreign();
    } else if (end >= 0 && end + END.length <= limit) {
      stop();
      socket.unshift(all);
      // Not within this event: where much is left after it, Node stops to read, and whoever had read in between would not have it begin again.
      process.nextTick(read, all.subarray(0, end + END.length));
    } else if (end >= 0 || all.length > limit) {
      stop();
      tooLong();
    }
  };
  socket.on("data", came);
  socket.on("end", ended);
}

const FORWARDED_FOR = /^(x-forwarded-for):[\t ]*(.*)$/gim;

/**
 * Where a request says that it comes from, before it is parsed: as `rawHeaders` of Node's requests, without the other headers. All of
 * them would take as long as parsing the request.
 */
export function forwardedFor(head: Buffer): string[] {
  return [...head.toString("latin1").matchAll(FORWARDED_FOR)].flatMap(([, name = "", value = ""]) => [
    name,
    value,
  ]);
}
