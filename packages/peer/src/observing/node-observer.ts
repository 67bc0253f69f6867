import type { RequestObserver } from "./peer-observer.js";

/**
 * What a message between nodes is about: `"broadcast"` to a group, `"send"` to one client, `"request"` (and `kick`, and what gives one
 * up or asks after it), `"answer"` to these, `"presence"` of clients, `"membership"` of nodes and what they want to hear; `"other"`: it is
 * of no known kind.
 */
export type BusMessageKind =
  | "broadcast"
  | "send"
  | "request"
  | "answer"
  | "presence"
  | "membership"
  | "other";

/** A request to a client of another node that begins, as a {@link NodeObserver} sees it. */
export interface ObservedNodeRequest {
  /** Name of its definition. */
  readonly name: string;
  /** `"asked"`: this node asks another one; `"answered"`: this node is about to ask a client of its own for another one. */
  readonly way: "asked" | "answered";
  /** Id of this node. */
  readonly node: string;
  /** Id of the other one. */
  readonly other: string;
  /** What the caller's observer gave as {@link RequestObserver.trace}; `undefined`: nothing. */
  readonly trace: string | undefined;
}

/**
 * Looks on while a node of a cluster works: see {@link observe}. Every method may be left out, and costs nothing then. They are called
 * within the library's own work, so they return soon; what they throw is reported as the error of a handler of the node's server.
 * The last argument is the id of the node.
 */
export interface NodeObserver {
  /** A message went to the bus. */
  published?(kind: BusMessageKind, bytes: number, node: string): void;
  /** A message of another node came. */
  arrived?(kind: BusMessageKind, bytes: number, node: string): void;
  /** Messages to a group are missing. @param missed - how many, `undefined`: nobody knows. @param from - id of the node that sent them. */
  gap?(group: string, missed: number | undefined, from: string, node: string): void;
  /** The bus got another state. @param unconfirmed - as `BusChange` of the cluster says. */
  busChanged?(state: "connected" | "disconnected" | "closed", unconfirmed: number, node: string): void;
  /** Another node is there. */
  joined?(other: string, node: string): void;
  /** Another node is not there any more. @param lost - it has not said so, and was silent for too long. */
  gone?(other: string, lost: boolean, node: string): void;
  /** A request to a client of another node begins. @returns what follows it; `undefined`: nothing. */
  request?(request: ObservedNodeRequest): RequestObserver | undefined;
}

/** What there is of a node now, and what it has counted. */
export interface NodeCensus {
  /** Other nodes that are there. */
  readonly nodes: number;
  /** Groups that have members here and are shared with other nodes. */
  readonly groups: number;
  /** Whether messages get through the bus. `undefined`: the node has left. */
  readonly connected: boolean | undefined;
  /** How often messages to groups were missing. */
  readonly gaps: number;
  /** How many messages these were, as far as that is known. */
  readonly missed: number;
  /** Requests to clients of other nodes that wait for an answer. */
  readonly asked: number;
  /** Requests of other nodes to clients of this one that wait for an answer. */
  readonly answering: number;
}
