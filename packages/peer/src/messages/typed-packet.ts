import {
  type AnyPacketDefinition,
  type Cid,
  DefinedPacket,
  type Packet,
  type PacketDefinition,
  type PacketInput,
  type PacketOutput,
  type PacketRegistry,
  type Peer,
  type Side,
} from "@peng3dnet/protocol";
import type { HandlerGuard } from "../base/handler-guard.js";

/** A definition that one side may send: the other side, or both, receive it. */
export type SentTo<Receiver extends Side> = PacketDefinition<unknown, unknown, Receiver | null, string>;
/** A definition that a side receives. */
export type ReceivedBy<Receiver extends Side> = PacketDefinition<unknown, unknown, Receiver | null, string>;

/** Names that a side may send: those declared for the receiver, or any if none were declared. */
export type NameSentTo<D extends AnyPacketDefinition, Receiver extends Side> = string extends D["name"]
  ? string
  : D extends { readonly side: Receiver | null; readonly name: infer Name extends string }
    ? Name
    : never;

// A name of its own, so that no error about a name or a payload lists what a `Packet` consists of.
interface PacketObject extends Packet {}
/** A packet type by its id, or an object of the class style: of its payload nothing is known. */
export type UntypedPacket = number | PacketObject;

/**
 * Payload of what is sent: that of a definition, or of a name that was declared; otherwise unknown. The first
 * condition is that of {@link PacketInput}, so that code that is generic in the definition compiles.
 */
export type PayloadOf<D extends AnyPacketDefinition, P> = P extends { readonly "~input": infer Input }
  ? Input
  : P extends string
    ? string extends D["name"]
      ? unknown
      : PacketInput<Extract<D, { readonly name: P }>>
    : unknown;

/** Carries which packets a server declared to the objects that stand for its clients. Types only. */
export interface KnowsPackets<D extends AnyPacketDefinition> {
  /** The definitions; not there at run time. */
  readonly "~packets"?: D | undefined;
}

/** Listener of an event by name, or of a packet by definition. */
export type TargetListener<Events, Target, Owner> = Target extends keyof Events
  ? (...args: Extract<Events[Target], unknown[]>) => void
  : MessageHandler<PacketOutput<Target>, Owner>;

/** What a handler of a packet is told beside the payload. */
export interface MessageContext<Owner> {
  /** Who sent it: the client on a server, the client itself on a client. */
  readonly client: Owner;
}

/**
 * Handles the payload of one packet. What it returns is ignored, so that `(msg) => client.sendMessage(…)` will do; a
 * promise that rejects is reported as an error that is thrown.
 */
export type MessageHandler<Payload, Owner> = (msg: Payload, context: MessageContext<Owner>) => unknown;

/** A packet made from a definition, with listeners. */
export class TypedPacket<Owner> extends DefinedPacket {
  readonly #owner: (cid: Cid) => Owner | undefined;
  readonly #guard: HandlerGuard;
  readonly #unheard: () => void;
  /** Of any owner, so that a peer of some packets or clients can stand where one of any is asked for. */
  #handlers: readonly MessageHandler<never, never>[] = [];
  /** How many iterators buffer its messages. */
  iterators = 0;

  constructor(
    reg: PacketRegistry,
    peer: Peer,
    definition: AnyPacketDefinition,
    owner: (cid: Cid) => Owner | undefined,
    guard: HandlerGuard,
    unheard: () => void,
  ) {
    super(reg, peer, definition);
    this.#owner = owner;
    this.#guard = guard;
    this.#unheard = unheard;
  }

  /** Adds a handler. */
  addHandler(handler: MessageHandler<never, never>): void {
    this.#handlers = this.#handlers.concat([handler]);
  }

  /** Removes a handler. */
  removeHandler(handler: MessageHandler<never, never>): void {
    this.#handlers = this.#handlers.filter((other) => other !== handler);
  }

  override receive(msg: unknown, cid: Cid): void {
    const handlers = this.#handlers;
    if (handlers.length === 0) {
      this.#unheard();
      return;
    }
    const client = this.#owner(cid);
    if (client === undefined) return;
    const context: MessageContext<Owner> = { client };
    for (const handler of handlers) {
      try {
        const result: unknown = (handler as unknown as MessageHandler<unknown, Owner>)(msg, context);
        if (result !== undefined) this.#guard.watch(result, this.name);
      } catch (error) {
        this.#guard.failed(error, this.name);
      }
    }
  }
}
