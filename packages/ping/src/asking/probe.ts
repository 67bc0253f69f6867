import { connect } from "node:net";
import { type Address, HELLO_ID, STRUCT_HEADER, STRUCT_LENGTH32 } from "@peng3dnet/core";

/** What a server speaks that stays silent until it is spoken to. */
export type Foreigner = "http" | "tls" | "other";

/**
 * Nine bytes that few servers leave unanswered. A TLS server reads a record with a message that no client may send, and
 * answers with an alert. An HTTP server reads a line and an empty line, and answers with an error page. A peng3dnet server
 * reads the length of a packet that is far too long, and closes.
 */
const PROBE = Uint8Array.of(0x16, 0x03, 0x01, 0x00, 0x04, 0x0d, 0x0a, 0x0d, 0x0a);

const TLS_RECORDS: readonly number[] = [0x14, 0x15, 0x16, 0x17];
const TLS_MAJOR_VERSION = 0x03;
/** How the answers of HTTP servers begin. Some answer a strange request with HTML alone, without a status line. */
const HTTP_BEGINNINGS = /^(HTTP\/|<!?[a-z])/i;

/** Tells from the first bytes of an answer to {@link PROBE} what a server speaks; `undefined` for a peng3dnet server. */
export function recognise(answer: Uint8Array): Foreigner | undefined {
  if (answer.length >= STRUCT_LENGTH32.size + STRUCT_HEADER.size) {
    const [id] = STRUCT_HEADER.unpack(answer.subarray(STRUCT_LENGTH32.size));
    if (answer[0] === 0 && id === HELLO_ID) return undefined;
  }
  if (TLS_RECORDS.includes(answer[0] ?? 0) && answer[1] === TLS_MAJOR_VERSION) return "tls";
  return HTTP_BEGINNINGS.test(Buffer.from(answer).toString("latin1")) ? "http" : "other";
}

/**
 * Asks a silent port what it speaks, on a connection of its own.
 *
 * @returns what it speaks; `undefined` if it stays silent until `signal` fires, or may be a peng3dnet server.
 */
export function probe([host, port]: Address, signal: AbortSignal): Promise<Foreigner | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let found: Foreigner | undefined;
    const giveUp = (): void => void socket.destroy();
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    socket.once("connect", () => socket.write(PROBE));
    socket.once("data", (chunk: Buffer) => {
      found = recognise(chunk);
      socket.destroy();
    });
    // A connection that is refused or reset does not tell what the server speaks.
    socket.on("error", () => {});
    socket.once("close", () => {
      signal.removeEventListener("abort", giveUp);
      resolve(found);
    });
  });
}
