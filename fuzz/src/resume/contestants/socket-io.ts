// socket.io with its connection state recovery, in two ways:
//
// - `socket.io`: packets are emitted, requests emitted with an acknowledgement that is waited for
// - `socket.io-retries`: what its documentation says for "at least once". The client has `retries` and `ackTimeout`; the
//   server keeps its packets, and sends those again that a client which was not recovered says it lacks

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Address } from "@peng3dnet/core";
import { Server, type Socket } from "socket.io";
import { io } from "socket.io-client";
import { type Contestant, type ServingSide, type Side, type SideOptions, TIMES } from "../contestant.js";
import { answerTo, textOf } from "../items.js";

const ROOM = "player";
/** As in the documentation. */
const RETRIES = { retries: 3, ackTimeout: 10_000 };
/** Packets that wait for their acknowledgements, at which a program stops making more: they go one by one. */
const MOST_WAITING = 1000;

type Answer = (answer: number) => void;

interface FromClient {
  packet(number: number, text: string, received?: () => void): void;
  ask(number: number, text: string, answer: Answer): void;
}

interface FromServer {
  packet(number: number, text: string): void;
  ask(number: number, text: string, answer: Answer): void;
}

async function serve(host: string, { events }: SideOptions, retries: boolean): Promise<ServingSide> {
  const http = createServer();
  const server = new Server<FromClient, FromServer>(http, {
    transports: ["websocket"],
    serveClient: false,
    pingInterval: TIMES.heartbeat,
    pingTimeout: TIMES.silence - TIMES.heartbeat,
    connectionStateRecovery: { maxDisconnectionDuration: TIMES.window },
  });
  let current: Socket<FromClient, FromServer> | undefined;
  const kept: number[] = [];
  server.on("connection", (socket) => {
    current = socket;
    void socket.join(ROOM);
    if (retries && !socket.recovered) {
      const offset = Number(socket.handshake.auth.serverOffset);
      for (const number of kept) if (number > offset) socket.emit("packet", number, textOf(number));
    }
    socket.on("packet", (number, text, received) => {
      events.arrived(number, text);
      received?.();
    });
    socket.on("ask", (number, text, answer) => {
      events.arrived(number, text);
      answer(answerTo(number));
    });
    socket.on("disconnect", () => {
      if (socket === current) events.suspended();
    });
    events.resumed();
  });
  await new Promise<void>((resolve) => {
    http.listen({ host, port: 0 }, resolve);
  });
  return {
    port: (http.address() as AddressInfo).port,
    ready: () => current !== undefined,
    send({ number, text }) {
      if (retries) kept.push(number);
      // To the room, whose packets are kept for those who are to come back.
      server.to(ROOM).emit("packet", number, text);
    },
    async ask({ number, text }) {
      if (current === undefined) throw new Error("nobody is there");
      return current.timeout(TIMES.answer).emitWithAck("ask", number, text);
    },
    async close() {
      await server.close();
      return true;
    },
  };
}

async function connect([host, port]: Address, { events }: SideOptions, retries: boolean): Promise<Side> {
  // Not called `offset`, which is what the recovery says itself.
  const auth = { serverOffset: -1 };
  const socket: import("socket.io-client").Socket<FromServer, FromClient> = io(`http://${host}:${port}`, {
    transports: ["websocket"],
    forceNew: true,
    reconnectionDelay: TIMES.delay,
    reconnectionDelayMax: TIMES.maxDelay,
    timeout: TIMES.handshake,
    ...(retries && { ...RETRIES, auth }),
  });
  let waiting = 0;
  socket.on("connect", () => events.resumed());
  socket.on("disconnect", () => events.suspended());
  socket.on("packet", (number, text) => {
    auth.serverOffset = number;
    events.arrived(number, text);
  });
  socket.on("ask", (number, text, answer) => {
    events.arrived(number, text);
    answer(answerTo(number));
  });
  const received = (): void => {
    waiting--;
  };
  return {
    ready: () => waiting < MOST_WAITING,
    send({ number, text }) {
      if (retries) {
        waiting++;
        socket.emit("packet", number, text, received);
      } else {
        socket.emit("packet", number, text);
      }
    },
    ask: ({ number, text }) => socket.timeout(TIMES.answer).emitWithAck("ask", number, text),
    async close() {
      const { connected } = socket;
      socket.disconnect();
      return connected;
    },
  };
}

function contestant(name: string, title: string, retries: boolean): Contestant {
  return {
    name,
    title,
    lossless: false,
    opening: 1000,
    serve: (host, options) => serve(host, options, retries),
    connect: (address, options) => connect(address, options, retries),
  };
}

export const socketIo = contestant("socket.io", "socket.io, with recovery", false);
export const socketIoRetries = contestant(
  "socket.io-retries",
  "socket.io, with recovery, retries and a log to send again from",
  true,
);
