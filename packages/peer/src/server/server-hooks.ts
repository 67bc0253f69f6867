import type {
  Address,
  Cid,
  CloseInfo,
  ConnectionHooks,
  PacketRef,
  ServerDrainingError,
} from "@peng3dnet/protocol";
import { EVENT_SIZE } from "../base/engine.js";
import { PeerHooks } from "../base/peer-hooks.js";
import type { PartsInit } from "../base/peer-parts.js";
import { GroupTable } from "../groups/group-table.js";
import { Heartbeats } from "../liveness/heartbeats.js";
import { serverHeartbeats } from "../liveness/server-heartbeat.js";
import type { CensusTaking } from "../observing/census.js";
import type { Platform } from "../platform/platform.js";
import type { ResumeAuthority } from "../resume/resume-admission.js";
import type { ResumePlaces } from "../resume/resume-places.js";
import { ServerResumption } from "../resume/server-resumption.js";
import { SESSION, type Session } from "../session/session.js";
import type { WaitOptions } from "../time/wait-options.js";
import { SharedPackets } from "../turns/shared-packets.js";
import type { Admission } from "./admission.js";
import { ClientOnServer } from "./client-on-server.js";
import type { ClientTable } from "./client-table.js";
import { Draining } from "./draining.js";
import { HeldTotal, inputTotalError, unsentTotalError } from "./held-total.js";
import { type BroadcastOptions, SERVER_EVENTS, type ServerEvents } from "./server-options.js";

/** What a server does itself of what its sessions report: its overridable methods. */
export interface HookedServer<C extends ClientOnServer> {
  receiveData(data: Uint8Array, cid: number): unknown;
  processSinglePacket(client: C): unknown;
  sendEvent(event: string, data?: Readonly<Record<string, unknown>>): void;
  getConnType(name: string): ConnectionHooks | undefined;
  broadcast(ptype: number, data: unknown, options: BroadcastOptions): number;
}

/** What the sessions of a server report to. */
export class ServerHooks<C extends ClientOnServer> extends PeerHooks<C> {
  override readonly heartbeats: Heartbeats;
  /** Its groups. */
  readonly groups: GroupTable<C>;
  /** Whether newcomers are refused. */
  readonly draining: Draining;
  readonly #table: ClientTable<C>;
  readonly #admission: Admission<Session<C>>;
  readonly #input: HeldTotal;
  readonly #unsent: HeldTotal;
  /** Asks the application whether a client may go on with its session; `undefined`: it may. */
  authority: ResumeAuthority<C> | undefined = undefined;
  /** The servers that clients may be led to which come back; `undefined`: there are no others. */
  places: ResumePlaces | undefined = undefined;
  #resumption: ServerResumption<C> | undefined = undefined;
  /** What is to be called before output leaves. */
  #beforeOutput: (() => void)[] = [];
  /** Sessions whose line broke before the application was told of them, and why it broke. */
  readonly #untold = new Map<Session<C>, Error | undefined>();
  declare private server: HookedServer<C>;
  declare private deserted: () => void;

  constructor(init: PartsInit, table: ClientTable<C>, admission: Admission<Session<C>>) {
    super(init);
    this.heartbeats = new Heartbeats(serverHeartbeats, this.clock, this.platform.yield);
    this.#table = table;
    this.#admission = admission;
    const { guard } = this;
    this.draining = new Draining(this.clock);
    this.groups = new GroupTable<C>({ guard, find: (cid) => table.find(cid) });
    const addressOf = (session: object): unknown => this.shareOf(session as Session<C>);
    this.#input = new HeldTotal(inputTotalError, addressOf);
    this.#unsent = new HeldTotal(unsentTotalError, addressOf);
  }

  override get eventNames(): object {
    return SERVER_EVENTS;
  }

  /**
   * Hands in the server, which makes this before there is one to hand in.
   *
   * @param deserted - the last client is gone.
   */
  connect(server: HookedServer<C>, deserted: () => void): void {
    this.server = server;
    this.groups.server = server;
    this.deserted = deserted;
  }

  /** What counts as the session's address. A session that is gone has none, and shares with nobody. */
  override shareOf(session: Session<C>): unknown {
    return this.#admission.addressOf(session) ?? this.#resumption?.addressOf(session) ?? session;
  }

  /** Sets what all connections may hold together, in bytes: input that is not worked off, and output that is unsent. */
  limitTotals(input: number, unsent: number): void {
    this.#input.limit = input;
    this.#unsent.limit = unsent;
  }

  protected override waitingPackets(): SharedPackets {
    return new SharedPackets(this.clock, this.turns);
  }

  /** Calls something, which does not throw, before the output of any session leaves that gathers now. */
  beforeOutput(call: () => void): void {
    if (this.#beforeOutput.push(call) === 1) this.platform.defer(() => this.outputLeaves());
  }

  outputLeaves(): void {
    if (this.#beforeOutput.length === 0) return;
    for (const call of this.#beforeOutput.splice(0)) call();
  }

  protected override keepTally(keep: boolean): void {
    if (keep) this.#table.keepTally();
    else this.#table.dropTally();
  }

  protected override countIn(census: CensusTaking): void {
    this.#table.countIn(census);
    census.groups = this.groups.byName.size;
    census.memberships = this.groups.memberships;
  }

  protected override sessionOf(cid: Cid): Session<C> | undefined {
    return this.#table.find(cid)?.[SESSION] as Session<C> | undefined;
  }

  protected override takeData(session: Session<C>, chunk: Uint8Array): unknown {
    return this.server.receiveData(chunk, session.cid as number);
  }

  protected override takeSinglePacket(session: Session<C>): unknown {
    return this.server.processSinglePacket(session.owner);
  }

  /** Who looks on at nodes of a cluster from the runtime's side. */
  get nodeObserver(): Platform["nodeObserver"] {
    return this.platform.nodeObserver;
  }

  /** How many clients there are whose sessions wait for them, and who hold no connection. */
  get suspendedCount(): number {
    return this.#resumption?.suspendedCount ?? 0;
  }

  /** The server stops or shuts down: whose line breaks from now on cannot come back. */
  stopResumption(): void {
    if (this.#resumption !== undefined) this.#resumption.ending = true;
  }

  protected override get resumption(): ServerResumption<C> {
    this.#resumption ??= this.#makeResumption();
    return this.#resumption;
  }

  #makeResumption(): ServerResumption<C> {
    const { cfg, clock, guard, registry } = this;
    const placesNow = (): ResumePlaces | undefined => this.places;
    return new ServerResumption<C>({
      clock,
      guard,
      authority: this.authority,
      get places() {
        return placesNow();
      },
      get limits() {
        return {
          sessions: cfg.get("net.resume.sessions"),
          perAddress: cfg.get("net.resume.sessions.address"),
        };
      },
      get registryRevision() {
        return registry.revision;
      },
      leave: (session) => this.#admission.end(session),
      enter: (session) => this.#admission.enter(session, session.remoteAddress[0], !session.greeted),
      suspended: (session, error) => {
        this.suspended(session, error);
        if (session.greeted) this.#emit("suspend", session.owner, { error });
        else this.#untold.set(session, error);
      },
      resumed: (session, again, seconds) => {
        this.resumed(session, again, seconds);
        if (this.#untold.delete(session)) return;
        this.#emit("resume", session.owner, { resumed: true, seconds, ...again });
      },
    });
  }

  /** Refuses newcomers from now on, those included whose handshake is under way. @returns once all have left who were there. */
  drain(options: WaitOptions): Promise<void> {
    if (this.draining.begun) return this.draining.wait(options);
    const staying: Session[] = [];
    const coming: Session[] = [];
    for (const { [SESSION]: session } of this.#table.all()) {
      const type = this.server.getConnType(session.conntype);
      // Those who have named no type yet are refused when they do, so that they learn why.
      if (type === undefined || type.servedWhileDraining === true) continue;
      if (session.connection.active) staying.push(session);
      // One that closes has been told why already.
      else if (session.open) coming.push(session);
    }
    this.draining.begin(staying);
    // First, since a listener of `drop` may end this, and whoever waits is told so.
    const left = this.draining.wait(options);
    for (const session of coming) {
      if (this.draining.begun && session.open) session.fail(this.#refusal(session.remoteAddress), "drain");
    }
    return left;
  }

  typeNamed(session: Session<C>, type: ConnectionHooks): void {
    if (this.draining.refuses(type)) throw this.#refusal(session.remoteAddress);
  }

  #refusal(addr: Address): ServerDrainingError {
    const error = this.draining.error();
    this.#emit("drop", { addr, reason: error.closeReason });
    return error;
  }

  protected override activated(session: Session<C>): void {
    this.#admission.settled(session);
    this.#emit("handshakecomplete", session.owner);
    if (this.#untold.size > 0) this.#tellSuspended(session);
  }

  /** The last packet of the handshake had come before the line broke, and was worked off only now. */
  #tellSuspended(session: Session<C>): void {
    const error = this.#untold.get(session);
    if (this.#untold.delete(session) && session.suspended) this.#emit("suspend", session.owner, { error });
  }

  protected override observes(client: C): boolean {
    return client.onReceive !== ClientOnServer.prototype.onReceive;
  }

  override drained(session: Session<C>): void {
    this.#emit("drain", session.owner);
  }

  override inputHeld(session: Session<C>, bytes: number): void {
    this.#input.set(session, bytes);
  }

  override unsentHeld(session: Session<C>, bytes: number): void {
    this.#unsent.set(session, bytes);
  }

  override gone(session: Session<C>): void {
    this.#table.gone(session.cid as number, session.owner);
    this.#admission.end(session);
    this.#resumption?.gone(session);
  }

  override over(session: Session<C>): void {
    this.groups.left(session.owner);
  }

  protected override ended(session: Session<C>, info: CloseInfo): void {
    const client = session.owner;
    const { guard } = this;
    // The cid is that of the session: the class of the client may have overridden its own.
    this.#table.closed(session.cid as number, client, info);
    this.#admission.end(session);
    this.#untold.delete(session);
    this.draining.left(session);
    guard.run("onClose", () => client.onClose(info.reason));
    if (session.options.prints?.close) this.peer.print(`close ${session.cid} ${info.reason}`);
    this.server.sendEvent("connection.close", { client, reason: info.reason });
    this.#emit("close", client, info);
    if (this.#table.empty) this.deserted();
  }

  protected override sendPacketEvent(
    session: Session<C>,
    direction: "recv" | "send",
    pid: PacketRef,
    data: unknown,
    sent?: Uint8Array,
  ): boolean {
    // Whole names: putting one together costs more than finding out that nobody listens.
    const event =
      direction === "recv" ? "peng3dnet:server.connection.recv" : "peng3dnet:server.connection.send";
    if (!this.events?.hears(event)) return false;
    const client = session.owner;
    if (direction === "recv") {
      this.server.sendEvent(event, { client, pid, msg: data, [EVENT_SIZE]: session.connection.decodedSize });
    } else {
      const packet = sent ?? session.connection.lastPacket();
      this.server.sendEvent(event, { client, pid, data: packet, [EVENT_SIZE]: packet.length });
    }
    return true;
  }

  #emit<K extends keyof ServerEvents<C> & string>(event: K, ...args: ServerEvents<C>[K]): void {
    this.emit(event, args);
  }
}
