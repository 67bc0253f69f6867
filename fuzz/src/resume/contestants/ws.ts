// `ws` as it is mostly used where connections break: the client connects again after a while, the server knows it by its
// name, both queue while there is no connection, and the pings of the documentation of `ws` find out who is gone. Nothing is
// acknowledged: what was handed to a socket counts as delivered.

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Address } from "@peng3dnet/core";
import { WebSocket, WebSocketServer } from "ws";
import {
  type Contestant,
  type ServingSide,
  type Side,
  type SideEvents,
  type SideOptions,
  TIMES,
} from "../contestant.js";
import { answerTo, type Item } from "../items.js";

type Message =
  | { readonly type: "hello"; readonly player: string }
  | { readonly type: "packet" | "ask"; readonly number: number; readonly text: string }
  | { readonly type: "answer"; readonly number: number; readonly answer: number };

const PLAYER = "player";

/** What both sides have: a socket or none, a queue, and requests that wait for their answers. */
class Messages {
  readonly #events: SideEvents;
  readonly #waiting = new Map<number, (answer: number) => void>();
  #queue: string[] = [];
  #socket: WebSocket | undefined = undefined;

  constructor(events: SideEvents) {
    this.#events = events;
  }

  get socket(): WebSocket | undefined {
    return this.#socket;
  }

  /** Goes on with a new socket. */
  use(socket: WebSocket): void {
    this.#socket?.terminate();
    this.#socket = socket;
    this.#events.resumed();
    const queue = this.#queue;
    this.#queue = [];
    for (const text of queue) this.#sendText(text);
  }

  /** A socket is closed. */
  closed(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    this.#events.suspended();
  }

  take(message: Message): void {
    if (message.type === "packet") this.#events.arrived(message.number, message.text);
    if (message.type === "ask") {
      this.#events.arrived(message.number, message.text);
      this.#send({ type: "answer", number: message.number, answer: answerTo(message.number) });
    }
    if (message.type === "answer") {
      this.#waiting.get(message.number)?.(message.answer);
      this.#waiting.delete(message.number);
    }
  }

  packet({ number, text }: Item): void {
    this.#send({ type: "packet", number, text });
  }

  ask({ number, text }: Item): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(number);
        reject(new Error("no answer"));
      }, TIMES.answer);
      this.#waiting.set(number, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#send({ type: "ask", number, text });
    });
  }

  #send(message: Message): void {
    this.#sendText(JSON.stringify(message));
  }

  #sendText(text: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
    else this.#queue.push(text);
  }
}

const parse = (data: WebSocket.RawData): Message => JSON.parse(String(data)) as Message;

async function serve(host: string, { events }: SideOptions): Promise<ServingSide> {
  const server = new WebSocketServer({ host, port: 0 });
  const messages = new Messages(events);
  const alive = new WeakMap<WebSocket, number>();
  server.on("connection", (socket) => {
    const heard = (): void => void alive.set(socket, performance.now());
    heard();
    socket.on("pong", heard);
    socket.on("error", () => socket.terminate());
    socket.on("close", () => messages.closed(socket));
    socket.on("message", (data) => {
      const message = parse(data);
      if (message.type === "hello") messages.use(socket);
      else messages.take(message);
    });
  });
  const pings = setInterval(() => {
    for (const socket of server.clients) {
      if (performance.now() - (alive.get(socket) ?? 0) > TIMES.silence) socket.terminate();
      else socket.ping();
    }
  }, TIMES.heartbeat);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    ready: () => true,
    send: (item) => messages.packet(item),
    ask: (item) => messages.ask(item),
    async close() {
      clearInterval(pings);
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
      return true;
    },
  };
}

async function connect([host, port]: Address, { events }: SideOptions): Promise<Side> {
  const messages = new Messages(events);
  let delay = TIMES.delay;
  let closing = false;
  let ended = (): void => {};

  const dial = (): void => {
    const socket = new WebSocket(`ws://${host}:${port}`);
    let silence: NodeJS.Timeout | undefined;
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.terminate(), TIMES.silence);
    };
    heard();
    socket.on("ping", heard);
    socket.on("error", () => socket.terminate());
    socket.on("open", () => {
      heard();
      delay = TIMES.delay;
      socket.send(JSON.stringify({ type: "hello", player: PLAYER } satisfies Message));
      messages.use(socket);
    });
    socket.on("message", (data) => messages.take(parse(data)));
    socket.on("close", () => {
      clearTimeout(silence);
      messages.closed(socket);
      if (closing) {
        ended();
        return;
      }
      setTimeout(dial, delay * (0.5 + Math.random() / 2));
      delay = Math.min(2 * delay, TIMES.maxDelay);
    });
  };

  dial();
  return {
    ready: () => true,
    send: (item) => messages.packet(item),
    ask: (item) => messages.ask(item),
    async close() {
      closing = true;
      const { socket } = messages;
      if (socket === undefined) return false;
      await new Promise<void>((resolve) => {
        ended = resolve;
        socket.close();
      });
      return true;
    },
  };
}

export const handWritten: Contestant = {
  name: "ws",
  title: "ws, reconnecting by hand",
  lossless: false,
  opening: 800,
  serve,
  connect,
};
