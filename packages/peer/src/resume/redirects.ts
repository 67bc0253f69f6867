import {
  describeError,
  ResumeError,
  SSLSEC_SERVERAUTH,
  type SslSecLevel,
  toError,
} from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import type { Connector, RedirectedConnector } from "../transport/connector.js";

/** Decides whether a client goes to an address that a server names. */
export interface RedirectOptions {
  /**
   * Whether the client goes where a server says that its session is, as the servers of a cluster do. It never goes where the line would
   * be less secure than the one over which it was told.
   *
   * - `false`: never; the session is over then, with `resumeunknown`.
   * - `true`: always.
   * - A function: it gets what the server said, which may be any text, and returns the address to go to, or `undefined` for none.
   *
   * Default: if TLS has authenticated the server, `true`, else `false`.
   */
  readonly redirect?: boolean | ((address: string) => string | undefined) | undefined;
}

/** How often a client goes on to another address within one attempt. */
export const MOST_REDIRECTS = 3;

/** @throws TypeError for what is none. */
export function checkRedirect({ redirect }: RedirectOptions): void {
  if (redirect === undefined || typeof redirect === "boolean" || typeof redirect === "function") return;
  throw new TypeError(`redirect is true, false or a function, and not ${describeValue(redirect)}`);
}

/** Where a client goes that a server sends elsewhere. */
export class Redirects {
  readonly #option: RedirectOptions["redirect"];
  readonly #connector: Connector | undefined;

  constructor({ redirect }: RedirectOptions, connector: Connector | undefined) {
    this.#option = redirect;
    this.#connector = connector;
  }

  /** Whether it goes where it is told. @param before - how often it has in this attempt. @param level - of the line. */
  follows(before: number, level: SslSecLevel): boolean {
    if (this.#connector?.redirected === undefined || before >= MOST_REDIRECTS) return false;
    return this.#option === undefined ? level >= SSLSEC_SERVERAUTH : this.#option !== false;
  }

  /**
   * What goes to an address.
   *
   * @param said - what the server said: one address or several with spaces between them, of which the first one is taken that
   * can be.
   * @throws {@link ResumeError} if there is none.
   */
  connectorFor(said: string): RedirectedConnector {
    let why: Error | undefined;
    try {
      const allowed: unknown = typeof this.#option === "function" ? this.#option(said) : said;
      if (typeof allowed !== "string") throw notAllowed(allowed);
      for (const address of allowed.split(" ")) {
        try {
          // It was asked for only where there is one.
          return (this.#connector as Required<Connector>).redirected(address);
        } catch (error) {
          why ??= toError(error);
        }
      }
    } catch (error) {
      throw error instanceof ResumeError ? error : refused("the option redirect threw", toError(error));
    }
    throw refused(why === undefined ? "it named none" : why.message, why);
  }
}

/** @param returned - what the option returned. Nobody waits for a promise, and if that rejects, no process may end by it. */
function notAllowed(returned: unknown): ResumeError {
  if (returned === undefined) return refused("the option redirect does not allow it", undefined);
  Promise.resolve(returned).catch(() => {});
  return refused(
    `the option redirect does not allow it: it returned ${describeError(returned)}, and neither an address nor undefined`,
    undefined,
  );
}

function refused(why: string, cause: Error | undefined): ResumeError {
  return new ResumeError(
    `the server said that the session is at another address, where this client does not go: ${why}`,
    "resumeelsewhere",
    { cause },
  );
}
