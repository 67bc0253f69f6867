import type { IncomingMessage } from "node:http";
import { whenRejected } from "@peng3dnet/core";

/** Which pages may connect, beside those of the same host: origins, all (`"*"`), or what a function says. */
export type Origins = readonly string[] | "*" | ((origin: string, request: IncomingMessage) => boolean);

const DEFAULT_PORT = /:(?:80|443)$/;

/** An origin as browsers write it. */
function normalize(origin: string): string {
  if (origin === "null") return origin;
  const { origin: known } = new URL(origin);
  if (known === "null" || !/^[a-z]+:\/\/[^/]+\/?$/i.test(origin)) throw new Error("not an origin");
  return known;
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
            `${JSON.stringify(origin)} is no origin: write scheme and host, and a port where there is one, as in "https://game.example"`,
          );
        }
      }),
    );
  }

  /**
   * Whether a request may pass. One without an origin is not made by a page.
   *
   * @param failed - told what the application's function rejects with: it should not be asynchronous.
   * @throws what the application's function does.
   */
  allows(request: IncomingMessage, failed: (error: unknown) => void): boolean {
    const { origin, host } = request.headers;
    if (origin === undefined || this.#all) return true;
    if (this.#decide !== undefined) {
      const allowed: unknown = this.#decide(origin, request);
      // Only true lets in: a promise does not, and must not end the process if it rejects.
      whenRejected(allowed, failed);
      return allowed === true;
    }
    let known: string;
    try {
      known = normalize(origin);
    } catch {
      return false;
    }
    if (this.#listed?.has(known) === true) return true;
    return known !== "null" && sameHost(known, host);
  }
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
