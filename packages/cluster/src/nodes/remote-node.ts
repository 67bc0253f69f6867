import type { Incoming } from "../groups/incoming.js";
import { nameOf } from "../wire/names.js";

/** From where on a node hears what is sent to a group. */
export interface Start {
  /** Version of what it wants to hear from which on it has members. */
  readonly since: number;
  /** Number of the sequence then. */
  readonly stream: number;
  /** Number of the last message then. */
  readonly number: number;
}

/** What a node wants to hear, while its parts are coming in. */
export interface Parts {
  readonly version: number;
  readonly groups: Map<string, Start>;
  /** Whether there are more than are kept. */
  more: boolean;
  /** The part that is to come next. */
  next: number;
}

/** Another node, as this one sees it. */
export class RemoteNode {
  readonly id: string;
  /** The name in its id. */
  readonly name: string;
  /** Where clients reach it, if it says so. */
  advertised: string | undefined = undefined;
  /** How many clients it had at its last beat. */
  clients = 0;
  /** When it was heard of last, by the clock of this node. */
  heardAt: number;
  /** Whether it was silent for too long. What is known of it is kept for a while: it may come back. */
  lost = false;

  // What it wants to hear.

  /** The groups that it has members of, and from where on it hears them. */
  groups: Map<string, Start> = new Map();
  /** Version of these; -1: they are not known. */
  version = -1;
  /** Whether that is all: else it gets everything. */
  complete = false;
  /** Whether it may have said something else meanwhile, which could not be heard. */
  doubtful = false;
  parts: Parts | undefined = undefined;
  /** Beats in a row that told of another version than is known here. */
  behind = 0;

  // What this node hears from it.

  /** Where its sequences are, by group. */
  readonly incoming = new Map<string, Incoming>();
  /** The answer that is coming in, in parts. */
  answered: { readonly version: number; next: number } | undefined = undefined;
  /** The version of what this node wants to hear that it has answered. */
  confirmed = -1;
  /** The version of what this node wants to hear at the time of its last beat. */
  atLastBeat = -1;

  /** The last request of its that came here, or that it asked after; `undefined`: none that is known of. */
  lastRequest: number | undefined = undefined;

  constructor(id: string, now: number) {
    this.id = id;
    this.name = nameOf(id);
    this.heardAt = now;
  }
}
