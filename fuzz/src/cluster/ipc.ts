// What the conductor and the processes of nodes and clients tell each other.

import type { Roster } from "./presence.js";

/** To a node. */
export type ToNode =
  | { readonly do: "go"; readonly bus: string; readonly host: string }
  | { readonly do: "send"; readonly on: boolean }
  /** Ids of clients of all nodes, to ask them. */
  | { readonly do: "peers"; readonly peers: readonly string[] }
  | { readonly do: "report"; readonly id: number; readonly collect: boolean }
  | { readonly do: "roster"; readonly id: number }
  | { readonly do: "end" };

/** What a node has to report. */
export interface NodeReport {
  /** Its id in the cluster. */
  readonly node: string;
  /** Ids of the other nodes that it knows of. */
  readonly others: readonly string[];
  /** Number of the last message to each group. */
  readonly finals: Readonly<Record<string, number>>;
  readonly clients: number;
  /** Some of them. */
  readonly peers: readonly string[];
  readonly gaps: number;
  readonly missed: number;
  readonly sent: number;
  /** Messages that the bus did not take, with an error. */
  readonly refused: number;
  /** Questions to clients of other nodes, and how they ended. */
  readonly asked: Readonly<Record<string, number>>;
  /** Questions that are older than they may be and have not ended. */
  readonly hanging: number;
  /** Members that entered when they were there, or left when they were not. */
  readonly wrongMembers: number;
  /** Members of all groups at this node. */
  readonly members: number;
  /** Bytes in use. */
  readonly memory: number;
}

/** To the clients. */
export type ToClients =
  | { readonly do: "go"; readonly count: number }
  /** Where nodes are now. */
  | { readonly do: "addresses"; readonly addresses: readonly (readonly [host: string, port: number])[] }
  /**
   * Compares with where the sequences of nodes are. With `explain`, those that are behind are something wrong; with `collect`,
   * garbage is collected first.
   */
  | {
      readonly do: "report";
      readonly id: number;
      readonly collect: boolean;
      readonly finals: Readonly<Record<string, Readonly<Record<string, number>>>>;
      readonly explain: boolean;
    };

/** What the clients have to report. */
export interface ClientsReport {
  readonly connected: number;
  /** Sequences that are not at their end. */
  readonly behind: number;
  readonly messages: number;
  readonly gaps: number;
  readonly missed: number;
  /** Views: clients' connections. */
  readonly views: number;
  /** What is wrong: the first ones. */
  readonly wrong: readonly string[];
  readonly wrongs: number;
  readonly memory: number;
}

/** What a process tells the conductor. */
export type FromProcess<R> =
  | { readonly is: "ready" }
  | { readonly is: "there"; readonly port: number; readonly node: string }
  | { readonly is: "report"; readonly id: number; readonly report: R }
  | { readonly is: "roster"; readonly id: number; readonly report: Roster };
