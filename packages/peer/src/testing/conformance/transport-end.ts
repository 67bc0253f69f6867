import { describeError, type Peng3dnetError } from "@peng3dnet/protocol";
import type { Transport, TransportHandler } from "../../transport/transport.js";
import { firstDifference, patternAt } from "./pattern.js";

/** Which end of a connection: the one that accepted it, or the one that asked for it. */
export type Role = "server" | "client";

/** Whether it looks like an error; those of a runtime may be of another realm than a test's. */
export function isError(value: { readonly message?: unknown }): boolean {
  return typeof value.message === "string";
}

/** What a test does within an event, after that was noted. What they throw goes to the transport. */
export interface EventHooks {
  ready?: () => void;
  readTarget?: () => Uint8Array | undefined;
  data?: (chunk: Uint8Array) => void;
  ended?: () => void;
  drained?: () => void;
  closed?: () => void;
}

/** What an end tells the test that it belongs to. */
export interface EndHost {
  /** Something was told. */
  changed(): void;
  /** A promise was broken. */
  fault(sentence: string): void;
}

/** A chunk that was told, and where it lies in the stream. */
interface KeptChunk {
  readonly chunk: Uint8Array;
  /** Its length when it was told; one that was freed has none. */
  readonly length: number;
  readonly position: number;
}

/**
 * One end of a connection under test: calls the transport, hears what it tells, and finds fault with what must not be told
 * at that moment, whatever the test is about.
 */
export class TransportEnd implements TransportHandler {
  readonly role: Role;
  readonly transport: Transport;
  /** What the test does within events. */
  readonly on: EventHooks = {};
  /** The other end, once it is there. */
  other: TransportEnd | undefined = undefined;

  /** Bytes written. */
  sent = 0;
  /** Bytes told. */
  received = 0;
  isReady = false;
  refusal: Peng3dnetError | undefined = undefined;
  hasEnded = false;
  /** How often `drained` was told. */
  drains = 0;
  isClosed = false;
  closeError: Error | undefined = undefined;
  /** What went to `crashed`. */
  readonly crashes: unknown[] = [];
  /** Whether handlers of this test throw, so that `crashed` is no fault. */
  mayCrash = false;

  readonly #host: EndHost;
  readonly #kept: KeptChunk[] = [];
  #started = false;
  #calling: string | undefined = undefined;
  #telling: string | undefined = undefined;
  #paused = false;
  /** Whether this end was broken off on purpose. */
  #destroyed = false;
  #leaving = false;
  #endedOutput = false;
  #wasBusy = false;
  #backlog = 0;
  #target: Uint8Array | undefined = undefined;

  constructor(role: Role, transport: Transport, host: EndHost) {
    this.role = role;
    this.transport = transport;
    this.#host = host;
  }

  /** Whether it hears of its close, since it was started. */
  get started(): boolean {
    return this.#started;
  }

  get busy(): boolean {
    return this.transport.busy;
  }

  /** Whether all that the other end wrote was told here. */
  get upToDate(): boolean {
    return this.received === this.other?.sent;
  }

  // ---- calls ------------------------------------------------------------------------------------

  start(): void {
    this.#started = true;
    this.#call("start", () => this.transport.start(this));
  }

  /** Writes the next `length` bytes of the stream, and spoils their buffer if it may be reused. */
  write(length: number): void {
    const bytes = patternAt(this.sent, length);
    this.sent += length;
    const reusable = this.#call("write", () => this.transport.write(bytes));
    if (reusable === true) bytes.fill(0xa5);
    else if (reusable === false && !this.busy) this.fault("write() kept the buffer, but is not busy with it");
    if (this.busy) this.#wasBusy = true;
    this.#backlog = Number.POSITIVE_INFINITY;
    this.checkBacklog();
  }

  /** Looks at `busy` and `backlog`. */
  checkBacklog(): void {
    const { busy, backlog } = this.transport;
    if (!Number.isSafeInteger(backlog) || backlog < 0) this.fault(`backlog is ${backlog}`);
    if (!busy && backlog !== 0) this.fault(`backlog is ${backlog} though it is not busy`);
    if (backlog > this.#backlog)
      this.fault(`backlog rose from ${this.#backlog} to ${backlog} without a write`);
    if (backlog > this.sent) this.fault(`backlog is ${backlog}, but only ${this.sent} bytes were written`);
    this.#backlog = backlog;
  }

  end(): void {
    this.#endedOutput = true;
    this.#call("end", () => this.transport.end());
  }

  closing(reason: string | null): void {
    this.#call("closing", () => this.transport.closing?.(reason));
  }

  destroyAfterWrite(): void {
    this.#endedOutput = true;
    this.#leaving = true;
    this.#call("destroyAfterWrite", () => this.transport.destroyAfterWrite());
  }

  destroy(): void {
    this.#destroyed = true;
    this.#call("destroy", () => this.transport.destroy());
  }

  /** It is going to be broken off by the test in another way than by `destroy`. */
  noteReset(): void {
    this.#leaving = true;
    this.#endedOutput = false;
  }

  pause(): void {
    this.#call("pause", () => this.transport.pause());
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#call("resume", () => this.transport.resume());
  }

  probe(): void {
    this.#call("probe", () => this.transport.probe?.());
  }

  /** Calls everything that may be called of what is over, and reads everything. */
  async useAfterClose(): Promise<void> {
    this.write(10);
    this.end();
    this.pause();
    this.resume();
    this.probe();
    this.closing("late");
    this.destroyAfterWrite();
    this.destroy();
    this.checkProperties();
    await this.checkUnacknowledged();
  }

  async checkUnacknowledged(): Promise<void> {
    try {
      const count = await this.#call("unacknowledged", () => this.transport.unacknowledged?.());
      if (count !== undefined && !(count >= 0)) this.fault(`unacknowledged() gave ${count}`);
    } catch (error) {
      this.fault(`unacknowledged() rejected: ${describeError(error)}`);
    }
  }

  checkProperties(): void {
    const {
      remoteAddress,
      sslSeclevel,
      sslSeclevelOnHello,
      bytesBeforeStream,
      peerCertificate,
      reusesChunks,
    } = this.transport;
    const [host, port] = remoteAddress;
    if (typeof host !== "string" || typeof port !== "number") this.fault("remoteAddress is no host and port");
    if (!Number.isInteger(sslSeclevel)) this.fault(`sslSeclevel is ${sslSeclevel}`);
    if (sslSeclevelOnHello !== undefined && !Number.isInteger(sslSeclevelOnHello)) {
      this.fault(`sslSeclevelOnHello is ${sslSeclevelOnHello}`);
    }
    if (bytesBeforeStream !== undefined && !(bytesBeforeStream >= 0)) {
      this.fault(`bytesBeforeStream is ${bytesBeforeStream}`);
    }
    if (peerCertificate !== undefined && typeof peerCertificate.fingerprint256 !== "string") {
      this.fault("peerCertificate has no fingerprint");
    }
    if (typeof reusesChunks !== "boolean") this.fault("reusesChunks is neither true nor false");
  }

  #call<T>(name: string, call: () => T): T | undefined {
    const outer = this.#calling;
    this.#calling = name;
    try {
      return call();
    } catch (error) {
      this.fault(`${name}() threw: ${describeError(error)}`);
      return undefined;
    } finally {
      this.#calling = outer;
    }
  }

  // ---- events -----------------------------------------------------------------------------------

  ready(): void {
    this.#tell("ready", () => {
      if (this.isReady || this.refusal !== undefined) this.fault("was ready twice");
      this.isReady = true;
      this.on.ready?.();
    });
  }

  refused(error: Peng3dnetError): void {
    this.#tell("refused", () => {
      if (this.isReady || this.refusal !== undefined) this.fault("was refused after it was ready or refused");
      this.refusal = error;
    });
  }

  readTarget(): Uint8Array | undefined {
    this.#target = undefined;
    this.#target = this.on.readTarget?.();
    return this.#target;
  }

  data(chunk: Uint8Array): void {
    this.#tell("data", () => {
      this.#mustBeReady("data");
      if (this.hasEnded) this.fault("told data after ended");
      if (this.#paused) this.fault("told data while paused");
      this.#checkTarget(chunk);
      const differs = firstDifference(chunk, this.received);
      if (differs >= 0)
        this.fault(
          `byte ${this.received + differs} is not what was sent: the order is wrong, or it was changed`,
        );
      if (!this.transport.reusesChunks && this.#target === undefined) {
        this.#kept.push({ chunk, length: chunk.length, position: this.received });
      }
      this.#target = undefined;
      this.received += chunk.length;
      const sent = this.other?.sent ?? 0;
      if (this.received > sent) this.fault(`${this.received} bytes were told, of ${sent} that were sent`);
      this.on.data?.(chunk);
    });
  }

  ended(): void {
    this.#tell("ended", () => {
      this.#mustBeReady("ended");
      if (this.hasEnded) this.fault("told ended twice");
      this.hasEnded = true;
      const missing = (this.other?.sent ?? 0) - this.received;
      if (this.other?.endedInOrder === true && missing > 0)
        this.fault(`told ended before the last ${missing} bytes`);
      this.on.ended?.();
    });
  }

  drained(): void {
    this.#tell("drained", () => {
      this.#mustBeReady("drained");
      if (!this.#wasBusy) this.fault("told drained though it was not busy");
      this.#wasBusy = false;
      if (this.busy) this.fault("is still busy when it tells drained");
      this.checkBacklog();
      this.drains++;
      this.on.drained?.();
    });
  }

  closed(error: Error | undefined): void {
    this.#tell("closed", () => {
      this.isClosed = true;
      this.closeError = error;
      if (error !== undefined && !isError(error)) this.fault("told closed with something that is no error");
      if (this.#destroyed || this.#leaving) {
        if (!this.#leaving && error !== undefined)
          this.fault(`told closed with an error, though it was destroyed here: ${describeError(error)}`);
      } else if (error === undefined && !(this.hasEnded && this.#endedOutput)) {
        this.fault("told closed without an error, though not both ends had ended");
      }
      this.on.closed?.();
    });
  }

  crashed(error: unknown): void {
    this.crashes.push(error);
    if (!this.mayCrash) this.fault(`crashed: ${describeError(error)}`);
    this.#host.changed();
  }

  /** Whether all that it wrote has to arrive. */
  get endedInOrder(): boolean {
    return this.#endedOutput && !this.#destroyed;
  }

  /** Looks whether chunks that were told have stayed as they were. */
  checkKeptChunks(): void {
    for (const { chunk, length, position } of this.#kept) {
      if (chunk.length !== length) {
        this.fault(`the chunk at byte ${position} was freed, though reusesChunks is false`);
        return;
      }
      if (firstDifference(chunk, position) >= 0) {
        this.fault(`the chunk at byte ${position} was overwritten, though reusesChunks is false`);
        return;
      }
    }
  }

  fault(sentence: string): void {
    this.#host.fault(`the ${this.role}'s transport: ${sentence}`);
  }

  #mustBeReady(event: string): void {
    if (!this.isReady && this.refusal === undefined) this.fault(`told ${event} before it was ready`);
    if (this.#destroyed) this.fault(`told ${event} after destroy()`);
  }

  #checkTarget(chunk: Uint8Array): void {
    const target = this.#target;
    if (target === undefined || chunk.buffer !== target.buffer) return;
    if (chunk.byteOffset !== target.byteOffset || chunk.length > target.length)
      this.fault("told data that was read into the read target, but not at its beginning");
  }

  #tell(event: string, tell: () => void): void {
    if (this.isClosed) this.fault(event === "closed" ? "told closed twice" : `told ${event} after closed`);
    const inStart = this.#calling === "start" && (event === "ready" || event === "refused");
    if (this.#calling !== undefined && !inStart) this.fault(`told ${event} within ${this.#calling}()`);
    if (this.#telling !== undefined) this.fault(`told ${event} within ${this.#telling}`);
    const outer = this.#telling;
    this.#telling = event;
    try {
      tell();
    } finally {
      this.#telling = outer;
      this.#host.changed();
    }
  }
}
