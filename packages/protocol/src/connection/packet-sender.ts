import type { Cid, Side, SslSecLevel } from "../constants.js";
import { MAX_REASON_BYTES } from "../errors/describe-error.js";
import { ConnectionClosedError } from "../errors/errors.js";
import { escapeText } from "../errors/quote-text.js";
import { encodeAcknowledgement } from "../handshake/acknowledgement.js";
import { writeControl } from "../handshake/control.js";
import { CLOSECONN_NAME } from "../handshake/internal-names.js";
import { encodeTicket } from "../handshake/ticket.js";
import { checkSent } from "../packets/check-sent.js";
import { maySend, type PacketTarget } from "../packets/send-check.js";
import type { PacketEntry, PacketRegistry } from "../registry/packet-registry.js";
import type { BoundType } from "./bound-type.js";
import type { ConnectionContext } from "./connection-context.js";
import { type ConnectionHost, watchResult } from "./connection-host.js";
import { PacketStream } from "./packet-stream.js";
import type { PacketRef, Peer } from "./peer.js";

/**
 * What a connection sends: it refuses what may not be sent, encodes the rest, and shows it to those who want to see it. In what
 * state the connection is, is known by {@link Connection}, which extends it.
 */
export abstract class PacketSender extends PacketStream implements PacketTarget {
  /** Client id on a server, `null` on a client. */
  readonly cid: Cid;
  /** Whether droppable packets are dropped past the high-water mark. Default: as `net.limits.unsent.policy` says. */
  dropDroppable: boolean;
  /** State, one of the `STATE_*` constants, or the application's own. */
  abstract readonly state: number;
  /** Mode, one of the `MODE_*` constants, or the application's own. */
  abstract readonly mode: number;
  /** Name of the connection type; `CONNTYPE_NOTSET` until it is known. */
  abstract readonly conntype: string;
  /** What TLS established. */
  abstract readonly sslSeclevel: SslSecLevel;
  /** The connection type; `undefined` until it is known. */
  protected abstract readonly type: BoundType | undefined;

  /** Reason of the close that has begun; `undefined` until one begins. */
  #reason: string | null | undefined = undefined;

  /**
   * @param context - what the peer's connections share.
   * @param cid - client id, or `null` on a client.
   * @param host - moves its bytes and calls the application.
   */
  constructor(context: ConnectionContext, cid: Cid, host: ConnectionHost) {
    super(context, host);
    this.dropDroppable = context.dropDroppable;
    this.cid = cid;
  }

  /** The server or client that it belongs to. */
  get peer(): Peer {
    return this.context.peer;
  }

  /** The side that this end is on. */
  get side(): Side {
    return this.context.peer.side;
  }

  /** The packet types of its peer. */
  protected registry(): PacketRegistry {
    return this.context.peer.registry;
  }

  /** Whether a close has begun, so that nothing more can be sent. */
  get closing(): boolean {
    return this.#reason !== undefined;
  }

  /**
   * Sends a packet: checks and encodes it now, and hands the bytes over with the batch.
   *
   * @returns false past the high-water mark, or if it was dropped, as the packet says.
   * @throws as {@link Peer.sendMessage}.
   */
  send(ptype: PacketRef, data: unknown): boolean {
    if (this.#reason !== undefined) throw this.closed(this.#reason);
    const entry = this.registry().entry(ptype);
    if (entry.onlyState !== this.state && !maySend(this, entry, false)) return false;
    if (entry.parses && this.context.validateSent) this.checkSent(entry, data);
    this.out().encode(entry.id, data, entry.name);
    if (this.#reason !== undefined) throw this.closedWithin(this.#reason);
    return this.accepted(entry, ptype, data, 1);
  }

  /** Validates a payload. A method of its own, so that `send` stays short enough to be inlined. */
  private checkSent(entry: PacketEntry, data: unknown): void {
    watchResult(this.host, checkSent(this.context, entry, data), entry.name);
  }

  /**
   * Sends a packet that {@link encodePacket} made for a registered type, and that must not change any more. It does what
   * {@link PacketSender.send} does, with one exception: where a condition of the packet does not hold for this connection, it
   * drops the packet instead of throwing, since the same packet goes to other connections.
   *
   * It does not count for the flush policy: whoever sends to many sends to all of them before it is through, and a call of
   * the system for each of them in between would cost more than it brings. It leaves with the batch, or when much has gathered.
   */
  sendEncoded(entry: PacketEntry, packet: Uint8Array, ptype: PacketRef, data: unknown): boolean {
    if (this.#reason !== undefined) throw this.closed(this.#reason);
    if (entry.onlyState !== this.state && !maySend(this, entry, true)) return false;
    this.out().append(packet);
    return this.accepted(entry, ptype, data, 0);
  }

  /**
   * Sends one of the protocol's own packets, which nobody observes. A peer that is gone gets none, and what it sent before that is
   * received all the same.
   *
   * @param packet - its bytes, with the length prefix.
   */
  protected sendOwn(packet: Uint8Array): void {
    if (this.#reason !== undefined) return;
    this.out().append(packet);
    this.packetsOut++;
    this.announce(0);
  }

  /** For connection types: sends a packet by id alone, registered or not, past all checks and hooks. */
  sendRaw(id: number, data: unknown): boolean {
    if (this.#reason !== undefined) throw this.closed(this.#reason);
    this.out().encode(id, data, this.registry().peek(id)?.name ?? String(id));
    if (this.#reason !== undefined) throw this.closedWithin(this.#reason);
    this.packetsOut++;
    return this.announce(1);
  }

  /**
   * Sends a beat or the answer to one, past all checks and hooks. It leaves with what else is sent in the same tick, and counts
   * as no packet. On a connection that closes it does nothing.
   *
   * @param id - `BEAT_ID` or `BEAT_ANSWER_ID`.
   */
  sendHeartbeat(id: number, body: unknown): void {
    this.sendControl(id, body, "heartbeat");
  }

  /**
   * Says how much of the other side's stream has been received, as {@link PacketSender.sendHeartbeat} sends.
   *
   * @param received - in bytes, from the first one of the session on.
   */
  sendAcknowledgement(received: number): void {
    if (this.#reason !== undefined) return;
    this.out().append(encodeAcknowledgement(received));
    this.announce(0);
  }

  /**
   * Gives the client a ticket to come back with, as {@link PacketSender.sendHeartbeat} sends.
   *
   * @param ticket - 16 to 128 bytes.
   * @param window - how long the session waits for its client, in seconds.
   */
  sendTicket(ticket: Uint8Array, window: number): void {
    if (this.#reason !== undefined) return;
    this.out().append(encodeTicket(this.context, ticket, window));
    this.announce(0);
  }

  /** Sends a packet of an extension's own. @param name - for errors. */
  private sendControl(id: number, body: unknown, name: string): void {
    if (this.#reason !== undefined) return;
    writeControl(this.out(), this.context, id, body, name);
    this.announce(0);
  }

  /**
   * Sends the closing packet with a reason. Nothing can be sent after it.
   *
   * @param address - where else the session is that the client came back for.
   * @throws {@link PacketTooLargeError} if the reason does not fit a packet; the connection stays open then.
   */
  sendClose(reason: string | null, address?: string): void {
    if (this.#reason !== undefined) return;
    const body = address === undefined ? { reason } : { reason, address };
    this.out().encode(this.registry().getID(CLOSECONN_NAME), body, CLOSECONN_NAME);
    // A codec of the application may have closed it within that: the first reason counts.
    if (this.#reason !== undefined) {
      this.takeBack();
      return;
    }
    this.packetsOut++;
    this.announce(1);
    this.markClosing(reason);
  }

  /** Begins a close without a closing packet: nothing can be sent from now on. */
  markClosing(reason: string | null): void {
    this.#reason = reason;
  }

  /** A getter of a payload, or a codec, has begun a close: nothing may stand behind the closing packet. */
  private closedWithin(reason: string | null): ConnectionClosedError {
    this.takeBack();
    return this.closed(reason);
  }

  private closed(reason: string | null): ConnectionClosedError {
    const why = reason === null ? "" : ` (${escapeText(reason, MAX_REASON_BYTES)})`;
    return new ConnectionClosedError(`the connection is closed${why}; nothing can be sent`, reason);
  }

  /** Tells everybody whom it concerns of a packet that was encoded. @param counted - as in {@link PacketStream.announce}. */
  private accepted(entry: PacketEntry, ptype: PacketRef, data: unknown, counted: 0 | 1): boolean {
    this.packetsOut++;
    if (!entry.protocol) {
      if (entry.observesSend || this.type?.observesSend === true) this.observeSend(entry, ptype, data);
      else this.host.sent(ptype, data);
    }
    return this.announce(counted);
  }

  /** Shows a packet to the connection type, and then to the packet's own hook and to the host. */
  private observeSend(entry: PacketEntry, ptype: PacketRef, data: unknown): void {
    const packet = this.lastPacket();
    const { type } = this;
    if (!entry.internal && type?.observesSend === true && type.send(packet, ptype, this.cid, this.host))
      return;
    if (entry.observesSend) {
      try {
        const result = entry.obj._send(packet, this.cid);
        if (result !== undefined) watchResult(this.host, result, entry.name);
      } catch (error) {
        this.host.handlerFailed(error, entry.name);
      }
    }
    this.host.sent(ptype, data, packet);
  }
}
