import {
  type AbortedError,
  ResumeError,
  type ResumeHandshake,
  type ResumeResult,
  SSLSEC_NONE,
  type SslSecLevel,
  TimedOutError,
  toError,
} from "@peng3dnet/protocol";
import type { Clock } from "../time/clock.js";
import { Deadline } from "../time/deadline.js";
import type { ConnectRequest, RedirectedConnector } from "../transport/connector.js";
import type { Transport } from "../transport/transport.js";
import type { Line } from "./line.js";
import { LineAttempt } from "./line-attempt.js";
import type { Redirects } from "./redirects.js";

/**
 * Connects, and hands the transport over within the event that says that it is there.
 *
 * @param to - what goes to another address than the client's own.
 */
export type DialLine = (
  end: Pick<ConnectRequest, "signal">,
  established: (transport: Transport) => void,
  to?: RedirectedConnector,
) => Promise<void>;

/** What an {@link Attempt} needs of whoever makes it. One of `succeeded` and `failed` is called, once, unless it is ended before. */
export interface AttemptHost {
  readonly clock: Clock;
  readonly redirects: Redirects;
  /** Seconds that it may take, with all addresses that it is sent to. */
  readonly seconds: number;
  /** The handshake for a line. @param redirect - whether the client goes to another address from there. */
  handshake(redirect: boolean): ResumeHandshake;
  succeeded(line: Line, result: ResumeResult): void;
  failed(error: Error): void;
  /** Whether the session still is to go on. Where it is not, the attempt is ended soon. */
  wanted(): boolean;
}

/** A client's attempt to come back to its session: over one line, or over a few one after another, where servers send it elsewhere. */
export class Attempt {
  readonly #host: AttemptHost;
  readonly #abort = new AbortController();
  readonly #deadline: Deadline | undefined;
  #line: LineAttempt | undefined = undefined;
  #over = false;
  readonly #dial: DialLine | undefined;
  /** How often a server has sent it elsewhere. */
  #redirected = 0;
  /** How secure the line has to be at least. */
  #least: SslSecLevel = SSLSEC_NONE;

  /** @param dial - connects; `undefined`: nothing does, and it goes to no other address. */
  constructor(host: AttemptHost, dial: DialLine | undefined) {
    this.#host = host;
    this.#dial = dial;
    const { clock, seconds } = host;
    this.#deadline = Deadline.start(clock, seconds, () =>
      this.#fail(new TimedOutError(`the server did not answer within ${seconds} s`)),
    );
  }

  /** Connects. @param to - what goes to another address. */
  dial(to?: RedirectedConnector): void {
    let there = false;
    const established = (transport: Transport): void => {
      there = true;
      this.use(transport);
    };
    // Once there is a transport, that tells what becomes of it.
    this.#dial?.(this.#abort, established, to).catch((error: Error) => {
      if (!there) this.#fail(error);
    });
  }

  /** Uses a transport. */
  use(transport: Transport): void {
    const { sslSeclevel } = transport;
    if (this.#over || sslSeclevel < this.#least) {
      transport.destroy();
      this.#fail(lessSecure());
      return;
    }
    const redirect = this.#dial !== undefined && this.#host.redirects.follows(this.#redirected, sslSeclevel);
    this.#line = new LineAttempt(transport, this.#host.handshake(redirect), {
      succeeded: (line, result) => {
        this.#over = true;
        this.#deadline?.cancel();
        this.#host.succeeded(line, result);
      },
      failed: (error) => {
        if (!this.#over && error instanceof ResumeError && error.address !== undefined)
          this.#follow(error.address, sslSeclevel);
        else this.#fail(error);
      },
    });
    this.#line.start();
  }

  /** Goes where a server says that the session is. */
  #follow(address: string, level: SslSecLevel): void {
    this.#redirected++;
    this.#least = level;
    try {
      const to = this.#host.redirects.connectorFor(address);
      // The application was asked, and may have stopped the client.
      if (this.#host.wanted()) this.dial(to);
    } catch (error) {
      this.#fail(toError(error));
    }
  }

  /** Ends it, and nobody is told. */
  end(error: AbortedError): void {
    if (this.#finish(error)) this.#line?.fail(error);
  }

  #fail(error: Error): void {
    if (!this.#finish(error)) return;
    this.#line?.fail(error);
    this.#host.failed(error);
  }

  /** @returns whether it was not over. */
  #finish(error: Error): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#deadline?.cancel();
    this.#abort.abort(error);
    return true;
  }
}

function lessSecure(): ResumeError {
  return new ResumeError(
    "the server said that the session is at another address, and the line to that is less secure",
    "resumeelsewhere",
  );
}
