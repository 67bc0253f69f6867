// A transport that does what a test says, and notes what it was asked for.

import { type Address, SSLSEC_NONE, type Transport, type TransportHandler } from "@peng3dnet/peer";
import type { ResumableHost, SentAgain } from "../../src/resume/resumable-host.js";
import type { Runnable } from "../../src/turns/run-queue.js";

export class ScriptedTransport implements Transport {
  readonly remoteAddress: Address;
  readonly socket: undefined = undefined;
  reusesChunks = false;
  readonly sslSeclevel = SSLSEC_NONE;
  busy = false;
  backlog = 0;
  /** What was asked for, without writes. */
  readonly calls: string[] = [];
  readonly written: Uint8Array[] = [];
  /** After how many writes it is busy. */
  room = Number.POSITIVE_INFINITY;
  handler: TransportHandler | undefined = undefined;

  constructor(name = "scripted") {
    this.remoteAddress = [name, 1];
  }

  /** All that was written, as one. */
  get bytes(): number[] {
    return this.written.flatMap((piece) => [...piece]);
  }

  start(handler: TransportHandler): void {
    this.handler = handler;
  }

  write(bytes: Uint8Array): boolean {
    if (this.busy) throw new Error("it was written to while it was busy");
    if (bytes.length === 0 || this.written.length > 10_000) throw new Error("it was written to without end");
    this.written.push(bytes.slice());
    this.busy = this.written.length >= this.room;
    return true;
  }

  /** Takes so many writes more, and says so. */
  drain(room = Number.POSITIVE_INFINITY): void {
    this.busy = false;
    this.room = this.written.length + room;
    this.handler?.drained();
  }

  closing(reason: string | null): void {
    this.calls.push(`closing ${reason}`);
  }

  end(): void {
    this.calls.push("end");
  }

  destroyAfterWrite(): void {
    this.calls.push("destroyAfterWrite");
  }

  destroy(): void {
    this.calls.push("destroy");
  }

  pause(): void {
    this.calls.push("pause");
  }

  resume(): void {
    this.calls.push("resume");
  }
}

/** What a session is told by its transport. */
export class NotedHandler implements TransportHandler {
  readonly told: string[] = [];

  ready(): void {
    this.told.push("ready");
  }

  refused(error: Error): void {
    this.told.push(`refused ${error.message}`);
  }

  readTarget(): undefined {
    return undefined;
  }

  data(chunk: Uint8Array): void {
    this.told.push(`data ${[...chunk].join()}`);
  }

  ended(): void {
    this.told.push("ended");
  }

  drained(): void {
    this.told.push("drained");
  }

  closed(error: Error | undefined): void {
    this.told.push(`closed ${error?.message ?? ""}`.trim());
  }

  crashed(error: unknown): void {
    this.told.push(`crashed ${error}`);
  }
}

/** A host that says what a test wants. */
export class ScriptedHost implements ResumableHost {
  outlives = true;
  endIsAnswer = false;
  inPacket = false;
  blocked = false;
  /** Nobody. */
  readonly share = undefined;
  readonly told: string[] = [];
  again: SentAgain | undefined = undefined;
  held = 0;
  /** Whether others are to have a turn, and who waits for them. */
  others = false;
  readonly waiting: Runnable[] = [];
  /** Called within `lineBroken`. */
  broken: (() => void) | undefined = undefined;

  lineBroken(error: Error | undefined): void {
    this.told.push(`broken ${error?.message ?? ""}`.trim());
    this.broken?.();
  }

  lineRestored(again: SentAgain): void {
    this.told.push("restored");
    this.again = again;
  }

  acknowledgementDue(now: boolean): void {
    this.told.push(now ? "due now" : "due");
  }

  acknowledgeAlong(): void {
    this.told.push("along");
  }

  flush(): void {
    this.told.push("flush now");
  }

  keptHeld(bytes: number): void {
    this.held = bytes;
  }

  flushSoon(): void {
    this.told.push("flush");
  }

  othersFirst(runnable: Runnable): boolean {
    if (this.others) this.waiting.push(runnable);
    return this.others;
  }
}
