import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { encode } from "@msgpack/msgpack";
import { concat, frame } from "../../bytes.js";
import { ACCEPT, SETTYPE } from "../../targets/wire.js";
import { ECHO } from "./packets.js";
import { message, PayloadReader, upgradeRequest } from "./web-socket.js";

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
export function enter(port: number, way: "tcp" | "tls" | "websocket"): Promise<void> {
  return new Promise((resolve, reject) => {
    const raw = connect({ host: "127.0.0.1", port, localAddress: "127.0.0.2", noDelay: true });
    const socket = way === "tls" ? connectTls({ socket: raw, rejectUnauthorized: false }) : raw;
    const timer = setTimeout(() => finish(`not in within ${PATIENCE} ms`), PATIENCE);
    const reader = way === "websocket" ? new PayloadReader() : undefined;
    let input = Buffer.alloc(0);
    const finish = (failure?: string): void => {
      clearTimeout(timer);
      socket.destroy();
      raw.destroy();
      if (failure === undefined) resolve();
      else reject(new Error(failure));
    };
    const say = (bytes: Uint8Array): void => void socket.write(reader === undefined ? bytes : message(bytes));
    const take = (bytes: Uint8Array): void => {
      input = Buffer.concat([input, bytes]);
      while (input.length >= HEADER && input.length >= 4 + input.readUInt32BE(0)) {
        const id = input.readUInt32BE(4);
        const end = 4 + input.readUInt32BE(0);
        const text = input.subarray(HEADER, end).toString("latin1");
        input = input.subarray(end);
        if (id === HELLO_ID) say(SETTYPE);
        else if (id === HANDSHAKE_ID) say(concat([ACCEPT, frame(ECHO.id, 0, encode("new"))]));
        else if (id === CLOSE_ID) finish(`closed: ${text.replace(/[^ -~]/g, "")}`);
        else if (id === ECHO.id) finish();
      }
    };
    raw.on("error", ({ message }) => finish(message));
    if (way === "tls") socket.on("error", ({ message }) => finish(message));
    raw.on("close", () => finish("the connection was closed"));
    if (way === "websocket") socket.write(upgradeRequest());
    socket.on("data", (chunk) => {
      try {
        if (reader === undefined) take(chunk);
        else for (const payload of reader.read(chunk)) take(payload);
      } catch (error) {
        finish((error as Error).message);
      }
    });
  });
}
