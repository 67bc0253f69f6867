import type { CloseInfo, PacketRef } from "@peng3dnet/protocol";
import { EVENT_SIZE } from "../base/engine.js";
import { PeerHooks } from "../base/peer-hooks.js";
import type { PartsInit, PeerParts, WholePeer } from "../base/peer-parts.js";
import { clientHeartbeats } from "../liveness/client-heartbeat.js";
import type { Heartbeats } from "../liveness/heartbeats.js";
import type { CensusTaking } from "../observing/census.js";
import { ClientResumption, type ResumeOptions } from "../resume/client-resumption.js";
import { Redirects } from "../resume/redirects.js";
import type { Session } from "../session/session.js";
import { OwnPackets } from "../turns/own-packets.js";
import { CLIENT_EVENTS, type ClientEvents } from "./client-options.js";
import { ClientSessions } from "./client-sessions.js";
import type { ClientAccess, ToldClient } from "./connecting-client.js";
import { Dialling, type DiallingClient } from "./dialling.js";
import type { ReconnectOptions } from "./reconnect-options.js";
import { Reconnecting } from "./reconnecting.js";

/** What a client does itself of what its session reports: its overridable methods. */
export interface HookedClient extends ToldClient, DiallingClient {
  receiveData(data: Uint8Array, cid: null): unknown;
  processSinglePacket(): unknown;
}

/** What the sessions of a client report to. */
export class ClientHooks<C extends HookedClient> extends PeerHooks<C> {
  /** Its sessions, one after another. */
  readonly sessions: ClientSessions<C>;
  /** Brings a session back whose line broke; `undefined`: nothing does. */
  resuming: ClientResumption<C> | undefined = undefined;
  declare readonly access: ClientAccess<C>;

  /** @param access - how the client is dealt with, which makes this before it is complete. */
  constructor(init: PartsInit, access: ClientAccess<C>) {
    super(init);
    this.access = access;
    this.sessions = new ClientSessions(this);
  }

  get client(): C {
    return this.peer as WholePeer & C;
  }

  /** Opens transports. Made for the attempts: a client that is connected needs none. */
  dialling(): Dialling {
    return new Dialling(this.client, this.setup);
  }

  override get eventNames(): object {
    return CLIENT_EVENTS;
  }

  override get heartbeats(): Heartbeats {
    return clientHeartbeats(this);
  }

  protected override waitingPackets(): OwnPackets {
    return new OwnPackets(this.clock);
  }

  /** An attempt to connect came to nothing. */
  unconnected(): void {
    this.observing?.handshake(undefined, "unconnected");
  }

  override get resumes(): boolean {
    return this.resuming !== undefined;
  }

  protected override get resumption(): ClientResumption<C> {
    // Asked for only by sessions that resume.
    return this.resuming as ClientResumption<C>;
  }

  /** Has the session outlive its transport. */
  resumeBy(options: ResumeOptions): ClientResumption<C> {
    const dialling = this.dialling();
    const { connector } = dialling;
    const resuming = new ClientResumption<C>({
      clock: this.clock,
      options,
      dial: connector && ((...args) => dialling.dial(...args)),
      redirects: new Redirects(options, connector),
      networkBack: this.platform.networkBack,
      suspended: (session, error) => {
        this.suspended(session, error);
        tell(this, "suspend", { error });
      },
      resumed: (session, again, seconds) => {
        this.resumed(session, again, seconds);
        tell(this, "resume", { resumed: true, seconds, ...again });
      },
    });
    this.resuming = resuming;
    return resuming;
  }

  protected override countIn(census: CensusTaking): void {
    this.sessions.countIn(census);
  }

  override get reconnects(): boolean {
    return this.sessions.reconnecting !== undefined;
  }

  /** Has another session follow where one is gone. */
  reconnectBy(options: ReconnectOptions): void {
    this.sessions.reconnecting = new Reconnecting(options, this.clock, this.guard);
  }

  protected override sessionOf(): Session<C> | undefined {
    return this.sessions.session;
  }

  protected override takeData(_session: Session<C>, chunk: Uint8Array): unknown {
    return this.client.receiveData(chunk, null);
  }

  protected override takeSinglePacket(): unknown {
    return this.client.processSinglePacket();
  }

  protected override activated(): void {
    this.sessions.activated();
  }

  protected override observes(): boolean {
    return this.client.onReceive !== this.access.plain;
  }

  override drained(): void {
    tell(this, "drain");
  }

  // One connection is bounded by its own limits.
  override inputHeld(): void {}

  override unsentHeld(): void {}

  override gone(): void {}

  protected override ended(session: Session<C>, info: CloseInfo): void {
    this.sessions.ended(session, info);
  }

  protected override sendPacketEvent(
    session: Session<C>,
    direction: "recv" | "send",
    pid: PacketRef,
    data: unknown,
  ): boolean {
    // Whole names: putting one together costs more than finding out that nobody listens.
    const event = direction === "recv" ? "peng3dnet:client.recv" : "peng3dnet:client.send";
    if (!this.events?.hears(event)) return false;
    const size = { [EVENT_SIZE]: session.connection.decodedSize };
    this.client.sendEvent(event, direction === "recv" ? { pid, msg: data, ...size } : { pid, data, ...size });
    return true;
  }
}

/** No private method, which each client would have a field for. */
function tell<K extends keyof ClientEvents & string>(
  parts: PeerParts,
  event: K,
  ...args: ClientEvents[K]
): void {
  parts.emit(event, args);
}
