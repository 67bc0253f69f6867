import { Socket } from "node:net";

/** Where a socket keeps what tells Node of a write that failed, until all that came before is read. */
const FAILED = Symbol("failed");

type Written = (error?: Error | null) => void;

interface FailedSocket extends Socket {
  [FAILED]?: () => void;
}

/** Errors of a write that say that the peer is gone, so that what it sent ends soon, too. */
const GONE: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE"]);

// Of the prototype, as all sockets share them, those of TLS as well.
const { _write: nodesWrite, _writev: nodesWritev } = Socket.prototype;

function putOff(socket: FailedSocket, written: Written): Written {
  return (error) => {
    const code = (error as { code?: unknown } | null | undefined)?.code;
    const reads = !(socket.readableEnded || socket.isPaused() || socket.destroyed);
    if (reads && GONE.has(code)) socket[FAILED] = () => written(error);
    else written(error);
  };
}

function write(this: FailedSocket, chunk: unknown, encoding: BufferEncoding, written: Written): void {
  nodesWrite.call(this, chunk, encoding, putOff(this, written));
}

function writev(
  this: FailedSocket,
  chunks: { chunk: unknown; encoding: BufferEncoding }[],
  written: Written,
): void {
  nodesWritev?.call(this, chunks, putOff(this, written));
}

/**
 * From now on, puts off what a failed write to a socket does. Node breaks the socket off at once, with all that the kernel still
 * holds of what the peer had sent before it closed: its last packets, and its reason. Where that is read, its end is near: call
 * {@link tellFailure} there. Where it is not, the failure is what tells that the peer is gone.
 *
 * @param severalAtOnce - whether pieces may queue, which Node writes together. To leave that out spares a property for each socket.
 */
export function readFirst(socket: Socket, severalAtOnce = false): void {
  socket._write = write;
  if (severalAtOnce && nodesWritev !== undefined) socket._writev = writev;
}

/** Tells Node of a write that failed, if that was put off: it breaks the socket off. @returns whether there was one. */
export function tellFailure(socket: Socket): boolean {
  const failed: FailedSocket = socket;
  const tell = failed[FAILED];
  if (tell === undefined) return false;
  delete failed[FAILED];
  tell();
  return true;
}
