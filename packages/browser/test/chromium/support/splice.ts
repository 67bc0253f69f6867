import type { Transport, TransportHandler } from "@peng3dnet/peer";

/** One side of a splice: does at the other one what its own transport tells. */
class Side implements TransportHandler {
  readonly transport: Transport;
  #other: Side | undefined;
  #ready = false;
  #ended = false;
  /** What is to be done at the other side once it is ready. */
  #waiting: ((transport: Transport) => void)[] = [];

  constructor(transport: Transport) {
    this.transport = transport;
  }

  join(other: Side): void {
    this.#other = other;
    this.flush();
  }

  ready(): void {
    this.#ready = true;
    this.#other?.flush();
  }

  refused(): void {
    this.#pass((transport) => transport.destroy());
  }

  readTarget(): undefined {
    return undefined;
  }

  data(chunk: Uint8Array): void {
    const bytes = chunk.slice(); // the other transport may need them for longer
    this.#pass((transport) => {
      transport.write(bytes);
      if (transport.busy) this.transport.pause();
    });
  }

  drained(): void {
    this.#other?.transport.resume();
  }

  ended(): void {
    this.#ended = true;
    this.#pass((transport) => transport.end());
  }

  closed(): void {
    // Who had ended its stream broke off afterwards at most: what it wrote arrives.
    if (this.#ended) this.#pass((transport) => transport.destroyAfterWrite());
    else this.#pass((transport) => transport.destroy());
  }

  crashed(error: unknown): void {
    throw error;
  }

  #pass(call: (transport: Transport) => void): void {
    this.#waiting.push(call);
    this.flush();
  }

  /** Does what waits, if the other side is ready. */
  flush(): void {
    const other = this.#other;
    if (other === undefined || !other.#ready) return;
    for (const call of this.#waiting.splice(0)) call(other.transport);
  }
}

/** Joins pairs of transports back to back: what comes by one goes out by the other. */
export class Splice {
  #single: Side | undefined;

  /** Takes one up, and starts it within the call; every second one is joined to that before. */
  add(transport: Transport): void {
    const side = new Side(transport);
    const other = this.#single;
    this.#single = other === undefined ? side : undefined;
    if (other !== undefined) {
      other.join(side);
      side.join(other);
    }
    transport.start(side);
  }
}
