import {
  type Cid,
  CONNTYPE_CLASSIC,
  CONNTYPE_NOTSET,
  FIRST_USER_ID,
  MODE_CLOSED,
  MODE_NOTSET,
  SIDE_SERVER,
  SSLSEC_NONE,
  type SslSecLevel,
  STATE_ACTIVE,
  STATE_CLOSED,
  STATE_INIT,
} from "../constants.js";
import {
  InvalidStateError,
  ResumeError,
  UnexpectedPacketError,
  UnknownConnectionTypeError,
} from "../errors/errors.js";
import { quoteText } from "../errors/quote-text.js";
import { HEADER_SIZE, LENGTH_SIZE, readUint16, readUint32 } from "../framing/packet-header.js";
import { extensionOf, isControl, takeControl } from "../handshake/control.js";
import { checkEarly } from "../handshake/early-packets.js";
import { type Extensions, NO_EXTENSIONS, readExtensions } from "../handshake/extensions.js";
import { encodeAccept, encodeHello, encodeSettype } from "../handshake/greetings.js";
import type { HandshakeConnection } from "../handshake/handshake-connection.js";
import { ACCEPT_NAME, CLOSECONN_ID, HELLO_NAME, SETTYPE_NAME } from "../handshake/internal-names.js";
import { receiveInternal } from "../handshake/internal-packets.js";
import { declaredByClient, declaredByServer } from "../handshake/negotiation.js";
import { ACKNOWLEDGE_ID, type ResumeRequest, TICKET_ID } from "../handshake/resume.js";
import { decodePacket } from "../packets/decode-packet.js";
import type { PacketSource } from "../packets/packet-delivery.js";
import type { RegistrySyncOptions } from "../registry/registry-sync.js";
import { type BoundType, bindType } from "./bound-type.js";
import type { ConnectionContext } from "./connection-context.js";
import type { ConnectionHooks } from "./connection-hooks.js";
import { type ConnectionHost, watchResult } from "./connection-host.js";
import { PacketSender } from "./packet-sender.js";
import type { SavedConnection } from "./saved-connection.js";
import { checkApplicationState, isActive, nextState, type StateEvent } from "./state.js";

/**
 * One end of a connection, without I/O: its state, its handshake, and what is done with packets that come. What it sends is the
 * subject of {@link PacketSender}, and its bytes that of {@link PacketStream}.
 *
 * Whoever drives it, e.g. a session, gives it bytes by {@link Connection.push}, works packets off with
 * {@link Connection.next} and {@link Connection.dispatch}, and takes bytes to send from {@link Connection.output}. A peer's
 * fault is thrown as an error with a `closeReason`, which the driver answers with {@link Connection.sendClose}.
 */
export class Connection extends PacketSender implements PacketSource, HandshakeConnection {
  /** Mode, one of the `MODE_*` constants or the application's own numbers. Default `MODE_NOTSET`. */
  mode: number = MODE_NOTSET;
  /** What TLS established. Default `SSLSEC_NONE`. */
  sslSeclevel: SslSecLevel = SSLSEC_NONE;
  /** Packets that were ignored since one was delivered. */
  ignoredInARow = 0;

  #state: number = STATE_INIT;
  /** The connection type; `undefined` until it is known. */
  protected type: BoundType | undefined = undefined;
  /** What this side declares of extensions. */
  #declared: Extensions | undefined;
  #peerExtensions: Extensions = NO_EXTENSIONS;
  /** Whether the client came back for a session, so that this connection has no handshake of its own. */
  #resuming = false;

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
    super(context, cid, host);
    this.requestedConntype = requestedConntype;
    this.#declared = context.declared;
  }

  // ---- state ------------------------------------------------------------------------------------

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

  /** Name of the connection type; `CONNTYPE_NOTSET` until it is known. */
  get conntype(): string {
    return this.type?.name ?? CONNTYPE_NOTSET;
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
    this.bind(conntype, type);
    this.#state = state;
    this.mode = mode;
  }

  // ---- the handshake ----------------------------------------------------------------------------

  /** Starts the handshake, as the transport is up. A server says hello. */
  open(): void {
    this.transition("open");
    if (this.side === SIDE_SERVER) {
      this.#declared = declaredByServer(this.#declared, this.registry());
      this.sendOwn(encodeHello(this.context, this.registry().getID(HELLO_NAME), this.#declared));
      this.transition("hello");
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

  extensionsOf(ext: unknown): Extensions {
    const { knownBodies } = this.context;
    return knownBodies === undefined ? readExtensions(ext) : knownBodies.extensionsOf(ext);
  }

  /** The hello or settype said what the other side declares of extensions. What is sent from now on heeds it. */
  extensionsReceived(extensions: Extensions): void {
    this.#peerExtensions = extensions;
    if (extensions.compress?.accept === false) this.changeContext(this.context.uncompressed.of(this.context));
  }

  /** The hello was received, on a client. Answers it with the connection type. */
  helloReceived(conntype: string): void {
    this.transition("hello");
    this.host.helloReceived?.();
    this.#declared = declaredByClient(
      this.#declared,
      this.#peerExtensions,
      this.registry(),
      this.context.autosync,
    );
    const id = this.registry().getID(SETTYPE_NAME);
    this.sendOwn(encodeSettype(this.context, id, conntype, this.#declared));
    this.settypeReceived(conntype);
  }

  /**
   * The connection type is known: its own handshake begins.
   *
   * @throws {@link UnknownConnectionTypeError} if the peer has no such type; what `host.typeNamed` throws.
   */
  settypeReceived(conntype: string): void {
    const type = this.peer.getConnType(conntype);
    this.transition("settype");
    if (type === undefined) {
      throw new UnknownConnectionTypeError(
        `the connection type ${quoteText(conntype)} is not served here; add it with addConnType, and list it in conntypes where a server has that option`,
      );
    }
    if (this.side === SIDE_SERVER) this.host.typeNamed?.(type);
    this.host.settypeExchanged?.();
    this.bind(conntype, type).init(this.cid, this.host, type);
  }

  /** Gives the connection its type. */
  private bind(conntype: string, type: ConnectionHooks): BoundType {
    const bound = bindType(this.context.types, conntype, type);
    this.type = bound;
    return bound;
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
    this.transition("handshake");
  }

  /** For connection types, on a server, after {@link Connection.startHandshake}: sends the registry. */
  sendHandshake(): void {
    this.sendOwn(this.context.announcement.encoded(this.context));
    this.host.registrySent?.();
  }

  /** The registry was taken over, on a client. Says so to the server; the connection is active then. */
  sendAccept(): void {
    this.transition("accept");
    this.sendOwn(encodeAccept(this.context, this.registry().getID(ACCEPT_NAME)));
    this.host.handshakeComplete();
  }

  /** The client accepted the registry, on a server. The connection is active then. */
  acceptReceived(): void {
    this.transition("accept");
    this.host.handshakeComplete();
  }

  /** For connection types that do without the classic handshake: makes the connection active. */
  activate(): void {
    this.transition("activate");
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
  private transition(event: StateEvent): void {
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
   * Passes over the packets that are whole, without processing them but for acknowledgements. For a connection that closes.
   *
   * @returns whether one of them announces that the peer closes.
   * @throws as {@link Connection.next} and {@link Connection.dispatch}.
   */
  passOver(): boolean {
    let announced = false;
    while (this.next()) {
      if (this.packetId === CLOSECONN_ID) announced = true;
      else if (this.packetId === ACKNOWLEDGE_ID && this.atControl) this.dispatch();
    }
    return announced;
  }

  /**
   * Processes the current packet: decodes it and calls whom it concerns.
   *
   * @throws an error with a `closeReason` if the connection has to end.
   */
  dispatch(): void {
    const { id, flags, bytes, start, end, owned } = this.current();
    // Asked here and not in `process`, which the engine would compile anew when the first of these packets comes.
    if (isControl(id) && this.controls(id)) this.takeControl(id, flags, bytes, start + HEADER_SIZE, end);
    else this.process(id, flags, bytes, start + HEADER_SIZE, end, owned);
  }

  /**
   * Processes a packet that {@link Connection.rawPacket} returned earlier.
   *
   * @throws as {@link Connection.dispatch}.
   */
  dispatchRaw(raw: Uint8Array): void {
    const bytes = new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
    const owned = bytes.buffer.byteLength <= LENGTH_SIZE + bytes.length;
    const id = readUint32(bytes, 0);
    const flags = readUint16(bytes, 4);
    if (isControl(id) && this.controls(id)) this.takeControl(id, flags, bytes, HEADER_SIZE, bytes.length);
    else this.process(id, flags, bytes, HEADER_SIZE, bytes.length, owned);
  }

  /**
   * Whether the current packet is one of an extension's own, such as a heartbeat or an acknowledgement. They are dispatched on
   * receipt, whatever waits to be processed.
   */
  get atControl(): boolean {
    const { packetId } = this;
    return isControl(packetId) && this.controls(packetId);
  }

  /** Whether an id that is one of an extension's packets is one here. */
  private controls(id: number): boolean {
    // A ticket comes first of all, so that its client can come back from the moment on in which it is active.
    const begun = this.active || (id === TICKET_ID && this.type !== undefined);
    return begun && this.agreed(extensionOf(id)) && this.registry().findId(id) === undefined;
  }

  private takeControl(id: number, flags: number, bytes: Uint8Array, start: number, end: number): void {
    takeControl(this.host, this.side, this.context.bodies, id, flags, bytes, start, end);
  }

  /** Processes a packet whose body lies in `bytes` from `start` up to `end`. */
  private process(
    id: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    owned: boolean,
  ): void {
    const entry = this.registry().peek(id);
    this.packetsIn++;
    const type = this.type?.receives === true ? this.type : undefined;
    const { active } = this;
    if (!active) checkEarly(this.#state, this.#resuming, id, entry);
    const bypass = entry === undefined ? id < FIRST_USER_ID : entry.internal;
    if (entry === undefined && (bypass || type === undefined)) {
      this.context.delivery.unknown(this, id);
      return;
    }
    const msg = decodePacket(this.context, entry, active, flags, bytes, start, end, owned);
    if (!bypass && type?.receive(msg, id, flags, this.cid, this.host, active) === true) return;
    if (entry === undefined) this.context.delivery.unknown(this, id);
    else if (entry.protocol) {
      const result: unknown = receiveInternal(entry.obj, this, msg);
      if (result !== undefined) watchResult(this.host, result, entry.name);
    } else this.context.delivery.accept(this, entry, msg);
  }

  // ---- the end ----------------------------------------------------------------------------------

  /** Ends the connection: frees what it holds and tells its type. */
  markClosed(): void {
    if (this.#state === STATE_CLOSED) return;
    if (!this.closing) this.markClosing(null);
    this.#state = STATE_CLOSED;
    this.mode = MODE_CLOSED;
    this.discardInput();
    this.discardOutput();
    this.type?.closed(this.cid, this.host);
  }

  /** For connection types: ends the connection for a fault that was found after the hook returned. */
  fail(error: unknown): void {
    this.host.fail(error, this.conntype);
  }

  /** For connection types: watches what a handler returned, and reports a rejection as the failure of a handler. */
  watch(result: unknown, where: string): void {
    watchResult(this.host, result, where);
  }
}
