// Heartbeats that nobody asked for, which clients send, and servers.

import { BEAT_ANSWER_ID, BEAT_ID } from "@peng3dnet/core";
import { concat } from "../../../bytes.js";
import { ACCEPT, handshakeWith } from "../../../targets/wire.js";
import { flood } from "../attacker.js";
import { longText, packet, repeated } from "../bodies.js";
import type { Kind } from "../kind.js";
import { ECHO, IN } from "../packets.js";
import { many } from "./connections.js";

const SETTYPE_ID = 2;
const HELLO_ID = 1;
const UNANSWERED = 4000;

/** Gets through the handshake as one that takes part in heartbeats. */
const ENTER = concat([packet(SETTYPE_ID, { conntype: "classic", ext: { heartbeat: {} } }), ACCEPT]);
/** Lets a client in, and says that it beats. */
const WELCOME = concat([
  packet(HELLO_ID, { version: "0.2.0", protoversion: 2, ext: { heartbeat: { interval: 5 } } }),
  handshakeWith({ [ECHO.name]: ECHO.id, [IN.name]: IN.id }),
]);

/** A client that answers. */
function client(name: string, title: string, code: string, chunk: () => Uint8Array): Kind {
  return {
    name,
    title,
    connections: 10,
    code,
    prepare: () => {
      const made = chunk();
      return (attacker) => flood(attacker, { first: ENTER, addresses: 16, connections: 10, chunk: made });
    },
  };
}

export const BEATS: readonly Kind[] = [
  client("beats-life", "signs of life without end, by heartbeats", "P3D_ERR_UNEXPECTED_PACKET", () =>
    repeated(packet(BEAT_ANSWER_ID, null)),
  ),
  client("beats-forged", "answers to heartbeats that were never sent", "P3D_ERR_UNEXPECTED_PACKET", () =>
    repeated(packet(BEAT_ANSWER_ID, 1)),
  ),
  client("beats-long", "answers to heartbeats that are long", "P3D_ERR_BAD_DATA", () =>
    repeated(packet(BEAT_ANSWER_ID, longText(100_000))),
  ),
  {
    name: "beats-unanswered",
    title: "clients that take part in heartbeats, thousands at once, and answer none",
    connections: UNANSWERED,
    victim: { cfg: { "net.heartbeat.interval": 1, "net.heartbeat.timeout": 3 } },
    stays: true,
    seconds: 6,
    prepare: () => async (attacker) =>
      void (await many(attacker, UNANSWERED, (index) => ({ from: index % 32, first: ENTER }))),
  },
  {
    name: "beats-server",
    title: "a hostile server: heartbeats without end, each of which wants an answer",
    connections: 1,
    victim: { client: true },
    prepare: () => {
      const first = concat([WELCOME, repeated(packet(BEAT_ID, [1, null]))]);
      return async (attacker) => {
        attacker.onVisitor = (socket) => void attacker.write(socket, first);
        await attacker.rest();
      };
    },
  },
  {
    name: "beats-turned",
    title: "a hostile server that turns its clock ahead: heartbeats without end, of which it reads no answer",
    connections: 1,
    code: "P3D_ERR_UNEXPECTED_PACKET",
    // The client waits for the server's end before it says what ended.
    seconds: 6,
    victim: { client: true },
    prepare: () => {
      const first = concat([
        WELCOME,
        packet(BEAT_ID, [0, null]),
        packet(BEAT_ID, [Number.MAX_SAFE_INTEGER, 0]),
      ]);
      const chunk = repeated(packet(BEAT_ID, [1, null]));
      return async (attacker) => {
        attacker.onVisitor = async (socket) => {
          socket.pause();
          attacker.write(socket, first);
          while (!attacker.over && (await attacker.send(socket, chunk))) await attacker.pause(0);
        };
        await attacker.rest();
      };
    },
  },
];
