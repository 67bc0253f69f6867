import type { Logger } from "@peng3dnet/peer";

/** So many different lines are remembered, so that each is logged once. */
const REMEMBERED = 32;

/** Logs what the broker complains of: each complaint once on a connection, since one may come with every publication. */
export class BrokerLog {
  readonly #logger: Logger;
  readonly #lines = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  error(line: string): void {
    if (this.#lines.size >= REMEMBERED || this.#lines.has(line)) return;
    this.#lines.add(line);
    this.#logger.error(line);
  }

  /** Begins anew. */
  clear(): void {
    this.#lines.clear();
  }
}
