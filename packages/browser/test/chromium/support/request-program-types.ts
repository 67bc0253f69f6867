import type { ConfigOverrides } from "@peng3dnet/peer";

/** What a request came to. */
export interface Settled {
  readonly value?: unknown;
  /** Name of the error's class, and what of it there is. */
  readonly error?: string;
  readonly code?: string;
  readonly message?: string;
  readonly data?: unknown;
  readonly outcome?: string;
}

/** Questions, and what the client does about their answers. */
export interface ThinkOrder {
  readonly url: string;
  readonly cfg?: ConfigOverrides;
  /** Asked at once. */
  readonly questions: readonly string[];
  readonly timeout?: number;
  /** It gives up so many turns of the event loop after the server said that all of them arrived. */
  readonly aborts?: boolean;
}

/** What a client that answers has seen. */
export interface AnswerResult {
  readonly asked: readonly string[];
  /** Questions whose handlers were told that nobody waits, and why. */
  readonly givenUp: readonly string[];
  readonly reason: string | null;
}

export type RequestPrograms = {
  /** Buys these things, one after the other. */
  buy(order: { readonly url: string; readonly items: readonly string[] }): Promise<Settled[]>;
  /** Asks the server what it answers when the test wants it. */
  think(order: ThinkOrder): Promise<Settled[]>;
  /** Asks in the moment in which it ends the connection, and after it. */
  askAtTheEnd(order: { readonly url: string }): Promise<Settled[]>;
  /** Answers the server, until that closes the connection. */
  answer(order: { readonly url: string }): Promise<AnswerResult>;
  /** Has a client enter each of these rooms, and leave when the server closes it. @returns what each has heard. */
  enterRooms(order: { readonly url: string; readonly rooms: readonly string[] }): Promise<string[][]>;
};
