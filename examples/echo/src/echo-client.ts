import { Client, type PeerOptions } from "@peng3dnet/core";
import { type PingTimes, Questions } from "./questions.js";

/** Asks an echo server over TCP or TLS, and waits for the answers. */
export class EchoClient extends Client {
  readonly #questions = new Questions(this);

  constructor(options: PeerOptions = {}) {
    super(options);
  }

  /**
   * Sends a value and resolves to the server's answer.
   *
   * @throws as {@link Questions.echo}.
   */
  echo(value: unknown): Promise<unknown> {
    return this.#questions.echo(value);
  }

  /** Measures the connection. @throws as {@link Questions.ping}. */
  ping(): Promise<PingTimes> {
    return this.#questions.ping();
  }

  override onClose(reason: string | null): void {
    this.#questions.closed(reason);
  }
}
