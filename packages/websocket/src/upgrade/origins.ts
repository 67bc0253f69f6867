import type { IncomingMessage } from "node:http";
import { whenRejected } from "@peng3dnet/core";

/** Which pages may connect, beside those of the same host: origins, all (`"*"`), or what a function says. */
export type Origins = readonly string[] | "*" | ((origin: string, request: IncomingMessage) => boolean);

const DEFAULT_PORT = /:(?:80|443)$/;

const ORIGIN = /^[a-z][-+.0-9a-z]*:\/\/[^/?#@]+\/?$/i;
/** Pages of files and of memory have the origin "null". */
const NAMELESS = ["file:", "blob:", "data:"];
const WEB = /^https?:/;

/** An origin as browsers write it. */
function normalize(origin: string): string {
  if (origin === "null") return origin;
  if (origin.includes("*")) throw new Error("a wildcard");
  const { origin: known, protocol } = new URL(origin);
  if (!ORIGIN.test(origin) || NAMELESS.includes(protocol)) throw new Error("not an origin");
  // Of an app's own scheme, only its runtime knows what an origin is.
  return known === "null" ? origin.replace(/\/$/, "").toLowerCase() : known;
}

/** Which pages may connect. */
export class OriginPolicy {
  readonly #listed: Set<string> | undefined;
  readonly #decide: ((origin: string, request: IncomingMessage) => boolean) | undefined;
  readonly #all: boolean;

  /** @throws an error that says which one is none. */
  constructor(origins: Origins | undefined) {
    this.#all = origins === "*";
    this.#decide = typeof origins === "function" ? origins : undefined;
    if (this.#all || this.#decide !== undefined || origins === undefined) return;
    if (!Array.isArray(origins)) throw new Error('it is a list of origins, "*" or a function');
    this.#listed = new Set(
      origins.map((origin: unknown) => {
        try {
          return normalize(String(origin));
        } catch {
          throw new Error(
            `${JSON.stringify(origin)} is no origin: write scheme and host, and a port where there is one, as in "https://game.example"; for all hosts of a domain, hand in a function`,
          );
        }
      }),
    );
  }

  /** Whether a function of the application decides, which gets the request. */
  get asks(): boolean {
    return this.#decide !== undefined;
  }

  /**
   * Whether a request may pass. One without an origin is not made by a page.
   *
   * @throws what the application's function does; TypeError if it answers something else than true or false.
   */
  allows(request: IncomingMessage): boolean {
    const { origin, host } = request.headers;
    if (origin === undefined || this.#all) return true;
    if (this.#decide !== undefined) return decided(this.#decide(origin, request));
    let known: string;
    try {
      known = normalize(origin);
    } catch {
      return false;
    }
    if (this.#listed?.has(known) === true) return true;
    // Whoever may write programs for a device can give an app's scheme any host.
    return WEB.test(known) && sameHost(known, host);
  }
}

/** @throws TypeError for what is no boolean: a promise would let in all, if it were taken for true. */
function decided(answer: unknown): boolean {
  if (typeof answer === "boolean") return answer;
  // It is refused, whatever becomes of it.
  whenRejected(answer, () => {});
  const what =
    answer === null ? "null" : typeof answer === "object" ? "an object, such as a promise" : typeof answer;
  throw new TypeError(`the function has to return true or false at once, and returned ${what}`);
}

/** Whether an origin is of the host that a request was for. The scheme is not known where a proxy ends TLS. */
function sameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || host === "") return false;
  const { host: own, protocol } = new URL(origin);
  const wanted = host.toLowerCase();
  if (own === wanted) return true;
  // A port that goes without saying may be said all the same.
  const port = protocol === "https:" ? ":443" : ":80";
  return wanted.endsWith(port) && own === wanted.replace(DEFAULT_PORT, "");
}
