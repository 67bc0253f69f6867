import type { Clock } from "@peng3dnet/peer";
import type { Heard, Position, Wanted } from "../wire/messages.js";
import type { RemoteNode } from "./remote-node.js";

/** What membership needs of its node. */
export interface MembershipHost {
  readonly id: string;
  readonly clock: Clock;
  readonly advertised: string | undefined;
  /** Seconds between two beats. */
  readonly interval: number;
  /** Seconds of silence after which a node is taken for dead. */
  readonly timeout: number;
  readonly connected: boolean;
  /** The longest message that the bus takes now, in bytes. */
  readonly maxPayload: number;
  /** How many clients this node has. */
  readonly clients: number;
  /** Tells all nodes. It does not throw. */
  tellAll(message: Uint8Array): void;
  /** Tells one node. It does not throw. */
  tell(node: string, message: Uint8Array): void;
  /** Groups that this node has members of. */
  groups(): Iterable<Wanted>;
  /** Where the sequence of a group is, which begins if there is none: somebody will hear it. */
  positionOf(group: string): Position;
  /** Sequences that were active a short time ago. */
  activePositions(): Position[];
  /** All sequences. */
  allPositions(): Iterable<Position>;
  /** From where on this node hears all of a sequence. */
  heardFrom(node: RemoteNode, heard: Heard): void;
  /** A sequence has got to here. */
  reached(node: RemoteNode, position: Position, end: boolean): void;
  /** Others may want to hear less than before. @param groups - these; `undefined`: any. */
  wantedLess(groups: readonly string[] | undefined): void;
  /** Another node is there. */
  joined(node: RemoteNode): void;
  /** Another node is not there any more. @param left - it has said so. */
  gone(node: RemoteNode, left: boolean): void;
  /** Another node speaks under the id of this one. */
  conflict(): void;
  /** There are more nodes than may be. */
  tooMany(id: string): void;
  /** A beat is over. */
  ticked(): void;
}
