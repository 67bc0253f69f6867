import { MessageChannel, type MessagePort } from "node:worker_threads";

/** Shortest read that is freed, in bytes. For shorter ones that takes as long as it spares. */
const MIN_FREED = 4 * 1024;

/** A port that leads nowhere. */
let nowhere: MessagePort | undefined;

function openNowhere(): MessagePort {
  const { port1 } = new MessageChannel();
  // Its other end closes with it. What is posted afterwards is taken from the sender all the same, as the standard wants.
  port1.close();
  return port1;
}

/**
 * Frees the memory of what a socket read, once all of it was looked at. The array is empty then.
 *
 * Otherwise, the engine frees it when it next collects garbage. It collects often then, for the sake of memory that it does
 * not manage itself, and each read gets other memory, which is not in the processor's cache ("Free what was read" in
 * docs/performance). Memory that is posted elsewhere leaves at once; of the public means that all versions of Node have,
 * this one takes the least time: 1 to 2 µs, and `structuredClone` 6.
 *
 * @param read - as Node hands it to who listens to `data`. Nobody else may keep it. Short ones, and those that are a part of a
 * longer buffer, are left as they are.
 */
export function freeRead(read: Uint8Array): void {
  const { buffer, length } = read;
  // A part of something longer is not the socket's alone: Node 24 cuts reads of TLS from buffers that others use, too.
  if (length < MIN_FREED || buffer.byteLength !== length || !(buffer instanceof ArrayBuffer)) return;
  nowhere ??= openNowhere();
  nowhere.postMessage(undefined, [buffer]);
}
