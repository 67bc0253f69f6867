import type { HandlerGuard } from "../base/handler-guard.js";
import { SESSION } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import { Deferred } from "../time/deferred.js";
import type { WaitOptions } from "../time/wait-options.js";
import type { ClientOnServer } from "./client-on-server.js";
import type { ShutdownReport } from "./server-options.js";

/** Closes the clients of a server that shuts down, in parallel, and counts how that went. */
export class ClosingClients {
  readonly #guard: HandlerGuard;
  readonly #closes: readonly Promise<void>[];
  #clean = 0;

  /** Begins the closes. Each is bounded by `net.timeout.close`. @param guard - is told of what goes wrong. */
  constructor(clients: readonly ClientOnServer[], reason: string | null, guard: HandlerGuard) {
    this.#guard = guard;
    this.#closes = clients.map((client) => this.#close(client, reason));
  }

  /** What they have come to by now. */
  get report(): ShutdownReport {
    return { clean: this.#clean, unclean: this.#closes.length - this.#clean };
  }

  /** Resolves once all are closed, or patience is over. */
  async wait(clock: Clock, patience: WaitOptions): Promise<void> {
    const all = new Deferred<void>(clock);
    void Promise.all(this.#closes).then(() => all.settle());
    try {
      await all.wait(patience, "all connections to close");
    } catch {
      // Those left are cut by the server's stop().
    }
  }

  async #close({ [SESSION]: conn }: ClientOnServer, reason: string | null): Promise<void> {
    try {
      // Who is not there cannot be told, and will find nobody when it comes back.
      if (conn.suspended) conn.destroy(reason);
      if ((await conn.close(reason)).clean) this.#clean++;
    } catch (error) {
      this.#guard.failed(error, "shutdown");
      conn.destroy("socketclose");
    }
  }
}
