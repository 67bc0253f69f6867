import type { Transport, TransportHandler } from "@peng3dnet/peer";

/** One side of a splice: passes on what its transport tells to the other one. */
class Side implements TransportHandler {
  readonly transport: Transport;
  other: Side | undefined;
  /** What came before the other side was ready, in order. */
  #early: (() => void)[] | undefined = [];
  #closed = false;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  ready(): void {
    const calls = this.#early ?? [];
    this.#early = undefined;
    for (const call of calls) call();
  }

  refused(): void {
    this.other?.transport.destroy();
  }

  readTarget(): undefined {
    return undefined;
  }

  data(chunk: Uint8Array): void {
    const bytes = chunk.slice(); // kept by the other transport for as long as it likes
    this.other?.whenReady((other) => {
      other.transport.write(bytes);
      if (other.transport.busy) this.transport.pause();
    });
  }

  drained(): void {
    this.other?.transport.resume();
  }

  ended(): void {
    this.other?.whenReady((other) => other.transport.end());
  }

  closed(error: Error | undefined): void {
    this.#closed = true;
    const other = this.other;
    if (other === undefined || other.#closed) return;
    // In order: both streams had ended. Else the break is passed on.
    if (error !== undefined) other.transport.destroy();
  }

  crashed(error: unknown): void {
    throw error;
  }

  /** Calls now, or once its transport is ready. */
  whenReady(call: (side: Side) => void): void {
    if (this.#early === undefined) call(this);
    else this.#early.push(() => call(this));
  }
}

/** Joins two transports back to back: what comes by one goes out by the other. Starts both, within the call. */
export function splice(one: Transport, other: Transport): void {
  const [left, right] = [new Side(one), new Side(other)];
  left.other = right;
  right.other = left;
  one.start(left);
  other.start(right);
}
