import {
  type AnyPacketDefinition,
  type Cid,
  DefinedPacket,
  type PacketDefinition,
  type PacketInput,
  type PacketRegistry,
  type Peer,
  type Side,
} from "@peng3dnet/protocol";
import type { HandlerGuard } from "./handler-guard.js";

/** A definition that one side may send: the other side, or both, receive it. */
export type SentTo<Receiver extends Side> = PacketDefinition<unknown, unknown, Receiver | null, string>;
/** A definition that a side receives. */
export type ReceivedBy<Receiver extends Side> = PacketDefinition<unknown, unknown, Receiver | null, string>;

/** Names that a side may send: those declared for the receiver, or any if none were declared. */
export type NameSentTo<D extends AnyPacketDefinition, Receiver extends Side> = string extends D["name"]
  ? string
  : D extends PacketDefinition<unknown, unknown, Receiver | null, infer Name>
    ? Name
    : never;

/** Payload of a declared name; unknown if none were declared. */
export type InputOfName<D extends AnyPacketDefinition, Name> = string extends D["name"]
  ? unknown
  : PacketInput<Extract<D, { readonly name: Name }>>;

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
  #handlers: readonly MessageHandler<never, Owner>[] = [];

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
  listen(handler: MessageHandler<never, Owner>): void {
    this.#handlers = [...this.#handlers, handler];
  }

  /** Removes a handler. */
  unlisten(handler: MessageHandler<never, Owner>): void {
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
        const result: unknown = (handler as MessageHandler<unknown, Owner>)(msg, context);
        if (result !== undefined) this.#guard.watch(result, this.name);
      } catch (error) {
        this.#guard.failed(error, this.name);
      }
    }
  }
}
