import { BadDataError, type Client, ConnectionClosedError, SmartPacket } from "@peng3dnet/peer";
import { ECHO, isPong, now, PING, type Ping, registerEchoPackets } from "./shared.js";

/** How long a ping took, in seconds. The first two are off by as much as the two clocks differ. */
export interface PingTimes {
  readonly toServer: number;
  readonly back: number;
  readonly roundTrip: number;
}

/** What a client asks an echo server, and the answers that it waits for. Knows neither Node nor browsers. */
export class Questions {
  readonly #client: Client;
  readonly #echoes: AnswerPacket;
  readonly #pongs: AnswerPacket;

  /** @param client - one that is not connected yet: its packets are registered here. */
  constructor(client: Client) {
    this.#client = client;
    this.#echoes = new AnswerPacket(client);
    this.#pongs = new AnswerPacket(client);
    registerEchoPackets(client, { echo: this.#echoes, ping: this.#pongs });
  }

  /**
   * Sends a value and resolves to the server's answer.
   *
   * @throws what `sendMessage` throws, and {@link ConnectionClosedError} if no answer comes any more.
   */
  async echo(value: unknown): Promise<unknown> {
    this.#client.sendMessage(ECHO, value);
    return this.#echoes.next();
  }

  /** Measures the connection. @throws as {@link Questions.echo}; {@link BadDataError} if the answer makes no sense. */
  async ping(): Promise<PingTimes> {
    const sent = now();
    this.#client.sendMessage(PING, { client_timestamp: sent } satisfies Ping);
    const pong = await this.#pongs.next();
    const received = now();
    if (!isPong(pong)) throw new BadDataError("the server answered a ping with something else");
    return {
      toServer: pong.server_timestamp - sent,
      back: received - pong.server_timestamp,
      roundTrip: received - sent,
    };
  }

  /** The connection is closed: no more answers will come. */
  closed(reason: string | null): void {
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
