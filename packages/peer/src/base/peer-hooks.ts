import {
  type Cid,
  type CloseInfo,
  type InvalidPayloadError,
  isInstance,
  type PacketEntry,
  type PacketRef,
  quoteText,
  ResumeError,
} from "@peng3dnet/protocol";
import type { Heartbeats } from "../liveness/heartbeats.js";
import { type Census, CensusTaking } from "../observing/census.js";
import { handshakeEnd } from "../observing/handshake-end.js";
import { Observation } from "../observing/observation.js";
import { resumptionEnd } from "../observing/resumption-end.js";
import type { PeerRequests } from "../requests/peer-requests.js";
import { isRequestDeclaration, noRequest } from "../requests/request-declaration.js";
import type { AnyRequestDefinition } from "../requests/request-definition.js";
import type { SentAgain } from "../resume/resumable-host.js";
import { ResumableTransport } from "../resume/resumable-transport.js";
import type { ResumptionHooks } from "../resume/session-resumption.js";
import type { Session } from "../session/session.js";
import type { SessionHooks, SessionInit } from "../session/session-hooks.js";
import type { Transport } from "../transport/transport.js";
import type { ConnectionOwner } from "./connection-owner.js";
import { PacketNotices } from "./packet-notices.js";
import { PeerResources } from "./peer-resources.js";

/** What was sent again where nothing goes on. */
const NOTHING_AGAIN: SentAgain = { bytes: 0, packets: 0 };

/**
 * What the sessions of a server or client report to; what they share is in {@link PeerResources}. Methods of one class, and not
 * functions of each peer, since a process may have thousands of clients.
 */
export abstract class PeerHooks<Owner extends ConnectionOwner>
  extends PeerResources
  implements SessionHooks<Session<Owner>>
{
  queuedLength = 0;
  /** Whether anybody wants to know of each packet: the engine, or who looks on. */
  protected watched = false;
  /** Whether the packet that is being delivered has a definition, and nobody who listens. */
  unheard = false;
  /** The requests that the peer knows; `undefined`: it knows none. */
  requests: PeerRequests | undefined = undefined;
  /** Whether there was a connection. */
  #began = false;
  #notices: PacketNotices | undefined = undefined;
  #observation: Observation | undefined = undefined;

  // ---- what the peer of either kind does --------------------------------------------------------

  /** An object with a key for each event of the peer. */
  abstract get eventNames(): object;
  /** The heartbeats of its connections. */
  abstract get heartbeats(): Heartbeats;
  /** The connection that a client id stands for. */
  protected abstract sessionOf(cid: Cid): Session<Owner> | undefined;
  /** Calls the overridable `receiveData`. */
  protected abstract takeData(session: Session<Owner>, chunk: Uint8Array): unknown;
  /** Calls the overridable `processSinglePacket`. */
  protected abstract takeSinglePacket(session: Session<Owner>): unknown;
  /** The handshake of a connection is complete, and its owner knows. */
  protected abstract activated(session: Session<Owner>): void;
  /** A connection is closed. */
  protected abstract ended(session: Session<Owner>, info: CloseInfo): void;
  /** Whether a subclass overrides `onReceive`, and so sees what no handler takes. */
  protected abstract observes(owner: Owner): boolean;
  /** Sends the event for a packet received or sent, if anybody would hear it. @returns whether. */
  protected abstract sendPacketEvent(
    session: Session<Owner>,
    direction: "recv" | "send",
    pid: PacketRef,
    data: unknown,
    packet?: Uint8Array,
  ): boolean;
  abstract drained(session: Session<Owner>): void;
  abstract inputHeld(session: Session<Owner>, bytes: number): void;
  abstract unsentHeld(session: Session<Owner>, bytes: number): void;
  abstract gone(session: Session<Owner>): void;

  /** The same for all sessions that have one part of the event loop's time together: on a server, those of one address. */
  shareOf(session: Session<Owner>): unknown {
    return session;
  }

  /** On a client: whether it has the option `resume`. A server may take no part in it all the same. */
  get resumes(): boolean {
    return false;
  }

  /** On a client: whether another session may follow one that is over. */
  get reconnects(): boolean {
    return false;
  }

  /** What the sessions report to of resumption; made when the first one does. */
  protected abstract get resumption(): ResumptionHooks<Session<Owner>>;

  /** A packet was registered, which gave it the next free id: warns if there are connections that do not have it. */
  registeredNow(name: string): void {
    // Most are registered before the first connection, by each of thousands of clients.
    if (!this.#began) return;
    const { connections, handshaking } = this.#census();
    if (connections === handshaking) return;
    this.guard.notice(
      `${quoteText(name)} was registered while there are connections, which do not have it: both sides compare their packets in the handshake. Register it before the first one, e.g. in the option packets`,
      "a packet registered late",
    );
  }

  /** Keeps sums of its connections from now on, or keeps none any more. A client, which has one connection, keeps none. */
  protected keepTally(_keep: boolean): void {}

  /** Adds what there is of its connections to a census. */
  protected abstract countIn(census: CensusTaking): void;

  // ---- set-up -----------------------------------------------------------------------------------

  /** Others want to know of each packet now, or nobody. */
  lookWhoWatches(): void {
    this.watched = this.events?.enabled === true || this.#observation?.packets !== undefined;
    if (this.#observation?.nobody !== false) this.keepTally(false);
  }

  /** Who looks on; made with the first who may, since a process may have thousands of clients at which nobody does. */
  get observation(): Observation {
    const { guard, platform } = this;
    this.#observation ??= new Observation(guard, platform.observer, this);
    return this.#observation;
  }

  /** Who looks on, the runtime's own observer included, which comes and goes; `undefined`: nobody does. */
  protected get observing(): Observation | undefined {
    if (this.#observation !== undefined) return this.#observation;
    return this.platform.observer?.() === undefined ? undefined : this.observation;
  }

  /** Whether connections that begin now may carry what traces of requests need. */
  get traces(): boolean {
    return this.#observation?.traces === true;
  }

  /** What there is, and what was counted, for somebody who looks on and will ask again. */
  census(): Census {
    if (this.#observation?.nobody === false) this.keepTally(true);
    return this.#census();
  }

  #census(): Census {
    const taking = new CensusTaking();
    this.countIn(taking);
    return taking.get();
  }

  override begin(overridden: boolean, maxBuffered: number): void {
    this.#began = true;
    super.begin(overridden, maxBuffered);
  }

  /** What a session that begins now outlives its transport by. */
  resumable(transport: Transport): NonNullable<SessionInit<Session<Owner>>["resumable"]> {
    return { transport: new ResumableTransport(transport), hooks: this.resumption };
  }

  /** The requests that the peer knows, which the first definition makes. @throws TypeError if it is no definition of one. */
  requestsBy(definition: AnyRequestDefinition): PeerRequests {
    if (this.requests === undefined) {
      if (!isRequestDeclaration(definition)) throw noRequest(definition);
      const { peer, registry, guard } = this;
      const { observation } = this;
      const sessionOf = (cid: Cid): Session<Owner> | undefined => this.sessionOf(cid);
      this.requests = definition["~requests"](peer, { registry, guard, observation, sessionOf });
    }
    return this.requests;
  }

  // ---- from sessions ----------------------------------------------------------------------------

  receiveData(session: Session<Owner>, chunk: Uint8Array): void {
    // What a handshake waits for comes from the network, and many at once would look like a conversation.
    if (session.greeted) this.arrived(session.options.pollWindow);
    const result: unknown = this.takeData(session, chunk);
    if (result !== undefined) session.failIfRejected(result, "receiveData");
  }

  takePacket(session: Session<Owner>): void {
    if (this.overridden) {
      const result = this.takeSinglePacket(session);
      if (result !== undefined) session.failIfRejected(result, "processSinglePacket");
    } else if (session.connection.active) this.enqueue(session, session.connection.rawPacket());
    else session.connection.dispatch();
  }

  started(session: Session<Owner>): void {
    this.observing?.connected(session);
  }

  /** The line of a session broke, and it waits for another one. */
  protected suspended(session: Session<Owner>, error: Error | undefined): void {
    this.observing?.suspended(session, error);
  }

  /** A session that was suspended goes on. */
  protected resumed(session: Session<Owner>, again: SentAgain, seconds: number): void {
    this.observing?.resumption(session, { outcome: "resumed", seconds, again });
  }

  handshakeComplete(session: Session<Owner>): void {
    this.observing?.handshake(session, "complete");
    this.guard.run("onHandshakeComplete", () => session.owner.onHandshakeComplete());
    this.activated(session);
  }

  received(session: Session<Owner>, entry: PacketEntry, msg: unknown): void {
    const { guard } = this;
    const unhandled = !entry.receives || this.unheard;
    if (unhandled) this.unheard = false;
    try {
      const result = session.owner.onReceive(entry.id, msg);
      if (result !== undefined) guard.watch(result, "onReceive");
    } catch (error) {
      guard.failed(error, "onReceive");
    }
    if (session.options.prints?.recv) this.peer.print(`recv ${session.cid ?? "server"} ${entry.name}:`, msg);
    const heard = this.watched && this.#showReceived(session, entry, msg);
    if (unhandled && !heard && !this.observes(session.owner)) this.#unhandled(session, entry.name);
  }

  sent(session: Session<Owner>, ptype: PacketRef, data: unknown, packet: Uint8Array | undefined): void {
    const { guard } = this;
    // First, since the packet's bytes are there until a handler sends another one.
    if (this.watched) this.#showSent(session, ptype, data, packet);
    try {
      const result = session.owner.onSend(ptype, data);
      if (result !== undefined) guard.watch(result, "onSend");
    } catch (error) {
      guard.failed(error, "onSend");
    }
    if (session.options.prints?.send)
      this.peer.print(`send ${session.cid ?? "server"} ${this.registry.entry(ptype).name}:`, data);
  }

  /** @returns whether a listener of the engine has heard of it. */
  #showReceived(session: Session<Owner>, entry: PacketEntry, msg: unknown): boolean {
    const observation = this.#observation;
    if (observation?.packets !== undefined) {
      const bytes = this.queuedLength || session.connection.packetBytes;
      observation.received(entry.name, bytes, session);
    }
    return this.events?.enabled === true && this.sendPacketEvent(session, "recv", entry.id, msg);
  }

  #showSent(session: Session<Owner>, ptype: PacketRef, data: unknown, packet: Uint8Array | undefined): void {
    const { events } = this;
    // Before anybody is told, who may send another one.
    const bytes = packet?.length ?? session.connection.lastPacketBytes;
    if (events?.enabled) this.sendPacketEvent(session, "send", ptype, data, packet);
    const observation = this.#observation;
    if (observation?.packets === undefined) return;
    observation.sent(this.registry.entry(ptype).name, bytes, session);
  }

  roundTrip(session: Session<Owner>, seconds: number): void {
    const observation = this.#observation;
    if (observation?.trips !== undefined) observation.roundTrip(seconds, session);
  }

  over(_session: Session<Owner>): void {}

  closed(session: Session<Owner>, info: CloseInfo): void {
    this.letGo(session);
    session.requests?.end(info);
    const observation = this.observing;
    if (!session.greeted) observation?.handshake(session, handshakeEnd(info, session));
    const seconds = session.resumption?.suspendedFor;
    if (seconds !== undefined || isInstance(info.error, ResumeError)) {
      observation?.resumption(session, { outcome: resumptionEnd(info), seconds, again: NOTHING_AGAIN });
    }
    observation?.closed(session, info);
    this.ended(session, info);
  }

  handlerFailed(error: unknown, where: string): void {
    this.guard.failed(error, where);
  }

  ignored(message: string, why: string, packet = ""): void {
    this.guard.ignored(message, why, packet);
  }

  payloadDropped(error: InvalidPayloadError, packet: string): void {
    this.#getNotices().dropped(error, packet);
  }

  /** A packet came, and nothing has seen it. */
  #unhandled(session: Session<Owner>, name: string): void {
    session.unhandled++;
    this.#getNotices().unhandled(name);
  }

  #getNotices(): PacketNotices {
    this.#notices ??= new PacketNotices(this.guard);
    return this.#notices;
  }
}
