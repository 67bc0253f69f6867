import {
  ConnectionLostError,
  type Peng3dnetError,
  type ResumeHandshake,
  type ResumeResult,
  toError,
} from "@peng3dnet/protocol";
import { lostBy } from "../session/lost-by.js";
import type { Transport, TransportHandler } from "../transport/transport.js";
import { Line } from "./line.js";

/** What came of an attempt; exactly one of them is called, once. */
export interface AttemptOutcome {
  /** The server goes on with the session, over this line. Nothing was told of what comes behind the handshake. */
  succeeded(line: Line, result: ResumeResult): void;
  failed(error: Error): void;
}

/** A client's attempt to go on with its session over one new transport. */
export class LineAttempt implements TransportHandler {
  readonly #line: Line;
  readonly #handshake: ResumeHandshake;
  readonly #outcome: AttemptOutcome;
  #over = false;

  constructor(transport: Transport, handshake: ResumeHandshake, outcome: AttemptOutcome) {
    this.#line = new Line(transport);
    this.#handshake = handshake;
    this.#outcome = outcome;
  }

  /** Has the transport tell. */
  start(): void {
    this.#line.start(this);
  }

  /** Gives it up. */
  fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#line.cut();
    this.#outcome.failed(error);
  }

  ready(): void {}

  refused(error: Peng3dnetError): void {
    this.fail(error);
  }

  readTarget(): undefined {
    return undefined;
  }

  data(chunk: Uint8Array): void {
    let result: ResumeResult | undefined;
    try {
      result = this.#handshake.push(chunk);
      const output = this.#handshake.output();
      if (output !== undefined) this.#line.transport.write(output);
    } catch (error) {
      this.fail(toError(error));
      return;
    }
    if (result === undefined || this.#over) return;
    this.#over = true;
    this.#outcome.succeeded(this.#line, result);
  }

  ended(): void {
    this.fail(new ConnectionLostError("the server ended the connection before it went on with the session"));
  }

  drained(): void {}

  closed(error: Error | undefined): void {
    this.fail(lostBy(error));
  }

  crashed(error: unknown): void {
    this.fail(toError(error));
  }
}
