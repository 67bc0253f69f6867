import type { Address, Cid, Connection, SslSecLevel } from "@peng3dnet/protocol";
import { ClientHeartbeat } from "../liveness/client-heartbeat.js";
import type { Heartbeat } from "../liveness/heartbeat.js";
import type { RoundTrip } from "../liveness/round-trip.js";
import type { ServerTime } from "../liveness/server-clock.js";
import type { CensusTaking } from "../observing/census.js";
import type { TalliedPart, TalliedSession } from "../observing/tally.js";
import type { ConnectionRequests } from "../requests/connection-requests.js";
import type { ResumingSession, SessionResumption } from "../resume/session-resumption.js";
import type { NativeSocket } from "../transport/native-socket.js";
import type { PeerCertificate } from "../transport/peer-certificate.js";
import type { Transport } from "../transport/transport.js";
import { type Metrics, type MetricsSum, RejectionCounter } from "./metrics.js";
import type { PeerWatch } from "./peer-watch.js";
import { addMetrics, countSession, metricsOf } from "./session-counts.js";
import type { EndingHost, SessionEnding } from "./session-ending.js";
import type { SessionInput } from "./session-input.js";
import type { SessionOutput } from "./session-output.js";

/**
 * What can be asked of a session: by applications, which hold it as their `conn`, by its own parts, and by those who sum up what
 * there is. What happens to a session is in the class `Session`. It extends this one instead of having it, so that both are one
 * object.
 *
 * @typeParam Self - the session.
 */
export abstract class SessionState<Self extends EndingHost<Self> & ResumingSession>
  implements TalliedSession
{
  /** The protocol's side of it. */
  abstract readonly connection: Connection;
  /** Moves the bytes. */
  abstract readonly transport: Transport;
  /** Its part in resumption; `undefined`: it does not outlive its transport. */
  abstract readonly resumption: SessionResumption<Self> | undefined;
  protected abstract readonly input: SessionInput<Self>;
  protected abstract readonly output: SessionOutput;
  /** The deadlines of its peer; `undefined`: there are none. */
  protected watch: PeerWatch | undefined = undefined;
  /** Its heartbeat, once both sides have said that they take part. It begins when the connection is active. */
  protected heartbeat: Heartbeat | undefined = undefined;
  /** What points to its end; `undefined`: nothing, so that it is open. */
  protected ending: SessionEnding<Self> | undefined = undefined;

  /** Bytes received. */
  bytesIn = 0;
  /** Packets received that nothing handled. */
  unhandled = 0;
  /** Why it ended, and why packets were dropped; `undefined`: nothing of that yet. */
  rejections: RejectionCounter | undefined = undefined;
  /** Its part in sums that are kept of many; `undefined`: nobody keeps some. */
  tallied: TalliedPart | undefined = undefined;
  /** Whether its handshake was completed, whatever became of it since. */
  greeted = false;
  /** The list of receivers that it was in last, by number; for whoever makes such lists. */
  listed = 0;
  /** Where the admission of a server counts it; `undefined`: nowhere. */
  admitted: object | undefined = undefined;
  /** Requests that are under way; `undefined`: there never was one. */
  requests: ConnectionRequests | undefined = undefined;

  // ---- the connection ---------------------------------------------------------------------------

  /** Client id on a server, `null` on a client. */
  get cid(): Cid {
    return this.connection.cid;
  }

  get remoteAddress(): Address {
    return this.transport.remoteAddress;
  }

  get socket(): NativeSocket | undefined {
    return this.transport.socket;
  }

  get state(): number {
    return this.connection.state;
  }

  set state(state: number) {
    this.connection.state = state;
  }

  get mode(): number {
    return this.connection.mode;
  }

  set mode(mode: number) {
    this.connection.mode = mode;
  }

  get conntype(): string {
    return this.connection.conntype;
  }

  get sslSeclevel(): SslSecLevel {
    return this.connection.sslSeclevel;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.transport.peerCertificate;
  }

  get rtt(): RoundTrip | undefined {
    return this.heartbeat?.roundTrip;
  }

  /** On a client: an estimate of the server's time; `undefined` until there is one. */
  serverTime(): ServerTime | undefined {
    const { heartbeat } = this;
    return heartbeat instanceof ClientHeartbeat ? heartbeat.serverTime() : undefined;
  }

  // ---- how far it is ----------------------------------------------------------------------------

  /** Whether packets can still be exchanged. */
  get open(): boolean {
    return this.ending === undefined || this.ending.open;
  }

  get active(): boolean {
    return this.open && this.connection.active;
  }

  get suspended(): boolean {
    return this.resumption?.suspended === true;
  }

  get unfinished(): boolean {
    return this.ending === undefined || this.ending.unfinished;
  }

  get endIsAnswer(): boolean {
    return this.ending?.endIsAnswer === true;
  }

  get gone(): boolean {
    return this.ending?.gone === true;
  }

  get over(): boolean {
    return this.ending?.phase === "closed";
  }

  // ---- what waits -------------------------------------------------------------------------------

  /** Whether a consumer of packets asked for a pause. */
  get paused(): boolean {
    return this.input.paused;
  }

  /** Whether no packet is taken up, because those before have not been consumed. */
  get blocked(): boolean {
    return this.input.blocked;
  }

  get hasUnprocessedInput(): boolean {
    return this.input.unprocessed;
  }

  /** Packets that wait for `process`. */
  get queuedPackets(): number {
    return this.input.packets;
  }

  /** Bytes of these packets. */
  get queuedBytes(): number {
    return this.input.bytes;
  }

  /** Bytes handed to the transport. */
  get bytesOut(): number {
    return this.output.bytesOut;
  }

  get bytesHanded(): number {
    return this.output.handed;
  }

  /** Bytes accepted for sending, those handed to the transport included. */
  get bytesAccepted(): number {
    return this.output.accepted;
  }

  /** Bytes that were accepted for sending and not handed to the transport. */
  get unhanded(): number {
    return this.output.unhanded;
  }

  // ---- counting ---------------------------------------------------------------------------------

  /** Counters of this connection. */
  get metrics(): Metrics {
    return metricsOf(this);
  }

  /** Adds its counters to a sum. */
  addTo(sum: MetricsSum): void {
    addMetrics(this, sum);
  }

  /** Adds what there is of it now to a census. */
  countIn(census: CensusTaking): void {
    countSession(this, census);
  }

  /**
   * Whether its numbers may change at any time, and not after a call of `changes` only. Not so while it waits for its turn, for
   * `process`, or for answers: all connections may do that at once, and those are moments when a look at each is too long.
   */
  get restless(): boolean {
    return !this.open || this.input.working || !this.output.handedOver;
  }

  /** Its numbers are about to change: whoever keeps sums looks at it again. */
  changes(): void {
    if (this.tallied !== undefined) this.tallied.changes();
  }

  /** Counts why it ended, or why a packet was dropped. */
  protected reject(reason: string): void {
    this.rejections ??= new RejectionCounter();
    this.rejections.add(reason);
    this.tallied?.rejected(reason);
  }
}
