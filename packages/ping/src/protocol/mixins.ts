import {
  type Client,
  type ClientOptions,
  CONNTYPE_PING,
  ConfigError,
  ConnectionClosedError,
  checkKnownOptions,
  Deferred,
  describeError,
  escapeText,
  FailedPingError,
  InvalidStateError,
  MAX_REASON_BYTES,
  type OptionNames,
  type Peer,
  type Server,
  type ServerOptions,
  TimedOutError,
  type WaitOptions,
} from "@peng3dnet/peer";
import { PingConnectionType, type PingSource } from "./connection-type.js";
import { MAX_PING_LENGTH, PING_ID, WRITEBACK } from "./constants.js";
import { checkMap, checkPingData, type PingData, pingBody } from "./data.js";
import { epochSeconds } from "./time.js";

/**
 * What {@link PingableServerMixin} adds to a server.
 *
 * @reference `PingableServerMixin`
 */
export interface PingableServer extends PingSource {
  /**
   * Data of every answer. Override it for what stays the same, e.g. a name. Default `{}`.
   *
   * @reference `pingdata`
   */
  pingdata: PingData;
  /** Whether the ping is sent back as `oldmsg`, which Python pingers need. Default {@link WRITEBACK}. */
  pingWriteback: boolean;
  /**
   * Returns data of one answer. Override it for what changes, e.g. the number of users. Where `pingdata` has the same key,
   * that one wins. The default returns `{}`.
   *
   * @param msg - the ping: the client's data and `time`. A stranger may have written anything there.
   * @param cid - id of the client.
   * @reference `getPingData`
   */
  getPingData(msg: PingData, cid: number): PingData;
}

/** What came back from a server: its data, and what was measured here. */
export interface Pong extends PingData {
  /** When it came, in seconds since 1970. */
  readonly recvtime: number;
  /** Time from ping to pong in seconds, on a monotonic clock. */
  readonly delay: number;
}

/**
 * What {@link PingableClientMixin} adds to a client.
 *
 * @reference `PingableClientMixin`
 */
export interface PingableClient {
  /**
   * Sets the data of the ping; call it before the ping is sent. `time` is added to the data. A further call replaces them.
   *
   * @throws {@link PingDataError} if the ping would be longer than {@link MAX_PING_LENGTH}, {@link EncodeError} if the data
   * cannot be encoded.
   * @reference `setPingData`
   */
  setPingData(d: PingData): void;
  /**
   * Resolves to the answer, at once if it has come already.
   *
   * @throws {@link FailedPingError}, which is a {@link TimedOutError}, when `timeout` is over. {@link AbortedError} when
   * `signal` fires. {@link ConnectionClosedError} if the connection ends before the answer, or never comes about; its
   * `cause` is the error that led to it.
   * @reference `wait_for_pong`
   */
  waitForPong(options?: WaitOptions): Promise<Pong>;
  /** Called when the answer came, for subclasses to override. The default does nothing. */
  onPong(pong: Pong): void | Promise<void>;
  /**
   * Sends the ping. The connection type calls it.
   *
   * @reference `_ping`
   */
  _ping(): void;
  /** Takes the answer. The connection type calls it. */
  _pong(msg: PingData): void;
}

/** A {@link Server}, whatever its clients and packets are. */
type AnyServer = Peer & Pick<Server, "addConnType" | "genCID">;
/** A {@link Client}, whatever its packets are. */
type AnyClient = Peer & Pick<Client, "addConnType" | "waitForClose">;

/**
 * Makes a class of servers that answer pings, out of a class of servers.
 *
 * @example
 * ```ts no-run
 * class GameServer extends PingableServerMixin(Server) {
 *   override pingdata = { motd: "Welcome" };
 *   override getPingData() {
 *     return { usercount: this.clients.size };
 *   }
 * }
 * ```
 *
 * @reference `PingableServerMixin`
 */
export function PingableServerMixin<A extends readonly unknown[], S extends AnyServer>(
  Base: new (...args: A) => S,
): new (
  ...args: A
) => S & PingableServer {
  // `Base` is a class of servers whose type parameters are not known here, so that it is taken for the plain one.
  class Pingable
    extends (Base as unknown as new (options?: ServerOptions) => Server)
    implements PingableServer
  {
    pingdata: PingData = {};
    pingWriteback: boolean = WRITEBACK;

    getPingData(_msg: PingData, _cid: number): PingData {
      return {};
    }

    _reg_conntypes_ping(): void {
      this.addConnType(CONNTYPE_PING, new PingConnectionType(this));
    }
  }
  return Pingable as unknown as new (
    ...args: A
  ) => S & PingableServer;
}

/**
 * Makes a class of clients that can ping, out of a class of clients. Pass `conntype: CONNTYPE_PING` to one of
 * them; with another type it is an ordinary client.
 *
 * @reference `PingableClientMixin`
 */
export function PingableClientMixin<A extends readonly unknown[], S extends AnyClient>(
  Base: new (...args: A) => S,
): new (
  ...args: A
) => S & PingableClient {
  class Pingable
    extends (Base as unknown as new (options?: ClientOptions) => Client)
    implements PingableClient
  {
    readonly #pong = new Deferred<Pong>(this.clock);
    #data: PingData = {};
    #sentAt = 0;
    #watched = false;

    setPingData(d: PingData): void {
      checkPingData(d);
      this.#data = d;
    }

    async waitForPong(options: WaitOptions = {}): Promise<Pong> {
      if (!this.#watched) {
        this.#watched = true;
        this.waitForClose().then(
          ({ reason, error }) => this.#failed(reason, error),
          (error: Error) => this.#failed(null, error),
        );
      }
      try {
        return await this.#pong.wait(options, "the answer to a ping");
      } catch (error) {
        if (!(error instanceof TimedOutError)) throw error;
        throw new FailedPingError(error.message, { cause: error });
      }
    }

    #failed(reason: string | null, cause: Error | undefined): void {
      const why =
        cause === undefined
          ? escapeText(reason ?? "without a reason", MAX_REASON_BYTES)
          : describeError(cause);
      this.#pong.fail(
        new ConnectionClosedError(`the connection ended before the answer to the ping: ${why}`, reason, {
          cause,
        }),
      );
    }

    onPong(_pong: Pong): void | Promise<void> {}

    _ping(): void {
      const connection = this.getConnection();
      if (connection === undefined) throw new InvalidStateError("the client is not connected");
      connection.sendRaw(PING_ID, pingBody(this.#data));
      this.#sentAt = this.clock.now();
    }

    _pong(msg: PingData): void {
      const delay = (this.clock.now() - this.#sentAt) / 1000;
      const pong: Pong = { ...msg, recvtime: epochSeconds(), delay };
      this.#pong.settle(pong);
      this.guard.run("onPong", () => this.onPong(pong));
    }

    _reg_conntypes_ping(): void {
      this.addConnType(CONNTYPE_PING, new PingConnectionType(this));
    }
  }
  return Pingable as unknown as new (
    ...args: A
  ) => S & PingableClient;
}

/** Options of {@link enablePing}. */
export interface EnablePingOptions {
  /** Whether the ping is sent back as `oldmsg`, which Python pingers need. Default {@link WRITEBACK}. */
  readonly writeback?: boolean | undefined;
}

const OPTIONS: OptionNames<EnablePingOptions> = { writeback: true };

/**
 * Lets a server answer pings without a class made with {@link PingableServerMixin}. It may be called at any time, best before
 * the server starts.
 *
 * @param data - data of every answer, or a function that returns them, called with each ping and its client's id. Default `{}`.
 * @throws {@link AlreadyRegisteredError} if it answers pings already; {@link PingDataError} for `data` that are no map;
 * {@link ConfigError} for an option; TypeError for what is no server.
 */
export function enablePing(
  server: AnyServer,
  data: PingData | ((msg: PingData, cid: number) => PingData) = {},
  options: EnablePingOptions = {},
): void {
  checkKnownOptions("enablePing", options, OPTIONS);
  if (typeof data !== "function") checkMap(data, "the data of enablePing");
  const { writeback = WRITEBACK } = options;
  if (typeof writeback !== "boolean")
    throw new ConfigError("writeback", 'the option "writeback" is true or false');
  if (typeof (Object(server) as Partial<AnyServer>).addConnType !== "function")
    throw new TypeError("enablePing takes a server, and then the data of its answers");
  const source: PingSource =
    typeof data === "function"
      ? { getPingData: data, pingWriteback: writeback }
      : { pingdata: data, pingWriteback: writeback };
  server.addConnType(CONNTYPE_PING, new PingConnectionType(server, source));
}
