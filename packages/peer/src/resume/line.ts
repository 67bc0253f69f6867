import type { Peng3dnetError } from "@peng3dnet/protocol";
import type { Transport, TransportHandler } from "../transport/transport.js";

/** A transport in use, whose events can be led elsewhere: to another session, or nowhere. */
export class Line implements TransportHandler {
  readonly transport: Transport;
  /** Whether the transport has told that it is over. */
  over = false;
  /** Whom it tells; `undefined`: nobody, whatever comes. */
  to: TransportHandler | undefined = undefined;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** Starts the transport. */
  start(to: TransportHandler): void {
    this.to = to;
    this.transport.start(this);
  }

  /** Breaks it off, and hears nothing of it any more from the return of this call on. */
  cut(): void {
    this.to = undefined;
    this.transport.destroy();
  }

  ready(): void {
    this.to?.ready();
  }

  refused(error: Peng3dnetError): void {
    this.to?.refused(error);
  }

  readTarget(): Uint8Array | undefined {
    return this.to?.readTarget();
  }

  data(chunk: Uint8Array): void {
    this.to?.data(chunk);
  }

  holds(bytes: number): void {
    this.to?.holds?.(bytes);
  }

  ended(): void {
    this.to?.ended();
  }

  drained(): void {
    this.to?.drained();
  }

  closed(error: Error | undefined): void {
    this.over = true;
    this.to?.closed(error);
  }

  crashed(error: unknown): void {
    this.to?.crashed(error);
  }
}
