import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { encode } from "@msgpack/msgpack";
import { concat, frame } from "../../bytes.js";
import { ACCEPT, SETTYPE } from "../../targets/wire.js";
import { ECHO } from "./packets.js";

/** Milliseconds after which a newcomer gives up. */
const PATIENCE = 2000;
const HELLO_ID = 1;
const HANDSHAKE_ID = 3;
const CLOSE_ID = 16;
const HEADER = 10;

/**
 * Connects from an address of its own, gets through the handshake step by step, and has one echo.
 *
 * @throws if it is refused, or nothing comes in time.
 */
export function enter(port: number, tls: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const raw = connect({ host: "127.0.0.1", port, localAddress: "127.0.0.2", noDelay: true });
    const socket = tls ? connectTls({ socket: raw, rejectUnauthorized: false }) : raw;
    const timer = setTimeout(() => finish(`not in within ${PATIENCE} ms`), PATIENCE);
    let input = Buffer.alloc(0);
    const finish = (failure?: string): void => {
      clearTimeout(timer);
      socket.destroy();
      raw.destroy();
      if (failure === undefined) resolve();
      else reject(new Error(failure));
    };
    raw.on("error", ({ message }) => finish(message));
    if (tls) socket.on("error", ({ message }) => finish(message));
    raw.on("close", () => finish("the connection was closed"));
    socket.on("data", (chunk) => {
      input = Buffer.concat([input, chunk]);
      while (input.length >= HEADER && input.length >= 4 + input.readUInt32BE(0)) {
        const id = input.readUInt32BE(4);
        const end = 4 + input.readUInt32BE(0);
        const text = input.subarray(HEADER, end).toString("latin1");
        input = input.subarray(end);
        if (id === HELLO_ID) socket.write(SETTYPE);
        else if (id === HANDSHAKE_ID) socket.write(concat([ACCEPT, frame(ECHO.id, 0, encode("new"))]));
        else if (id === CLOSE_ID) finish(`closed: ${text.replace(/[^ -~]/g, "")}`);
        else if (id === ECHO.id) finish();
      }
    });
  });
}
