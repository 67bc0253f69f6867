import {
  type Cid,
  CONNTYPE_CLASSIC,
  CONNTYPE_NOTSET,
  FIRST_USER_ID,
  MODE_CLOSED,
  MODE_NOTSET,
  SIDE_SERVER,
  type Side,
  SSLSEC_NONE,
  type SslSecLevel,
  STATE_CLOSED,
  STATE_HELLOWAIT,
  STATE_INIT,
  STATE_WAITTYPE,
} from "../constants.js";
import { MAX_REASON_BYTES } from "../errors/describe-error.js";
import { namePacket } from "../errors/error-text.js";
import {
  ConnectionClosedError,
  InvalidStateError,
  NotPeng3dnetError,
  UnexpectedPacketError,
  UnknownConnectionTypeError,
} from "../errors/errors.js";
import { escapeText, quoteText } from "../errors/quote-text.js";
import type { FrameDecoder } from "../framing/frame-decoder.js";
import type { FrameEncoder } from "../framing/frame-encoder.js";
import { HEADER_SIZE, LENGTH_SIZE, readUint16, readUint32 } from "../framing/packet-header.js";
import type { HandshakeConnection } from "../handshake/handshake-connection.js";
import {
  ACCEPT_NAME,
  CLOSECONN_ID,
  CLOSECONN_NAME,
  HANDSHAKE_NAME,
  HELLO_ID,
  HELLO_NAME,
  SETTYPE_NAME,
} from "../handshake/internal-names.js";
import { checkSent } from "../packets/check-sent.js";
import type { PacketSource } from "../packets/packet-delivery.js";
import { maySend, type PacketTarget } from "../packets/send-check.js";
import type { PacketEntry, PacketRegistry } from "../registry/packet-registry.js";
import type { RegistrySyncOptions } from "../registry/registry-sync.js";
import { PROTOVERSION, VERSION } from "../version.js";
import type { BoundType } from "./bound-type.js";
import type { ConnectionContext } from "./connection-context.js";
import { type ConnectionHost, watchResult } from "./connection-host.js";
import { FIRST_FLUSH_AFTER, FLUSH_AT, nextFlushAfter, worthFlushing } from "./flush-policy.js";
import type { PacketRef, Peer } from "./peer.js";
import { checkApplicationState, isActive, nextState, type StateEvent } from "./state.js";

/** Stands for the length of a packet that is compressed, or has other flags: nobody knows yet what it holds. */
export const COMPRESSED = 0x3fff_ffff;

/**
 * One connection, without I/O: bytes go in through {@link Connection.push}, packets are worked off with
 * {@link Connection.next} and {@link Connection.dispatch}, bytes to send come out of
 * {@link Connection.output}. A peer's fault is thrown as an error with a `closeReason`; whoever drives the
 * connection answers it with {@link Connection.sendClose}.
 */
export class Connection implements PacketSource, PacketTarget, HandshakeConnection {
  /** Client id on a server, `null` on a client. */
  readonly cid: Cid;
  /** Mode, one of the `MODE_*` constants or the application's own numbers. Default `MODE_NOTSET`. */
  mode: number = MODE_NOTSET;
  /** What TLS established. Default `SSLSEC_NONE`. */
  sslSeclevel: SslSecLevel = SSLSEC_NONE;
  /** Bytes that were taken from {@link Connection.output} and have not reached the kernel, kept by the driver. */
  backlog = 0;
  /** Whether droppable packets are dropped past the high-water mark. Default: as `net.limits.unsent.policy` says. */
  dropDroppable: boolean;
  /** Packets received. */
  packetsIn = 0;
  /** Packets accepted for sending. */
  packetsOut = 0;
  /** Packets ignored since the last one that was delivered. */
  ignoredInARow = 0;
  /** What surrounds it. */
  readonly host: ConnectionHost;

  readonly #context: ConnectionContext;
  /** There while something received is not worked off. */
  #decoder: FrameDecoder | undefined = undefined;
  /** There while there is output. */
  #encoder: FrameEncoder | undefined = undefined;
  #state: number = STATE_INIT;
  #type: BoundType | undefined = undefined;
  /** Whether that wants to see what is received. */
  #typeReceives = false;
  /** Why it closes; `undefined` until then. */
  #reason: string | null | undefined = undefined;
  #pending = false;
  /** Packets that have gathered since output was handed over. */
  #gathered = 0;
  /** Number of gathered packets from which the flush policy is asked. */
  #flushAfter = FIRST_FLUSH_AFTER;

  /**
   * @param context - what the peer's connections share.
   * @param cid - client id, or `null` on a client.
   * @param host - what surrounds it.
   * @param requestedConntype - on a client, the connection type to ask for; default `CONNTYPE_CLASSIC`.
   */
  constructor(
    context: ConnectionContext,
    cid: Cid,
    host: ConnectionHost,
    requestedConntype: string = CONNTYPE_CLASSIC,
  ) {
    this.requestedConntype = requestedConntype;
    this.#context = context;
    this.dropDroppable = context.dropDroppable;
    this.host = host;
    this.cid = cid;
  }

  // ---- state ------------------------------------------------------------------------------------

  /** The server or client that it belongs to. */
  get peer(): Peer {
    return this.#context.peer;
  }

  /** What it shares with all connections of its peer that began with the same options. */
  get context(): ConnectionContext {
    return this.#context;
  }

  /** The side that this end is on. */
  get side(): Side {
    return this.#context.peer.side;
  }

  // Methods and not private getters, for each use of which the engine calls its run time.

  #registry(): PacketRegistry {
    return this.#context.peer.registry;
  }

  /** State, one of the `STATE_*` constants. Once active, the application may set `STATE_ACTIVE` to 127. */
  get state(): number {
    return this.#state;
  }

  set state(state: number) {
    checkApplicationState(this.#state, state);
    this.#state = state;
  }

  /** Whether the handshake is complete and the connection not closed. */
  get active(): boolean {
    return isActive(this.#state);
  }

  /** Whether a close has begun, so that nothing more can be sent. */
  get closing(): boolean {
    return this.#reason !== undefined;
  }

  /** Name of the connection type; `CONNTYPE_NOTSET` until it is known. */
  get conntype(): string {
    return this.#type?.name ?? CONNTYPE_NOTSET;
  }

  /** Whether the peer's stream stopped within a packet. */
  get incomplete(): boolean {
    return this.#decoder?.incomplete === true;
  }

  /** On a client: the connection type to ask for. */
  readonly requestedConntype: string;

  /** How to take over the server's registry; `undefined`: not at all. */
  get registrySync(): RegistrySyncOptions | undefined {
    const { autosync, strictRegistry: strict, maxNames, maxNameLength } = this.#context;
    return autosync ? { strict, maxNames, maxNameLength } : undefined;
  }

  /** Bytes accepted for sending that have not reached the kernel. */
  get unsent(): number {
    return this.backlog + (this.#encoder?.length ?? 0);
  }

  /** Starts the handshake: the transport is up. A server says hello. */
  open(): void {
    this.#transition("open");
    if (this.side === SIDE_SERVER) {
      this.send(HELLO_NAME, { version: VERSION, protoversion: PROTOVERSION });
      this.#transition("hello");
    }
  }

  /** On a client: the hello was received. Answers it with the connection type. */
  helloReceived(conntype: string): void {
    this.#transition("hello");
    this.host.helloReceived?.();
    this.send(SETTYPE_NAME, { conntype });
    this.settypeReceived(conntype);
  }

  /**
   * The connection type is known: its own handshake begins.
   *
   * @throws {@link UnknownConnectionTypeError} if the peer has no such type.
   */
  settypeReceived(conntype: string): void {
    const type = this.peer.getConnType(conntype);
    this.#transition("settype");
    if (type === undefined) {
      throw new UnknownConnectionTypeError(
        `the connection type ${quoteText(conntype)} is not served here; add it with addConnType, and list it in conntypes where a server has that option`,
      );
    }
    const bound = this.#context.types.of(conntype, type);
    this.#type = bound;
    this.#typeReceives = bound.receives;
    bound.init(this.cid, this.host);
  }

  /** For connection types: go on with the classic handshake, in which the client takes over the server's ids. */
  startHandshake(): void {
    this.#transition("handshake");
  }

  /** For connection types, on a server, after {@link Connection.startHandshake}: send the registry. */
  sendHandshake(): void {
    const packet = this.#context.announcement.encoded(this.#context);
    this.sendEncoded(this.#registry().entry(HANDSHAKE_NAME), packet, HANDSHAKE_NAME, null);
  }

  /** On a client: the registry was taken over. */
  sendAccept(): void {
    this.#transition("accept");
    this.send(ACCEPT_NAME, { success: true });
    this.host.handshakeComplete();
  }

  /** On a server: the client accepted the registry. */
  acceptReceived(): void {
    this.#transition("accept");
    this.host.handshakeComplete();
  }

  /** For connection types that do without the classic handshake: the connection is active now. */
  activate(): void {
    this.#transition("activate");
    this.host.handshakeComplete();
  }

  /** The peer announced that it closes. */
  closeReceived(reason: string | null): void {
    this.host.closeReceived(reason);
  }

  /**
   * Checks that an event may happen in this state.
   *
   * @throws {@link UnexpectedPacketError} if not.
   */
  expect(event: StateEvent): void {
    if (nextState(this.#state, event) === undefined) {
      throw new UnexpectedPacketError(`the peer sent a packet for "${event}" in state ${this.#state}`);
    }
  }

  #transition(event: StateEvent): void {
    const next = nextState(this.#state, event);
    if (next === undefined) {
      throw new InvalidStateError(`"${event}" cannot happen in state ${this.#state} of a connection`);
    }
    this.#state = next;
    if (this.active && this.#decoder !== undefined) {
      this.#decoder.limit = this.#context.limit;
      this.#decoder.early = false;
    }
  }

  // ---- receiving --------------------------------------------------------------------------------

  /** Takes bytes from the peer. They must not change until `next` has returned false or `retain` was called. */
  push(chunk: Uint8Array): void {
    if (this.#decoder === undefined) {
      const { limit, handshakeLimit } = this.#context;
      this.#decoder = this.#context.decoders.acquire();
      this.#decoder.reuse(this.active ? limit : handshakeLimit, this.packetsIn === 0);
      this.#decoder.early = !this.active && handshakeLimit < limit;
    }
    this.#decoder.push(chunk);
  }

  /** Where the next bytes may be read to, instead of a buffer of the caller's. Push what was read. */
  get readTarget(): Uint8Array | undefined {
    return this.#decoder?.readTarget;
  }

  /** Bytes of memory that are held for packets that were not taken yet. */
  get inputHeld(): number {
    return this.#decoder?.held ?? 0;
  }

  /** Whether bytes were pushed that {@link Connection.next} has not looked at. */
  get unread(): boolean {
    return this.#unread() > 0;
  }

  /** Length and flags of the packet that {@link Connection.next} moves on to, if its header is there. */
  get upcoming(): { readonly length: number; readonly flags: number } | undefined {
    return this.#decoder?.upcoming;
  }

  /** Id of the current packet; 0 if there is none. */
  get packetId(): number {
    return this.#decoder?.id ?? 0;
  }

  /** Length of the current packet without its prefix, in bytes, or {@link COMPRESSED}; 0 if there is none. */
  get packetLength(): number {
    const decoder = this.#decoder;
    if (decoder === undefined) return 0;
    return decoder.flags === 0 ? decoder.end - decoder.start : COMPRESSED;
  }

  /** Bytes that the body decoded last was inflated to; 0 if it was not compressed. */
  get inflatedBytes(): number {
    return this.#context.bodies.inflatedBytes;
  }

  /** Memory that the value decoded last takes at most, estimated, in bytes. */
  get decodedSize(): number {
    return this.#context.bodies.decodedSize;
  }

  /** Copies what was pushed and not read yet, so that the chunk may be reused. */
  retain(): void {
    this.#decoder?.retain();
  }

  /**
   * Moves on to the next whole packet.
   *
   * @returns whether there is one; false means that more bytes are needed.
   * @throws {@link PacketTooLargeError}, {@link MalformedPacketError}, {@link NotPeng3dnetError}.
   */
  next(): boolean {
    const decoder = this.#decoder;
    if (decoder === undefined) return false;
    const found = decoder.next();
    if (found || decoder.incomplete) return found;
    // Most connections are idle most of the time: those keep no decoder.
    this.#decoder = undefined;
    this.#context.decoders.release(decoder);
    return false;
  }

  /**
   * Passes over the packets that are whole, when the connection closes.
   *
   * @returns whether one of them announces that the peer closes.
   * @throws as {@link Connection.next}.
   */
  passOver(): boolean {
    let announced = false;
    while (this.next()) announced ||= this.#current().id === CLOSECONN_ID;
    return announced;
  }

  #current(): FrameDecoder {
    if (this.#decoder === undefined)
      throw new InvalidStateError("there is no packet, as next() returned false");
    return this.#decoder;
  }

  /**
   * A copy of the current packet, without its length prefix.
   *
   * @throws {@link InvalidStateError} if there is none.
   */
  rawPacket(): Uint8Array {
    const { bytes, start, end, owned } = this.#current();
    return owned ? bytes.subarray(start, end) : bytes.slice(start, end);
  }

  /**
   * Processes the current packet: decodes it and calls whom it concerns.
   *
   * @throws an error with a `closeReason` if the connection has to end.
   */
  dispatch(): void {
    const { id, flags, bytes, start, end, owned } = this.#current();
    this.#process(id, flags, bytes, start + HEADER_SIZE, end, owned);
  }

  /**
   * Processes a packet that {@link Connection.rawPacket} returned earlier.
   *
   * @throws as {@link Connection.dispatch}.
   */
  dispatchRaw(raw: Uint8Array): void {
    const bytes = new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
    const owned = bytes.buffer.byteLength <= LENGTH_SIZE + bytes.length;
    this.#process(readUint32(bytes, 0), readUint16(bytes, 4), bytes, HEADER_SIZE, bytes.length, owned);
  }

  #process(id: number, flags: number, bytes: Uint8Array, start: number, end: number, owned: boolean): void {
    this.packetsIn++;
    const type = this.#typeReceives ? this.#type : undefined;
    const entry = this.#registry().findId(id);
    const { active } = this;
    if (!active) this.#checkEarly(id, entry);
    const bypass = entry === undefined ? id < FIRST_USER_ID : entry.internal;
    if (entry === undefined && (bypass || type === undefined)) {
      this.#context.delivery.unknown(this, id);
      return;
    }
    const msg = this.#decode(entry, active, flags, bytes, start, end, owned);
    if (!bypass && type?.receive(msg, id, flags, this.cid, this.host) === true) return;
    if (entry === undefined) this.#context.delivery.unknown(this, id);
    else if (entry.protocol) watchResult(this.host, entry.obj._receive(msg, this.cid), entry.name);
    else this.#context.delivery.accept(this, entry, msg);
  }

  #decode(
    entry: PacketEntry | undefined,
    active: boolean,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    owned: boolean,
  ): unknown {
    const context = this.#context;
    const limit = active ? context.inflatedLimit : context.handshakeInflatedLimit;
    const elements = active ? context.elements : context.handshakeElements;
    try {
      return context.bodies.decode(bytes, start, end, flags, owned, limit, elements);
    } catch (error) {
      throw entry === undefined ? error : namePacket(error, entry.name);
    }
  }

  /** Before the connection is active, few packets may come: those of the handshake, and the type's own. */
  #checkEarly(id: number, entry: PacketEntry | undefined): void {
    if (id === CLOSECONN_ID) return;
    if (this.#state === STATE_HELLOWAIT && id !== HELLO_ID) {
      throw new NotPeng3dnetError(
        `the peer does not speak peng3dnet: its first packet has id ${id}, not that of a hello`,
      );
    }
    // SmartPackets are judged by their conditions.
    if (this.#state === STATE_WAITTYPE && entry?.protocol !== true && (entry?.rule ?? null) === null) {
      throw new UnexpectedPacketError(`the peer sent packet ${id} before it named its connection type`);
    }
  }

  // ---- sending ----------------------------------------------------------------------------------

  #out(): FrameEncoder {
    this.#encoder ??= this.#context.encoders.acquire();
    return this.#encoder;
  }

  /**
   * Sends a packet: checks and encodes it now, and hands the bytes over with the batch.
   *
   * @returns false past the high-water mark, or if it was dropped, as the packet says.
   * @throws as {@link Peer.sendMessage}.
   */
  send(ptype: PacketRef, data: unknown): boolean {
    if (this.#reason !== undefined) throw this.#closed(this.#reason);
    const entry = this.#registry().entry(ptype);
    if (entry.onlyState !== this.#state && !maySend(this, entry, false)) return false;
    if (entry.parses && this.#context.validateSent) this.#checkSent(entry, data);
    this.#out().encode(entry.id, data, entry.name);
    return this.#accepted(entry, ptype, data);
  }

  // Apart, so that what each packet passes through stays short enough for the engine to inline.

  #checkSent(entry: PacketEntry, data: unknown): void {
    watchResult(this.host, checkSent(this.#context, entry, data), entry.name);
  }

  /**
   * Sends a packet that {@link encodePacket} made for a registered type, and that must not change any more. As
   * {@link Connection.send} otherwise, except that where a condition of the packet does not hold for this connection, it
   * is passed over instead of throwing: the same packet goes to others.
   */
  sendEncoded(entry: PacketEntry, packet: Uint8Array, ptype: PacketRef, data: unknown): boolean {
    if (this.#reason !== undefined) throw this.#closed(this.#reason);
    if (entry.onlyState !== this.#state && !maySend(this, entry, true)) return false;
    this.#out().append(packet);
    return this.#accepted(entry, ptype, data);
  }

  /** For connection types: sends a packet by id alone, registered or not, past all checks and hooks. */
  sendRaw(id: number, data: unknown): boolean {
    if (this.#reason !== undefined) throw this.#closed(this.#reason);
    this.#out().encode(id, data, this.#registry().findId(id)?.name ?? String(id));
    this.packetsOut++;
    return this.#announce();
  }

  /**
   * Sends the closing packet with a reason. Nothing can be sent after it.
   *
   * @throws {@link PacketTooLargeError} if the reason does not fit a packet; the connection is open then.
   */
  sendClose(reason: string | null): void {
    if (this.#reason !== undefined) return;
    this.send(CLOSECONN_NAME, { reason });
    this.markClosing(reason);
  }

  /** No more can be sent from now on. */
  markClosing(reason: string | null): void {
    this.#reason = reason;
  }

  /** The connection is over: frees what it holds and tells its type. */
  markClosed(): void {
    if (this.#state === STATE_CLOSED) return;
    this.#reason ??= null;
    this.#state = STATE_CLOSED;
    this.mode = MODE_CLOSED;
    this.discardInput();
    this.#encoder?.clear();
    this.#type?.closed(this.cid, this.host);
  }

  /** Forgets what was received and not processed. */
  discardInput(): void {
    this.#decoder?.clear();
  }

  /** Whether there is output to take. */
  get hasOutput(): boolean {
    return this.#encoder !== undefined && this.#encoder.length > 0;
  }

  /**
   * The bytes to send next, as a view that {@link Connection.outputTaken} invalidates. It is not to be written to: other
   * connections may wait for the same bytes.
   */
  output(): Uint8Array {
    return this.#out().view();
  }

  /** The output was handed over. `reusable`: and its buffer is not read any more. */
  outputTaken(reusable: boolean): void {
    this.#gathered = 0;
    this.#flushAfter = FIRST_FLUSH_AFTER;
    const encoder = this.#out();
    encoder.taken(reusable);
    if (encoder.length > 0) return;
    this.#pending = false;
    if (!encoder.idle) return;
    this.#encoder = undefined;
    this.#context.encoders.release(encoder);
  }

  /** A copy of the packet accepted last, length prefix included. To be called within `host.sent`. */
  lastPacket(): Uint8Array {
    return this.#out().last();
  }

  #closed(reason: string | null): ConnectionClosedError {
    const why = reason === null ? "" : ` (${escapeText(reason, MAX_REASON_BYTES)})`;
    return new ConnectionClosedError(`the connection is closed${why}; nothing can be sent`, reason);
  }

  #accepted(entry: PacketEntry, ptype: PacketRef, data: unknown): boolean {
    this.packetsOut++;
    if (!entry.protocol) {
      if (entry.observesSend || this.#type?.observesSend === true) this.#observeSend(entry, ptype, data);
      else this.host.sent(ptype, data);
    }
    return this.#announce();
  }

  #observeSend(entry: PacketEntry, ptype: PacketRef, data: unknown): void {
    const packet = this.#out().last();
    const type = this.#type;
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
    this.host.sent(ptype, data);
  }

  #announce(): boolean {
    this.#gathered++;
    const { length } = this.#out();
    if (
      length >= FLUSH_AT ||
      (this.#gathered >= this.#flushAfter &&
        worthFlushing(this.#gathered, length, this.#flushAfter, this.#unread()))
    ) {
      const flushAfter = nextFlushAfter(this.#gathered, this.#flushAfter, this.#unread());
      this.host.outputFull();
      this.#gathered = 0;
      this.#flushAfter = flushAfter;
    } else if (!this.#pending) {
      this.#pending = true;
      this.host.outputPending();
    }
    return this.#belowHighWater();
  }

  /** Bytes received that are to be worked off before the end of the batch. */
  #unread(): number {
    return this.#decoder?.unread ?? 0;
  }

  #belowHighWater(): boolean {
    return this.unsent <= this.#context.highWater;
  }

  /** Whether more waits to be sent than the high-water mark. */
  get behind(): boolean {
    return !this.#belowHighWater();
  }

  /** For connection types: reports a promise's rejection as the failure of a handler. */
  watch(result: unknown, where: string): void {
    watchResult(this.host, result, where);
  }
}
