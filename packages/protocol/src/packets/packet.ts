import type { Peer } from "../connection/peer.js";
import type { Cid } from "../constants.js";
import type { PacketRegistry } from "../registry/packet-registry.js";
import type { PacketRule } from "./packet-rule.js";

/** Handlers may be asynchronous: a rejection is reported as a thrown error is, and nothing waits for them. */
export type MaybeAsync = void | Promise<void>;

/**
 * A type of packet. Subclass it and override {@link Packet.receive}, then register an instance with a
 * server and one with a client.
 *
 * @typeParam Payload - what the packet carries. It is what you expect, not what a peer is bound to send.
 * @reference `Packet`
 */
export class Packet<Payload = unknown> {
  /** Lets another copy of this package see what it is: a program may have two, and `instanceof` says no then. */
  get "~peng3dnet"(): "packet" {
    return "packet";
  }

  // Declared only: each of thousands of clients makes packets, and a field is written twice where it has no value to begin with.
  /** Registry that all packets of the peer share. */
  declare readonly reg: PacketRegistry;
  /** The peer that this packet type belongs to. */
  declare readonly peer: Peer;
  /**
   * Free for the application; `null` if it was left out.
   *
   * @reference `obj`
   */
  declare readonly obj: unknown;
  /** Name under which `registerObject` registers it. */
  declare readonly name: string | undefined;

  constructor(reg: PacketRegistry, peer: Peer, obj: unknown = null) {
    this.reg = reg;
    this.peer = peer;
    this.obj = obj;
  }

  /**
   * Conditions for sending and receiving, or `null`. Read once, when the packet is registered.
   *
   * @throws {@link InvalidSmartPacketActionError} if the action is none of those allowed.
   */
  rule(): PacketRule | null {
    return null;
  }

  /**
   * Turns a payload that arrived into the one that handlers get. The default leaves it as it is.
   *
   * @throws {@link InvalidPayloadError} if it does not fit.
   */
  parse(msg: unknown): unknown {
    return msg;
  }

  /**
   * Called when a packet of this type arrived; passes it to {@link Packet.receive}.
   *
   * @reference `_receive`
   */
  _receive(msg: Payload, cid: Cid): MaybeAsync {
    return this.receive(msg, cid);
  }

  /**
   * Called when a packet of this type was sent; passes it to {@link Packet.send}.
   *
   * @reference `_send`
   */
  _send(msg: Uint8Array, cid: Cid): MaybeAsync {
    return this.send(msg, cid);
  }

  /**
   * A packet of this type arrived.
   *
   * @param msg - its payload.
   * @param cid - who sent it: a client's id on a server, `null` on a client.
   * @reference `receive`
   */
  receive(_msg: Payload, _cid: Cid): MaybeAsync {}

  /**
   * A packet of this type was sent, which means: accepted and encoded.
   *
   * @param msg - the encoded packet with header and length prefix. A view: copy what you keep.
   * @param cid - who it goes to: a client's id on a server, `null` on a client.
   * @reference `send`
   */
  send(_msg: Uint8Array, _cid: Cid): MaybeAsync {}
}

/**
 * Writes each payload it receives, for trying things out.
 *
 * Payloads are passed on as they came. A terminal obeys control characters: escape text with `escapeText` before it is
 * printed, where peers are not trusted.
 *
 * @reference `PrintPacket`
 */
export class PrintPacket<Payload = unknown> extends Packet<Payload> {
  readonly #print: (...values: unknown[]) => void;

  /** @param print - where to write; default: where the peer prints, which is the standard output if it is not told. */
  constructor(
    reg: PacketRegistry,
    peer: Peer,
    print: (...values: unknown[]) => void = (...values) => peer.print?.(...values),
  ) {
    super(reg, peer);
    this.#print = print;
  }

  override receive(msg: Payload, cid: Cid): void {
    if (cid === null) this.#print(msg);
    else this.#print(`${cid}:`, msg);
  }
}
