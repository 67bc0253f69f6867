import { BadDataError, Client, ConnectionClosedError, type PeerOptions, SmartPacket } from "@peng3dnet/core";
import { ECHO, isPong, now, PING, type Ping, registerEchoPackets } from "./shared.js";

/** How long a ping took, in seconds. The first two are off by as much as the two clocks differ. */
export interface PingTimes {
  readonly toServer: number;
  readonly back: number;
  readonly roundTrip: number;
}

/** Asks an echo server, and waits for the answers. */
export class EchoClient extends Client {
  readonly #echoes = new AnswerPacket(this);
  readonly #pongs = new AnswerPacket(this);

  constructor(options: PeerOptions = {}) {
    super(options);
    registerEchoPackets(this, { echo: this.#echoes, ping: this.#pongs });
  }

  /**
   * Sends a value and resolves to the server's answer.
   *
   * @throws what `sendMessage` throws, and {@link ConnectionClosedError} if no answer comes any more.
   */
  async echo(value: unknown): Promise<unknown> {
    this.sendMessage(ECHO, value);
    return this.#echoes.next();
  }

  /** Measures the connection. @throws as {@link EchoClient.echo}; {@link BadDataError} if the answer makes no sense. */
  async ping(): Promise<PingTimes> {
    const sent = now();
    this.sendMessage(PING, { client_timestamp: sent } satisfies Ping);
    const pong = await this.#pongs.next();
    const received = now();
    if (!isPong(pong)) throw new BadDataError("the server answered a ping with something else");
    return {
      toServer: pong.server_timestamp - sent,
      back: received - pong.server_timestamp,
      roundTrip: received - sent,
    };
  }

  override onClose(reason: string | null): void {
    const error = new ConnectionClosedError("the connection was closed before the answer came", reason);
    for (const answers of [this.#echoes, this.#pongs]) answers.fail(error);
  }
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** Hands each answer to whoever has waited longest: a server answers in the order of the questions. */
class AnswerPacket extends SmartPacket {
  readonly #waiting: Waiting[] = [];

  constructor(client: Client) {
    super(client.registry, client);
  }

  /** The next answer. */
  next(): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  override receive(answer: unknown): void {
    this.#waiting.shift()?.resolve(answer);
  }

  /** No more answers will come. */
  fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
