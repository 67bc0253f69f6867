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
  STATE_ACTIVE,
  STATE_CLOSED,
  STATE_INIT,
} from "../constants.js";
import { MAX_REASON_BYTES } from "../errors/describe-error.js";
import {
  ConnectionClosedError,
  InvalidStateError,
  ResumeError,
  UnexpectedPacketError,
  UnknownConnectionTypeError,
} from "../errors/errors.js";
import { escapeText, quoteText } from "../errors/quote-text.js";
import { HEADER_SIZE, LENGTH_SIZE, readUint16, readUint32 } from "../framing/packet-header.js";
import { extensionOf, isControl, takeControl, writeControl } from "../handshake/control.js";
import { checkEarly } from "../handshake/early-packets.js";
import { type Extensions, NO_EXTENSIONS, readExtensions } from "../handshake/extensions.js";
import { encodeAccept, encodeHello, encodeSettype } from "../handshake/greetings.js";
import type { HandshakeConnection } from "../handshake/handshake-connection.js";
import {
  ACCEPT_NAME,
  CLOSECONN_ID,
  CLOSECONN_NAME,
  HANDSHAKE_NAME,
  HELLO_NAME,
  SETTYPE_NAME,
} from "../handshake/internal-names.js";
import { declaredByClient, declaredByServer } from "../handshake/negotiation.js";
import { ACKNOWLEDGE_ID, type ResumeRequest, TICKET_ID } from "../handshake/resume.js";
import { checkSent } from "../packets/check-sent.js";
import { decodePacket } from "../packets/decode-packet.js";
import { encodeUncompressed } from "../packets/encode-packet.js";
import type { PacketSource } from "../packets/packet-delivery.js";
import { maySend, type PacketTarget } from "../packets/send-check.js";
import type { PacketEntry, PacketRegistry } from "../registry/packet-registry.js";
import type { RegistrySyncOptions } from "../registry/registry-sync.js";
import type { BoundType } from "./bound-type.js";
import type { ConnectionContext } from "./connection-context.js";
import { type ConnectionHost, watchResult } from "./connection-host.js";
import { PacketStream } from "./packet-stream.js";
import type { PacketRef, Peer } from "./peer.js";
import { checkApplicationState, isActive, nextState, type StateEvent } from "./state.js";

/** What a connection that is active has come to, without its bytes, for another program to go on with. */
export interface SavedConnection {
  /** Name of the connection type. */
  readonly conntype: string;
  /** One of the states of an active connection. */
  readonly state: number;
  readonly mode: number;
  /** What this side declared of extensions. */
  readonly declared: Extensions;
  /** What the other side did. */
  readonly peerExtensions: Extensions;
}

/**
 * One end of a connection, without I/O: its state, and what packets mean in it. Their bytes are the business of
 * {@link PacketStream}.
 *
 * Whoever drives it, e.g. a session, gives it bytes by {@link Connection.push}, works packets off with
 * {@link Connection.next} and {@link Connection.dispatch}, and takes bytes to send from {@link Connection.output}. A peer's
 * fault is thrown as an error with a `closeReason`, which the driver answers with {@link Connection.sendClose}.
 */
export class Connection extends PacketStream implements PacketSource, PacketTarget, HandshakeConnection {
  /** Client id on a server, `null` on a client. */
  readonly cid: Cid;
  /** Mode, one of the `MODE_*` constants or the application's own numbers. Default `MODE_NOTSET`. */
  mode: number = MODE_NOTSET;
  /** What TLS established. Default `SSLSEC_NONE`. */
  sslSeclevel: SslSecLevel = SSLSEC_NONE;
  /** Whether droppable packets are dropped past the high-water mark. Default: as `net.limits.unsent.policy` says. */
  dropDroppable: boolean;
  /** Packets that were ignored since one was delivered. */
  ignoredInARow = 0;

  #state: number = STATE_INIT;
  /** The connection type; `undefined` until it is known. */
  #type: BoundType | undefined = undefined;
  /** Whether the connection type wants to see what is received. */
  #typeReceives = false;
  /** What this side declares of extensions. */
  #declared: Extensions | undefined;
  #peerExtensions: Extensions = NO_EXTENSIONS;
  /** Whether the client came back for a session, so that this connection has no handshake of its own. */
  #resuming = false;
  /** Reason of the close that has begun; `undefined` until one begins. */
  #reason: string | null | undefined = undefined;

  /**
   * @param context - what the peer's connections share.
   * @param cid - client id, or `null` on a client.
   * @param host - moves its bytes and calls the application.
   * @param requestedConntype - on a client, the connection type to ask for; default `CONNTYPE_CLASSIC`.
   */
  constructor(
    context: ConnectionContext,
    cid: Cid,
    host: ConnectionHost,
    requestedConntype: string = CONNTYPE_CLASSIC,
  ) {
    super(context, host);
    this.requestedConntype = requestedConntype;
    this.#declared = context.declared;
    this.dropDroppable = context.dropDroppable;
    this.cid = cid;
  }

  // ---- state ------------------------------------------------------------------------------------

  /** The server or client that it belongs to. */
  get peer(): Peer {
    return this.context.peer;
  }

  /** The side that this end is on. */
  get side(): Side {
    return this.context.peer.side;
  }

  // A method, since private getters are slow: "Call the engine's run time for no packet" in docs/performance.

  #registry(): PacketRegistry {
    return this.context.peer.registry;
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

  /** On a client: the connection type to ask for. */
  readonly requestedConntype: string;

  /** How to take over the server's registry; `undefined`: not at all. */
  get registrySync(): RegistrySyncOptions | undefined {
    const { autosync, strictRegistry: strict, maxNames, maxNameLength } = this.context;
    return autosync ? { strict, maxNames, maxNameLength } : undefined;
  }

  /** What another program needs to go on with this connection, beside the bytes that were not worked off or sent. */
  get saved(): SavedConnection {
    const { conntype, mode } = this;
    return {
      conntype,
      state: this.#state,
      mode,
      declared: { ...this.#declared },
      peerExtensions: this.#peerExtensions,
    };
  }

  /**
   * Goes on with a connection that another program has saved while it was active. It is active then, without a handshake of its
   * own, and its connection type is not told of a beginning.
   *
   * @param saved - may come from anywhere.
   * @throws {@link BadDataError}, {@link InvalidStateError} or {@link UnknownConnectionTypeError} if it cannot be. The connection
   * is of no further use then.
   */
  restore(saved: SavedConnection): void {
    const { conntype, state, mode } = saved;
    const type = this.peer.getConnType(conntype);
    if (type === undefined)
      throw new UnknownConnectionTypeError(`the connection type ${quoteText(conntype)} is not known here`);
    checkApplicationState(STATE_ACTIVE, state);
    this.#declared = readExtensions(saved.declared);
    this.extensionsReceived(readExtensions(saved.peerExtensions));
    const bound = this.context.types.of(conntype, type);
    this.#type = bound;
    this.#typeReceives = bound.receives;
    this.#state = state;
    this.mode = mode;
  }

  /** Starts the handshake, as the transport is up. A server says hello. */
  open(): void {
    this.#transition("open");
    if (this.side === SIDE_SERVER) {
      this.#declared = declaredByServer(this.#declared, this.#registry());
      const hello = this.#registry().entry(HELLO_NAME);
      this.#sendOwn(hello, encodeHello(this.context, hello.id, this.#declared));
      this.#transition("hello");
    }
  }

  /** Says in the handshake, which has not begun, that requests may carry where they are traced, if there is room for it. */
  declareTraces(): void {
    if (!this.context.roomForExtensions) return;
    this.#declared = { ...this.#declared, trace: {} };
  }

  /** What the other side declared of extensions, once its hello or settype was received. */
  get peerExtensions(): Extensions {
    return this.#peerExtensions;
  }

  /** Whether both sides named an extension, once settype was sent or received. */
  agreed(name: keyof Extensions): boolean {
    return this.#declared?.[name] !== undefined && this.#peerExtensions[name] !== undefined;
  }

  /** The hello or settype said what the other side declares of extensions. What is sent from now on heeds it. */
  extensionsReceived(extensions: Extensions): void {
    this.#peerExtensions = extensions;
    if (extensions.compress?.accept === false) this.changeContext(this.context.uncompressed.of(this.context));
  }

  /** The hello was received, on a client. Answers it with the connection type. */
  helloReceived(conntype: string): void {
    this.#transition("hello");
    this.host.helloReceived?.();
    this.#declared = declaredByClient(
      this.#declared,
      this.#peerExtensions,
      this.#registry(),
      this.context.autosync,
    );
    const settype = this.#registry().entry(SETTYPE_NAME);
    this.#sendOwn(settype, encodeSettype(this.context, settype.id, conntype, this.#declared));
    this.settypeReceived(conntype);
  }

  /**
   * The connection type is known: its own handshake begins.
   *
   * @throws {@link UnknownConnectionTypeError} if the peer has no such type; what `host.typeNamed` throws.
   */
  settypeReceived(conntype: string): void {
    const type = this.peer.getConnType(conntype);
    this.#transition("settype");
    if (type === undefined) {
      throw new UnknownConnectionTypeError(
        `the connection type ${quoteText(conntype)} is not served here; add it with addConnType, and list it in conntypes where a server has that option`,
      );
    }
    if (this.side === SIDE_SERVER) this.host.typeNamed?.(type);
    const bound = this.context.types.of(conntype, type);
    this.#type = bound;
    this.#typeReceives = bound.receives;
    bound.init(this.cid, this.host);
  }

  /**
   * The client came back for a session, on a server. The connection stays in its state, so that the time for its handshake goes
   * on, until the host takes its transport away or ends it.
   *
   * @throws {@link ResumeError} where sessions are not resumed; what `host.resumeAsked` throws.
   */
  resumeReceived(request: ResumeRequest): void {
    if (this.#declared?.resume === undefined || this.host.resumeAsked === undefined) {
      throw new ResumeError(
        "a client came back for a session, but none is kept here; see net.resume.window, and leave the ids 19 to 21 free",
        "resumeunknown",
      );
    }
    this.#resuming = true;
    this.host.resumeAsked(request);
  }

  /** For connection types: goes on with the classic handshake, in which the client takes over the server's ids. */
  startHandshake(): void {
    this.#transition("handshake");
  }

  /** For connection types, on a server, after {@link Connection.startHandshake}: sends the registry. */
  sendHandshake(): void {
    const packet = this.context.announcement.encoded(this.context);
    this.sendEncoded(this.#registry().entry(HANDSHAKE_NAME), packet, HANDSHAKE_NAME, null);
  }

  /** The registry was taken over, on a client. Says so to the server; the connection is active then. */
  sendAccept(): void {
    this.#transition("accept");
    const accept = this.#registry().entry(ACCEPT_NAME);
    this.#sendOwn(accept, encodeAccept(this.context, accept.id));
    this.host.handshakeComplete();
  }

  /** Sends a packet of the handshake. @param packet - its bytes. */
  #sendOwn(entry: PacketEntry, packet: Uint8Array): void {
    this.sendEncoded(entry, packet, entry.name, undefined);
  }

  /** The client accepted the registry, on a server. The connection is active then. */
  acceptReceived(): void {
    this.#transition("accept");
    this.host.handshakeComplete();
  }

  /** For connection types that do without the classic handshake: makes the connection active. */
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

  /** Moves on to the next state. */
  #transition(event: StateEvent): void {
    const next = nextState(this.#state, event);
    if (next === undefined) {
      throw new InvalidStateError(`"${event}" cannot happen in state ${this.#state} of a connection`);
    }
    this.#state = next;
    if (this.active) this.allowLongPackets();
  }

  // ---- receiving --------------------------------------------------------------------------------

  /** Length that the body decoded last was inflated to, in bytes; 0 if it was not compressed. */
  get inflatedBytes(): number {
    return this.context.bodies.inflatedBytes;
  }

  /** An estimate of the memory that the value decoded last takes at most, in bytes. */
  get decodedSize(): number {
    return this.context.bodies.decodedSize;
  }

  /**
   * Passes over the packets that are whole, without processing them. For a connection that closes.
   *
   * @returns whether one of them announces that the peer closes.
   * @throws as {@link Connection.next}.
   */
  passOver(): boolean {
    let announced = false;
    while (this.next()) announced ||= this.packetId === CLOSECONN_ID;
    return announced;
  }

  /**
   * Processes the current packet: decodes it and calls whom it concerns.
   *
   * @throws an error with a `closeReason` if the connection has to end.
   */
  dispatch(): void {
    const { id, flags, bytes, start, end, owned } = this.current();
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

  /**
   * Whether the current packet is one of an extension's own, such as a heartbeat or an acknowledgement. They are dispatched on
   * receipt, whatever waits to be processed.
   */
  get atControl(): boolean {
    const { packetId } = this;
    return isControl(packetId) && this.#controls(packetId);
  }

  /** Whether an id that is one of an extension's packets is one here. */
  #controls(id: number): boolean {
    // A ticket comes first of all, so that its client can come back from the moment on in which it is active.
    const begun = this.active || (id === TICKET_ID && this.#type !== undefined);
    return begun && this.agreed(extensionOf(id)) && this.#registry().findId(id) === undefined;
  }

  /** Processes a packet whose body lies in `bytes` from `start` up to `end`. */
  #process(id: number, flags: number, bytes: Uint8Array, start: number, end: number, owned: boolean): void {
    const entry = this.#registry().findId(id);
    if (entry === undefined && isControl(id) && this.#controls(id)) {
      takeControl(this.host, this.side, this.context.bodies, id, flags, bytes, start, end);
      return;
    }
    this.packetsIn++;
    const type = this.#typeReceives ? this.#type : undefined;
    const { active } = this;
    if (!active) checkEarly(this.#state, this.#resuming, id, entry);
    const bypass = entry === undefined ? id < FIRST_USER_ID : entry.internal;
    if (entry === undefined && (bypass || type === undefined)) {
      this.context.delivery.unknown(this, id);
      return;
    }
    const msg = decodePacket(this.context, entry, active, flags, bytes, start, end, owned);
    if (!bypass && type?.receive(msg, id, flags, this.cid, this.host) === true) return;
    if (entry === undefined) this.context.delivery.unknown(this, id);
    else if (entry.protocol) watchResult(this.host, entry.obj._receive(msg, this.cid), entry.name);
    else this.context.delivery.accept(this, entry, msg);
  }

  // ---- sending ----------------------------------------------------------------------------------

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
    if (entry.parses && this.context.validateSent) this.#checkSent(entry, data);
    this.out().encode(entry.id, data, entry.name);
    return this.#accepted(entry, ptype, data, 1);
  }

  /** Validates a payload. A method of its own, so that `send` stays short enough to be inlined. */
  #checkSent(entry: PacketEntry, data: unknown): void {
    watchResult(this.host, checkSent(this.context, entry, data), entry.name);
  }

  /**
   * Sends a packet that {@link encodePacket} made for a registered type, and that must not change any more. It does what
   * {@link Connection.send} does, with one exception: where a condition of the packet does not hold for this connection, it
   * drops the packet instead of throwing, since the same packet goes to other connections.
   *
   * It does not count for the flush policy: whoever sends to many sends to all of them before it is through, and a call of
   * the system for each of them in between would cost more than it brings. It leaves with the batch, or when much has gathered.
   */
  sendEncoded(entry: PacketEntry, packet: Uint8Array, ptype: PacketRef, data: unknown): boolean {
    if (this.#reason !== undefined) throw this.#closed(this.#reason);
    if (entry.onlyState !== this.#state && !maySend(this, entry, true)) return false;
    this.out().append(packet);
    return this.#accepted(entry, ptype, data, 0);
  }

  /** For connection types: sends a packet by id alone, registered or not, past all checks and hooks. */
  sendRaw(id: number, data: unknown): boolean {
    if (this.#reason !== undefined) throw this.#closed(this.#reason);
    this.out().encode(id, data, this.#registry().findId(id)?.name ?? String(id));
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
    this.#sendControl(id, body, "heartbeat");
  }

  /**
   * Says how much of the other side's stream has been received, as {@link Connection.sendHeartbeat} sends.
   *
   * @param received - in bytes, from the first one of the session on.
   */
  sendAcknowledgement(received: number): void {
    this.#sendControl(ACKNOWLEDGE_ID, received, "acknowledgement");
  }

  /**
   * Gives the client a ticket to come back with, as {@link Connection.sendHeartbeat} sends.
   *
   * @param ticket - 16 to 128 bytes.
   * @param window - how long the session waits for its client, in seconds.
   */
  sendTicket(ticket: Uint8Array, window: number): void {
    if (this.#reason !== undefined) return;
    this.out().append(encodeUncompressed(this.context, TICKET_ID, [ticket, window]));
    this.announce(0);
  }

  /** Sends a packet of an extension's own. @param name - for errors. */
  #sendControl(id: number, body: unknown, name: string): void {
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
    this.send(CLOSECONN_NAME, address === undefined ? { reason } : { reason, address });
    this.markClosing(reason);
  }

  /** Begins a close without a closing packet: nothing can be sent from now on. */
  markClosing(reason: string | null): void {
    this.#reason = reason;
  }

  /** Ends the connection: frees what it holds and tells its type. */
  markClosed(): void {
    if (this.#state === STATE_CLOSED) return;
    this.#reason ??= null;
    this.#state = STATE_CLOSED;
    this.mode = MODE_CLOSED;
    this.discardInput();
    this.discardOutput();
    this.#type?.closed(this.cid, this.host);
  }

  #closed(reason: string | null): ConnectionClosedError {
    const why = reason === null ? "" : ` (${escapeText(reason, MAX_REASON_BYTES)})`;
    return new ConnectionClosedError(`the connection is closed${why}; nothing can be sent`, reason);
  }

  /** Tells everybody whom it concerns of a packet that was encoded. @param counted - as in {@link Connection.announce}. */
  #accepted(entry: PacketEntry, ptype: PacketRef, data: unknown, counted: 0 | 1): boolean {
    this.packetsOut++;
    if (!entry.protocol) {
      if (entry.observesSend || this.#type?.observesSend === true) this.#observeSend(entry, ptype, data);
      else this.host.sent(ptype, data);
    }
    return this.announce(counted);
  }

  /** Shows a packet to the connection type, and then to the packet's own hook and to the host. */
  #observeSend(entry: PacketEntry, ptype: PacketRef, data: unknown): void {
    const packet = this.out().last();
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

  /** For connection types: watches what a handler returned, and reports a rejection as the failure of a handler. */
  watch(result: unknown, where: string): void {
    watchResult(this.host, result, where);
  }
}
