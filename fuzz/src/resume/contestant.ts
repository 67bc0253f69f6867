import type { Address } from "@peng3dnet/core";
import type { Item } from "./items.js";

/** What a side tells the harness. */
export interface SideEvents {
  /** An item came: a packet, or a request that reached its handler. */
  arrived(number: number, text: string): void;
  /** The side noticed that its line is broken. */
  suspended(): void;
  /** The side can send again. */
  resumed(): void;
  /** There is no way back for this session. */
  lost(reason: string): void;
}

/** One side of a contestant: its server, or its client. There is one client. */
export interface Side {
  /** Whether a program that heeds back-pressure would send now. */
  ready(): boolean;
  /** Hands a packet over, which is then to arrive once and in order. */
  send(item: Item): void;
  /** Asks the other side. Rejects if no answer comes. */
  ask(item: Item): Promise<number>;
  /** Closes in an orderly way. @returns whether it was one, as far as the contestant can tell. */
  close(): Promise<boolean>;
}

/** A server that listens. */
export interface ServingSide extends Side {
  readonly port: number;
}

/** What a side is made with. */
export interface SideOptions {
  readonly events: SideEvents;
  /** Where the key and the certificate are. */
  readonly folder: string;
}

/** A library, or a way to use one, that all cuts are tried on. */
export interface Contestant {
  readonly name: string;
  /** For the table. */
  readonly title: string;
  /** Whether it promises that nothing is lost, so that a loss is a failure. */
  readonly lossless: boolean;
  /** Bytes, more or less, that go in either direction before a connection is of use again. */
  readonly opening: number;
  serve(host: string, options: SideOptions): Promise<ServingSide>;
  connect(address: Address, options: SideOptions): Promise<Side>;
}

/** Times that are the same for all, in milliseconds. Those of a game would be longer; a run has a thousand cuts. */
export const TIMES = {
  /** From one heartbeat to the next. */
  heartbeat: 100,
  /** Without a sign of life, a line is broken. */
  silence: 300,
  /** Before the first attempt to connect again; more before the next ones. */
  delay: 10,
  /** Before any of them, at most. */
  maxDelay: 100,
  /** For a new connection to be of use. */
  handshake: 1000,
  /** How long a session waits for its client to come back. */
  window: 30_000,
  /** How long an answer is waited for. */
  answer: 20_000,
};
