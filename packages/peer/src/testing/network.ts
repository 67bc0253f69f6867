import {
  type AnyPacketDefinition,
  type CloseInfo,
  checkKnownOptions,
  type OptionNames,
  type SslSecLevel,
} from "@peng3dnet/protocol";
import { Client } from "../client/client.js";
import type { ClientOptions } from "../client/client-options.js";
import type { Platform } from "../platform/platform.js";
import { standardPlatform } from "../platform/standard-platform.js";
import type { ClientOnServer } from "../server/client-on-server.js";
import { Server } from "../server/server.js";
import type { ServerOptions } from "../server/server-options.js";
import { ManualClock, millisecondsOf } from "./manual-clock.js";
import { type Direction, MemoryLink } from "./memory-link.js";

/** Options of {@link TestNetwork.connect}. */
export interface TestConnectOptions {
  /** TLS security level that both ends believe in; default `SSLSEC_NONE`. */
  readonly sslSeclevel?: SslSecLevel | undefined;
  /**
   * Milliseconds that all is under way in each direction, on the clock of the network: half of a round trip. Default 0. A direction's
   * own is {@link Direction.delay}.
   */
  readonly delay?: number | undefined;
  /**
   * Bytes that each direction takes before its sender has to wait; default 256 KiB. A direction's own is
   * {@link Direction.capacity}.
   */
  readonly capacity?: number | undefined;
  /** Prepares the link before the first byte, e.g. to freeze or corrupt it. */
  readonly prepare?: ((link: MemoryLink) => void) | undefined;
}

const CONNECT_OPTIONS: OptionNames<TestConnectOptions> = {
  sslSeclevel: true,
  delay: true,
  capacity: true,
  prepare: true,
};

/**
 * Servers and clients over links in memory, with a clock that the test turns: no ports, no waiting.
 *
 * @example
 * ```ts no-run
 * import { TestNetwork } from "@peng3dnet/core/testing";
 * const net = new TestNetwork();
 * const server = net.server();
 * const client = net.client();
 * net.connect(client, server);
 * await client.waitForConnection();
 * net.clock.advance(10); // ten seconds pass at once
 * ```
 */
export class TestNetwork {
  /** The clock of all its servers and clients. */
  readonly clock: ManualClock = new ManualClock();
  readonly #platform: Platform;

  /** @param platform - of its servers and clients; default: what every runtime has. */
  constructor(platform: Platform = standardPlatform) {
    this.#platform = platform;
  }

  /** A server that runs without a port. */
  server<C extends ClientOnServer = ClientOnServer, D extends AnyPacketDefinition = AnyPacketDefinition>(
    options: ServerOptions<C, D> = {},
  ): Server<C, D> {
    return this.run(new Server<C, D>({ platform: this.#platform, ...options, clock: this.clock }));
  }

  /** A client that is not connected yet. */
  client<D extends AnyPacketDefinition = AnyPacketDefinition>(options: ClientOptions<D> = {}): Client<D> {
    return this.run(new Client<D>({ platform: this.#platform, ...options, clock: this.clock }));
  }

  /** Lets a server or client of one's own class run; pass it `clock: network.clock`. */
  run<P extends { initialize(): void; processAsync(): void }>(peer: P): P {
    peer.initialize();
    peer.processAsync();
    return peer;
  }

  /**
   * Links a client with a server. The handshake begins at once; wait with `client.waitForConnection()`, where there is a `delay`
   * after {@link TestNetwork.pass}.
   */
  connect(
    client: Pick<Client, "attach">,
    server: Pick<Server, "accept">,
    options: TestConnectOptions = {},
  ): MemoryLink {
    checkKnownOptions("connect", options, CONNECT_OPTIONS);
    const { sslSeclevel, delay, capacity, prepare } = options;
    if (typeof (client as Partial<Client>).attach !== "function")
      throw new TypeError("connect() takes the client first, and then the server");
    for (const [name, value] of Object.entries({ delay, capacity })) {
      if (value !== undefined && !(value >= 0))
        throw new RangeError(`the option ${name} is a number from 0, and not ${value}`);
    }
    const link = new MemoryLink(sslSeclevel, this.clock);
    for (const direction of [link.toClient, link.toServer]) {
      direction.delay = delay ?? direction.delay;
      direction.capacity = capacity ?? direction.capacity;
    }
    prepare?.(link);
    server.accept(link.server);
    client.attach(link.client);
    return link;
  }

  /**
   * Lets time pass as it does in reality: the clock stops at each moment at which something is due, and goes on once all that follows
   * from it has happened. `clock.advance` lets nothing happen on the way but timers, so that what comes over a link with a delay
   * arrives at the end.
   *
   * @throws RangeError if `seconds` is no number from 0.
   */
  async pass(seconds: number): Promise<void> {
    const end = this.clock.now() + millisecondsOf(seconds);
    await this.settle();
    for (let { next } = this.clock; next !== undefined && next <= end; next = this.clock.next) {
      this.clock.advanceTo(next);
      await this.settle();
    }
    this.clock.advanceTo(end);
    await this.settle();
  }

  /**
   * Resolves once nothing is under way any more but what a delay holds back: microtasks, ticks and immediates have had their turns.
   */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      await new Promise<void>((resolve) => {
        this.#platform.yield(resolve);
      });
    }
  }
}

/** What {@link closedWith} matches. */
export interface ExpectedClose {
  /** Reason of the close. */
  readonly reason: string | null;
  /** Code of its error; `undefined`: no error. */
  readonly code?: string | undefined;
  /** Whether it was clean; left out: either. */
  readonly clean?: boolean | undefined;
}

/**
 * Compares a close with what was expected, for any test framework.
 *
 * @returns `undefined` if it fits, else a sentence that says what differs.
 */
export function closedWith(info: CloseInfo, expected: ExpectedClose): string | undefined {
  const code = (info.error as { code?: string } | undefined)?.code;
  if (info.reason !== expected.reason)
    return `closed with reason ${show(info.reason)}, not ${show(expected.reason)}`;
  if (code !== expected.code) return `closed with error code ${show(code)}, not ${show(expected.code)}`;
  if (expected.clean !== undefined && info.clean !== expected.clean) {
    return `closed ${info.clean ? "" : "not "}cleanly`;
  }
  return undefined;
}

function show(value: string | null | undefined): string {
  return value === undefined ? "none" : JSON.stringify(value);
}
