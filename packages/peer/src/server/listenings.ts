import { type Address, describeError, InvalidStateError } from "@peng3dnet/protocol";
import type { HandlerGuard } from "../base/handler-guard.js";
import type { Acceptor, Listening, ListenRequest } from "../transport/acceptor.js";

/** @throws {TypeError} if it is none. */
export function checkAcceptor(acceptor: Acceptor, what: string): void {
  if (typeof acceptor?.listen !== "function") throw new TypeError(`${what} has no listen()`);
}

/** What a server answers its acceptors, whichever asks. */
export type ServerSide = Omit<ListenRequest, "address" | "signal" | "failed">;

/** All that a server listens by: its own acceptor, and those that were added. They end together. */
export class Listenings {
  readonly #guard: HandlerGuard;
  readonly #server: ServerSide;
  readonly #open = new Set<Listening>();
  readonly #abort = new AbortController();
  /** What closed them, as `handlerError` names it; `undefined` while the server listens, or may begin to. */
  #closed: string | undefined = undefined;
  #begun = false;

  /** @param guard - is told of what goes wrong. */
  constructor(guard: HandlerGuard, server: ServerSide) {
    this.#guard = guard;
    this.#server = server;
  }

  /** Whether one has begun to listen, or tried to. */
  get begun(): boolean {
    return this.#begun;
  }

  /**
   * Listens by one more acceptor.
   *
   * @returns what listens. Its `close` ends it alone; further calls return the first one's result.
   * @throws what the acceptor does; {@link InvalidStateError} if all were closed meanwhile, or before.
   */
  async add(acceptor: Acceptor, address: Address): Promise<Listening> {
    this.checkOpen();
    this.#begun = true;
    let listening: Listening;
    try {
      listening = await acceptor.listen({
        ...this.#server,
        address,
        failed: (error) => this.#guard.warn(`accepting connections: ${describeError(error)}`, "accept"),
        signal: this.#abort.signal,
      });
    } catch (error) {
      // One that was closed meanwhile says so, whatever that led to.
      this.checkOpen();
      throw error;
    }
    if (this.#closed !== undefined) {
      await this.#close(listening, this.#closed);
      this.checkOpen();
    }
    const opened = this.#closingOnce(listening);
    this.#open.add(opened);
    return opened;
  }

  /**
   * Closes all, and gives up those that are about to listen. Never throws: what goes wrong with one is reported, and keeps
   * nothing else from being closed.
   *
   * @param where - what closes them, for `handlerError`.
   */
  async closeAll(where: string): Promise<void> {
    this.#closed ??= where;
    this.#abort.abort();
    await Promise.all([...this.#open].map((listening) => this.#close(listening, where)));
  }

  /**
   * Has all read their certificates again that have some.
   *
   * @throws {@link InvalidStateError} if none has; {@link TlsConfigError}.
   */
  async reloadCertificates(): Promise<void> {
    const secured = [...this.#open].filter(({ reloadCertificates }) => reloadCertificates !== undefined);
    if (secured.length === 0) throw new InvalidStateError("the server does not listen with TLS");
    await Promise.all(secured.map((listening) => listening.reloadCertificates?.()));
  }

  #closingOnce(listening: Listening): Listening {
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      this.#open.delete(opened);
      await listening.close();
    };
    const opened: Listening = {
      get address() {
        return listening.address;
      },
      close() {
        closing ??= close();
        return closing;
      },
    };
    if (listening.reloadCertificates === undefined) return opened;
    return Object.assign(opened, { reloadCertificates: async () => listening.reloadCertificates?.() });
  }

  async #close(listening: Listening, where: string): Promise<void> {
    try {
      await listening.close();
    } catch (error) {
      this.#guard.failed(error, where);
    }
  }

  /** @throws {@link InvalidStateError} if all were closed. */
  checkOpen(): void {
    if (this.#closed === undefined) return;
    throw new InvalidStateError("the server is stopped or shuts down; it listens no more. Make a new one");
  }
}
