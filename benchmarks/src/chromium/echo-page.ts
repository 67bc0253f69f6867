/** The half of `npm run bench:chromium` that runs in Chromium: a client, and messages that go to the server and come back. */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { Client, definePacket, payload } from "@peng3dnet/browser";
import { serve } from "@peng3dnet-internal/chromium/page";
import { gameState } from "../game-state.js";
import type { Outcome } from "../messages.js";
import type { Message } from "../peer.js";

/** What a page connects with: this library, or what pages do without it. */
export type PagePeer = "ours-websocket" | "ws";
export type PagePayload = "small" | "state";

export interface ConnectOrder {
  readonly peer: PagePeer;
  readonly port: number;
  readonly payload: PagePayload;
}

export interface RunOrder {
  readonly inFlight: number;
  /** So many messages, or as many as the time allows. */
  readonly count?: number;
  readonly durationMs?: number;
}

type Send = (message: Message) => void;

const PLAYERS = 9;

let send: Send = () => {};
let received: (message: Message) => void = () => {};
let next: (i: number) => Message = (i) => ({ i, s: "hello" });
let check: (message: Message) => boolean = ({ s }) => s === "hello";

/** As users write it: a WebSocket of the page, and a message a send. The encoder's own buffer will do: `send` copies. */
function connectBare(url: string): Promise<Send> {
  const [encoder, decoder] = [new Encoder(), new Decoder()];
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => received(decoder.decode(data as ArrayBuffer) as Message);
  return new Promise((resolve, reject) => {
    socket.onerror = () => reject(new Error(`cannot open ${url}`));
    socket.onopen = () => resolve((message) => socket.send(encoder.encodeSharedRef(message)));
  });
}

async function connectOurs(url: string): Promise<Send> {
  const Bench = definePacket({ name: "bench:message", schema: payload<Message>() });
  const client = new Client({ addr: url, packets: [Bench], cfg: { "net.compress.enabled": false } });
  client.on(Bench, (message) => received(message));
  await client.start();
  return (message) => void client.sendMessage(Bench, message);
}

async function connect({ peer, port, payload: name }: ConnectOrder): Promise<void> {
  if (name === "state") {
    const state = gameState(PLAYERS);
    next = (i) => {
      state.i = i;
      return state;
    };
    check = (message) => (message as typeof state).players?.[PLAYERS - 1]?.pos[2] === 64.125;
  }
  const url = `ws://127.0.0.1:${port}/`;
  send = await (peer === "ws" ? connectBare(url) : connectOurs(url));
}

/** Sends as many as may be in flight, and another for each that comes back. */
function run({ inFlight, count = Number.POSITIVE_INFINITY, durationMs = 0 }: RunOrder): Promise<Outcome> {
  const begin = performance.now();
  const deadline = count === Number.POSITIVE_INFINITY ? begin + durationMs : Number.POSITIVE_INFINITY;
  let [sent, answered] = [0, 0];
  return new Promise((resolve, reject) => {
    const more = (): boolean => {
      if (sent >= count) return false;
      // The clock is looked at once in a while.
      if ((sent & 15) === 0 && performance.now() >= deadline) count = sent;
      return sent < count;
    };
    received = (message) => {
      if (message.i !== answered++ || !check(message)) {
        reject(new Error(`wrong answer: ${message.i} instead of ${answered - 1}`));
      } else if (more()) send(next(sent++));
      else if (answered === sent) resolve({ count: answered, elapsedMs: performance.now() - begin });
    };
    while (sent < inFlight && more()) send(next(sent++));
  });
}

const programs = { connect, run };

/** What can be called. */
export type EchoPage = typeof programs;

serve(programs);
