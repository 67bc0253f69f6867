import { type Client, SmartPacket } from "@peng3dnet/core";

/** A packet of a bare client, that keeps what it receives until the test asks for it. */
export class Inbox extends SmartPacket {
  readonly #received: unknown[] = [];
  readonly #waiting: ((msg: unknown) => void)[] = [];

  constructor(client: Client) {
    super(client.registry, client);
  }

  override receive(msg: unknown): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#received.push(msg);
    else waiting(msg);
  }

  /** The next packet, which may have come already. */
  next(): Promise<unknown> {
    return new Promise((resolve) => {
      if (this.#received.length > 0) resolve(this.#received.shift());
      else this.#waiting.push(resolve);
    });
  }
}
