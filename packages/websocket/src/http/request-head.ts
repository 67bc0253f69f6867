import type { Socket } from "node:net";

const END = Buffer.from("\r\n\r\n");

/** What came of a connection until a request was there. */
export interface RequestHead {
  /** Request line and headers, with the empty line. */
  readonly head: Buffer;
  /** What came behind them. */
  readonly rest: Buffer;
}

/**
 * Reads the first request of a connection, up to its body. Node's http server would work off all that was read with it, be it
 * a thousand requests, before anything else has its turn.
 *
 * @param limit - bytes that it may have.
 * @param read - told once it is there, and nothing more is read.
 * @param tooLong - told instead, if it is longer.
 */
export function readHead(
  socket: Socket,
  limit: number,
  read: (request: RequestHead) => void,
  tooLong: () => void,
): void {
  let all = Buffer.alloc(0);
  const ended = (): void => void socket.destroy();
  const stop = (): void => {
    socket.off("data", came);
    socket.off("end", ended);
    socket.pause();
  };
  const came = (chunk: Buffer): void => {
    const searched = Math.max(0, all.length - END.length + 1);
    all = Buffer.concat([all, chunk]);
    const end = all.indexOf(END, searched);
    if (end >= 0 && end + END.length <= limit) {
      stop();
      const length = end + END.length;
      read({ head: all.subarray(0, length), rest: all.subarray(length) });
    } else if (end >= 0 || all.length > limit) {
      stop();
      tooLong();
    }
  };
  socket.on("data", came);
  socket.on("end", ended);
}
