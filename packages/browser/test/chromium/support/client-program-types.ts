import type { ConfigOverrides } from "@peng3dnet/peer";

/** What a client in Chromium does. */
export interface SessionOrder {
  readonly url: string;
  readonly cfg?: ConfigOverrides;
  /** So many numbered packets are sent at once, each with so many letters. */
  readonly send?: number;
  readonly letters?: number;
  /** It waits for so many numbered packets. */
  readonly expect?: number;
  /** It closes then with this reason. Left out: it waits for the server to close. */
  readonly close?: string;
}

/** What it saw. */
export interface SessionResult {
  /** Why it did not connect. */
  readonly failure?: { readonly code: string; readonly message: string };
  /** Numbers that came. */
  readonly received: readonly number[];
  readonly reason?: string | null;
  readonly clean?: boolean;
  /** Code of the error that it was closed with. */
  readonly error?: string | undefined;
  readonly sslSeclevel?: number;
}

/** A WebSocket without a client. */
export interface RawOrder {
  readonly url: string;
  readonly protocols: readonly string[];
  /** Sent once it is open: texts as such, numbers as the bytes of a binary message. */
  readonly messages: readonly (string | readonly number[])[];
}

export interface RawResult {
  readonly opened: boolean;
  readonly protocol: string;
  readonly code: number;
  readonly reason: string;
}

/** What happens to a value that does not have its packet's form. */
export interface MoveResult {
  /** Code of the error of the call. */
  readonly thrown: string | undefined;
  readonly moved: readonly number[];
  readonly reason: string | null;
}

/** What a client that stays has seen. */
export interface StayResult {
  readonly received: readonly number[];
  readonly hidden: boolean;
  /** What stands above the page. */
  readonly title: string;
  /** What the page was told of its own life. */
  readonly life: readonly string[];
  /** Why the connection was closed; null: it is open. */
  readonly closed: string | null;
}

export type ClientPrograms = {
  /** Connects, and stays: sends each numbered packet back as soon as it comes. For pages only. */
  stay(order: {
    readonly url: string;
    readonly cfg?: ConfigOverrides;
    readonly resume?: boolean;
    /** Whether the session goes on when the page is reloaded, and a fresh one follows where it cannot. */
    readonly overReloads?: boolean;
    /** Whether the page closes the connection when it goes, with the reason "tab closed". */
    readonly saysGoodbye?: boolean;
  }): Promise<void>;
  /** Has the client of `stay` send numbers of its own. */
  say(order: { readonly from: number; readonly to: number }): void;
  stayed(): StayResult;
  session(order: SessionOrder): Promise<SessionResult>;
  /** Sends values of all kinds, and throws unless each comes back. @returns how many. */
  echoValues(order: { readonly url: string }): Promise<number>;
  /** Sends a numbered packet in each step of a ticker, and closes after so many steps. @returns whether the ticker has ended then. */
  ticks(order: { readonly url: string; readonly hz: number; readonly steps: number }): Promise<boolean>;
  raw(order: RawOrder): Promise<RawResult>;
  /** Sends moves of these x, which need not be numbers, and waits for the server to close. */
  move(order: {
    readonly url: string;
    readonly x: readonly unknown[];
    readonly validateSent: boolean;
  }): Promise<MoveResult>;
};
