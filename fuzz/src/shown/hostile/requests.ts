// The requests of victims and honest clients, and what a victim's handlers do.

import { setTimeout as sleep } from "node:timers/promises";
import {
  type Client,
  type ClientOnServer,
  defineRequest,
  payload,
  RequestError,
  type Server,
  SIDE_CLIENT,
  SIDE_SERVER,
} from "@peng3dnet/core";
import { z } from "zod";

/** Ids of the packets that ask; those that answer have the next ones. */
export const ASK = { name: "hostile:ask", id: 80 };
export const SHAPED = { name: "hostile:shaped", id: 82 };
export const QUIZ = { name: "hostile:quiz", id: 84 };
/** Nothing answers it. */
export const UNANSWERED = { name: "hostile:unanswered", id: 86 };

const ids = ({ id }: { readonly id: number }) => [id, id + 1] as const;

/** What the victim does with it depends on the kind. */
const Ask = defineRequest({ name: ASK.name, request: payload<unknown>(), side: SIDE_SERVER, ids: ids(ASK) });
const Shaped = defineRequest({
  name: SHAPED.name,
  request: z.array(z.object({ x: z.number() })),
  side: SIDE_SERVER,
  ids: ids(SHAPED),
});
const Unanswered = defineRequest({ name: UNANSWERED.name, side: SIDE_SERVER, ids: ids(UNANSWERED) });
/** The victim asks each client all the time. The answer is one more. */
const Quiz = defineRequest({
  name: QUIZ.name,
  request: payload<number>(),
  response: payload<number>(),
  side: SIDE_CLIENT,
  ids: ids(QUIZ),
});
const REQUESTS = [Ask, Shaped, Unanswered, Quiz];

type Handler = (input: unknown, signal: AbortSignal) => unknown;

const BUSY_TIME = 50;
const LONG_ANSWER = new Uint8Array(64 * 1024).map((_, at) => (at * 7919) >> 3);

/** What handlers of a victim do. */
export const REQUEST_APPS = {
  now: () => 1,
  later: async () => 1,
  // It holds what was asked, and does not heed its signal. It keeps no process alive, as requests may be under way when the server has shut down.
  slow: async (input) => {
    await sleep(BUSY_TIME, undefined, { ref: false });
    return typeof input === "number" ? input : 1;
  },
  holding: (input, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error(`given up: ${typeof input}`)));
    }),
  never: () => new Promise(() => {}),
  heedful: (_input, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    }),
  long: () => LONG_ANSWER,
  throws: (input) => {
    throw input;
  },
  rejects: async (input) => {
    throw new RequestError("refused", String(input), input);
  },
} satisfies Readonly<Record<string, Handler>>;

export type RequestAppName = keyof typeof REQUEST_APPS;

/** How often the victim asks, in milliseconds. */
const EVERY = 50;
/** Clients that are asked at a time: those of a broadcast, e.g., need not be. */
const ASKED = 64;

/** Registers the requests, and has the client answer. */
export function answerQuiz(client: Client): void {
  for (const request of REQUESTS) client.register(request);
  client.answer(Quiz, (number) => number + 1);
}

/** The victim's part. */
export class RequestVictim {
  readonly #server: Server;
  #honest: ReadonlySet<ClientOnServer> = new Set();

  constructor(server: Server) {
    this.#server = server;
    for (const request of REQUESTS) server.register(request);
  }

  /** Answers, as a kind says. */
  answer(app: RequestAppName): void {
    const handler: Handler = REQUEST_APPS[app];
    this.#server.answer(Ask, (input, { signal }) => handler(input, signal));
    this.#server.answer(Shaped, () => 1);
  }

  /** Those who are there now are honest: a wrong answer of theirs ends the process. From now on it asks everybody. */
  quiz(): void {
    this.#honest = new Set(this.#server.clients.values());
    let number = 0;
    setInterval(() => {
      let asked = 0;
      for (const client of this.#server.clients.values()) {
        if (client.active && ++asked <= ASKED) void this.#ask(client, number++);
      }
    }, EVERY).unref();
  }

  async #ask(client: ClientOnServer, number: number): Promise<void> {
    const honest = this.#honest.has(client);
    const answer = await client.request(Quiz, number, { timeout: 2 }).catch((error: Error) => error);
    if (!honest || answer === number + 1 || !client.active) return;
    throw new Error(`the honest client was asked ${number}, and the answer is ${String(answer)}`);
  }
}
