import type { ConfigOverrides } from "@peng3dnet/core";
import type { WebSocketAcceptorOptions } from "@peng3dnet/websocket";
import type { Attacker } from "./attacker.js";
import type { RequestAppName } from "./requests.js";

/** What the application on the victim does with an attacker's packets. The names are those of `APPS`. */
export type AppName =
  | "block"
  | "broadcast"
  | "clone"
  | "entries"
  | "events"
  | "exit"
  | "groups"
  | "hoard"
  | "ignore"
  | "json"
  | "keep"
  | "kick"
  | "messages"
  | "reject"
  | "reply"
  | "spread"
  | "throw";

/** Where a server takes WebSockets. */
export interface WebSocketDoor extends Omit<WebSocketAcceptorOptions, "server"> {
  /** `"port"`: a port of its own. `"http"`: an http server of the program, which has pages, too. */
  readonly on: "port" | "http";
}

/** How the victim is set up. Left out: a plain server whose application ignores what comes. */
export interface Victim {
  readonly app?: AppName;
  /** It answers requests in this way, and asks all clients all the time. */
  readonly requests?: RequestAppName;
  readonly tls?: boolean;
  /** Packets wait for `process()`, called 60 times a second. */
  readonly manual?: boolean;
  /** The victim is a client that connects to the attacker, over and over, beside the server of the honest one. */
  readonly client?: boolean;
  /** As a client, it comes back to its sessions, and goes where servers send it. */
  readonly resumes?: boolean;
  /** It takes WebSockets, too, and there the attack goes. */
  readonly webSocket?: WebSocketDoor;
  readonly cfg?: ConfigOverrides;
}

/** Attacks until the time is over. */
export type Attack = (attacker: Attacker) => Promise<void>;

/** One kind of attack. */
export interface Kind {
  /** For `--only`. */
  readonly name: string;
  /** What is sent, for the table. */
  readonly title: string;
  /** Connections at once. */
  readonly connections: number;
  readonly victim?: Victim;
  /** Seconds that it goes on. Default 1. */
  readonly seconds?: number;
  /** The attacker keeps its sockets: the server's own deadlines have to get rid of them. */
  readonly stays?: boolean;
  /** It consists of connections alone: bytes are not its point, or not counted. */
  readonly mute?: boolean;
  /** Code of the error that the attacker's connections have to end with, each of them. */
  readonly code?: string;
  /** Makes the bytes, before anything is measured. */
  readonly prepare: () => Attack;
}
