import {
  type CloseInfo,
  ConnectionClosedError,
  escapeText,
  MAX_REASON_BYTES,
  type PacketRef,
  TlsHandshakeError,
} from "@peng3dnet/protocol";
import { EVENT_SIZE } from "../base/engine.js";
import { type ConnectionOwner, PeerHooks, type PeerParts } from "../base/peer-hooks.js";
import type { CensusTaking } from "../observing/census.js";
import { ClientResumption, type ResumeOptions, type ResumingClient } from "../resume/client-resumption.js";
import type { Session } from "../session/session.js";
import { Deferred } from "../time/deferred.js";
import type { ClientEvents } from "./client-options.js";
import { refusalError } from "./tls-refusal.js";

/** What a client does itself of what its session reports: its overridable methods. */
export interface HookedClient extends ConnectionOwner {
  receiveData(data: Uint8Array, cid: null): unknown;
  processSinglePacket(): unknown;
  sendEvent(event: string, data?: Readonly<Record<string, unknown>>): void;
}

/** What a caller is told for whom the connection ended too early. */
export function connectionClosed({ reason, error }: CloseInfo): Error {
  if (error instanceof TlsHandshakeError) return error;
  const why = reason === null ? "" : ` (${escapeText(reason, MAX_REASON_BYTES)})`;
  // Who sees the message alone has to learn what to do, too.
  const what = error === undefined ? "" : `: ${error.message}`;
  return new ConnectionClosedError(`the connection is closed${why}${what}`, reason, { cause: error });
}

/** What the one session of a client reports to, and what others wait for: that it is active, and that it is gone. */
export class ClientHooks<C extends HookedClient> extends PeerHooks<C> {
  /** The handshake is complete. */
  readonly active: Deferred<void>;
  /** The connection is closed, or will never come. */
  readonly closing: Deferred<CloseInfo>;
  /** The one connection, once there is one. */
  session: Session<C> | undefined = undefined;
  /** Brings it back; `undefined`: nothing does. */
  resuming: ClientResumption<C> | undefined = undefined;
  declare private client: C;
  declare private plain: C["onReceive"];

  constructor(parts: PeerParts) {
    super(parts);
    this.active = new Deferred(parts.clock);
    this.closing = new Deferred(parts.clock);
  }

  /**
   * Hands in the client, which makes this before there is one to hand in.
   *
   * @param plain - `onReceive` as it is where no subclass overrides it.
   */
  connect(client: C, plain: C["onReceive"]): void {
    this.client = client;
    this.plain = plain;
  }

  /** Tells all whom it concerns that the connection is closed. @param prints - whether it is printed. */
  tellClosed(info: CloseInfo, prints: boolean): void {
    const { client } = this;
    this.parts.guard.run("onClose", () => client.onClose(info.reason));
    if (prints) this.parts.print(`close ${info.reason}`);
    client.sendEvent("close", { reason: info.reason });
    this.#emit("close", info);
  }

  /** The connection is closed, or there will never be one. */
  settleClosed(info: CloseInfo): void {
    this.stopTickers();
    this.closing.settle(info);
  }

  override get resumes(): boolean {
    return this.resuming !== undefined;
  }

  protected override get resumption(): ClientResumption<C> {
    // Asked for only by sessions that resume.
    return this.resuming as ClientResumption<C>;
  }

  /** Has the session outlive its transport. @param dial - connects again; `undefined`: nothing does. */
  resumeBy(options: ResumeOptions, dial: ResumingClient<C>["dial"]): void {
    this.resuming = new ClientResumption<C>({
      clock: this.parts.clock,
      options,
      dial,
      networkBack: this.parts.platform.networkBack,
      suspended: (_session, error) => this.#emit("suspend", { error }),
      resumed: (_session, again, seconds) => this.#emit("resume", { resumed: true, seconds, ...again }),
    });
  }

  protected override countIn(census: CensusTaking): void {
    const { session } = this;
    if (session === undefined) return;
    if (!session.over) session.countIn(census);
    else {
      session.addTo(census.sum);
      census.sum.nothingWaits();
    }
  }

  protected override sessionOf(): Session<C> | undefined {
    return this.session;
  }

  protected override takeData(_session: Session<C>, chunk: Uint8Array): unknown {
    return this.client.receiveData(chunk, null);
  }

  protected override takeSinglePacket(): unknown {
    return this.client.processSinglePacket();
  }

  protected override activated(): void {
    this.active.settle();
    this.#emit("handshakecomplete");
  }

  protected override observes(): boolean {
    return this.client.onReceive !== this.plain;
  }

  override drained(): void {
    this.#emit("drain");
  }

  // One connection is bounded by its own limits.
  override inputHeld(): void {}

  override unsentHeld(): void {}

  override gone(): void {}

  protected override ended(session: Session<C>, { reason, error, clean }: CloseInfo): void {
    // Before the handshake is complete, a server may say what is missing of TLS.
    const refusal = this.active.settled || error !== undefined ? undefined : refusalError(reason);
    const info: CloseInfo =
      refusal === undefined ? { reason, error, clean } : { reason, error: refusal, clean: false };
    this.active.fail(connectionClosed(info));
    this.tellClosed(info, session.options.prints?.close === true);
    this.settleClosed(info);
  }

  protected override sendPacketEvent(
    session: Session<C>,
    direction: "recv" | "send",
    pid: PacketRef,
    data: unknown,
  ): boolean {
    // Whole names: putting one together costs more than finding out that nobody listens.
    const event = direction === "recv" ? "peng3dnet:client.recv" : "peng3dnet:client.send";
    if (!this.parts.events.hears(event)) return false;
    const size = { [EVENT_SIZE]: session.connection.decodedSize };
    this.client.sendEvent(event, direction === "recv" ? { pid, msg: data, ...size } : { pid, data, ...size });
    return true;
  }

  #emit<K extends keyof ClientEvents & string>(event: K, ...args: ClientEvents[K]): void {
    this.parts.emit(event, args);
  }
}
