import type { Transport } from "../../transport/transport.js";
import { type Role, TransportEnd } from "./transport-end.js";

/** Takes both ends of a connection over, each within the event that says that it is there. */
export interface PairHandover {
  /** Takes the end that accepted. */
  server(transport: Transport): void;
  /** Takes the end that connected. */
  client(transport: Transport): void;
}

/** What can be done to a pair of transports beside what they offer. */
export interface PairControl {
  /**
   * Breaks the connection as a crash or a reset of the end `by` does: the other end is told an error. Left out: `destroy`
   * of that end has this effect.
   */
  reset?(by: Role): void;
  /** Frees what was made for the pair, e.g. a listening socket. Both ends are closed, unless a test failed. */
  dispose?(): void | Promise<void>;
}

/** Makes a connection, and hands over both ends. */
export type CreatePair = (
  handover: PairHandover,
  // biome-ignore lint/suspicious/noConfusingVoidType: a pair that needs no control is made by a function without a result.
) => PairControl | void | Promise<PairControl | void>;

/** What a test does when an end is handed over, instead of starting it. */
export type Prepare = Partial<Record<Role, (end: TransportEnd) => void>>;

interface Waiter {
  readonly done: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** So many turns let what is under way be told. */
const SETTLED = 5;
/** So often a byte goes one way, to show that what went the other way before has had its time. */
const BARRIER = 8;
/** Bytes that no connection swallows without being busy. */
const MOST = 64 * 1024 * 1024;
const PIECE = 64 * 1024;

/** One test's connection: both of its ends, and waiting for what they tell. */
export class Scene {
  readonly #createPair: CreatePair;
  readonly #limit: number;
  readonly #ends: Partial<Record<Role, TransportEnd>> = {};
  readonly #waiters = new Set<Waiter>();
  #control: PairControl = {};
  #fault: Error | undefined = undefined;

  /** @param limit - seconds that any wait may take. */
  constructor(createPair: CreatePair, limit: number) {
    this.#createPair = createPair;
    this.#limit = limit;
  }

  /** Whether the end of that role was handed over. */
  has(role: Role): boolean {
    return this.#ends[role] !== undefined;
  }

  /** The end of that role. */
  end(role: Role): TransportEnd {
    const end = this.#ends[role];
    if (end === undefined) throw new Error(`the ${role}'s end was not handed over`);
    return end;
  }

  /** Connects, and waits until both ends are ready. */
  async open(prepare: Prepare = {}): Promise<void> {
    await this.begin(
      prepare,
      () => this.#ends.server?.isReady === true && this.#ends.client?.isReady === true,
    );
  }

  /**
   * Connects, and waits until that is done and `enough` is true.
   *
   * @param mayFail - whether it may as well fail, since `prepare` destroys an end.
   */
  async begin(prepare: Prepare, enough: () => boolean, mayFail = false): Promise<void> {
    const take =
      (role: Role) =>
      (transport: Transport): void => {
        const end = new TransportEnd(role, transport, {
          changed: () => this.#changed(),
          fault: (sentence) => this.#fail(sentence),
        });
        this.#ends[role] = end;
        const { server, client } = this.#ends;
        if (server !== undefined && client !== undefined) {
          server.other = client;
          client.other = server;
        }
        const prepared = prepare[role];
        if (prepared === undefined) end.start();
        else prepared(end);
        this.#changed();
      };
    let over = false;
    let failure: { readonly error: unknown } | undefined;
    void (async () => {
      try {
        this.#control = (await this.#createPair({ server: take("server"), client: take("client") })) ?? {};
      } catch (error) {
        failure = { error };
      }
      over = true;
      this.#changed();
    })();
    await this.until(() => over && (failure !== undefined || enough()), "a connection to be made");
    // An end that is destroyed at once makes connecting fail.
    if (failure !== undefined && !mayFail) throw failure.error;
  }

  /** Resolves once `done` is true, which is asked after each event. @throws if it is not in time, or something went wrong. */
  until(done: () => boolean, what: string): Promise<void> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    if (done()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        done,
        resolve: () => leave(resolve),
        reject: (error) => leave(() => reject(error)),
      };
      const timer = setTimeout(
        () => waiter.reject(new Error(`waited ${this.#limit} s for ${what}, in vain`)),
        this.#limit * 1000,
      );
      const leave = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        settle();
      };
      this.#waiters.add(waiter);
    });
  }

  /** Writes `total` bytes in pieces of sizes that change, and waits whenever the transport is busy. */
  async send(from: TransportEnd, total: number, largest = PIECE): Promise<void> {
    const end = from.sent + total;
    for (let round = 1; from.sent < end; round++) {
      const size = 1 + ((round * round * 7919) % largest);
      from.write(Math.min(size, end - from.sent));
      await this.#notBusy(from);
    }
  }

  #notBusy(end: TransportEnd): Promise<void> {
    return this.until(() => !end.busy, `the ${end.role}'s transport to tell drained`);
  }

  /** Resolves once all that `from` wrote was told. */
  arrived(from: TransportEnd): Promise<void> {
    const to = from.other as TransportEnd;
    return this.until(() => to.upToDate, `the ${from.sent} bytes to arrive that the ${from.role} sent`);
  }

  /** Sends a few bytes from `from`, one after the other has arrived: what went the other way before has had its time. */
  async barrier(from: TransportEnd): Promise<void> {
    for (let round = 0; round < BARRIER; round++) {
      await this.#notBusy(from);
      from.write(1);
      await this.arrived(from);
      await turn();
    }
  }

  /** Writes until `from` is busy for good, since the other end is paused. */
  async fill(from: TransportEnd): Promise<void> {
    const other = from.other as TransportEnd;
    const limit = from.sent + MOST;
    for (;;) {
      from.write(PIECE);
      // Some are busy for a moment after every write.
      for (let count = 0; from.busy && count < 3; count++) await turn();
      if (from.busy) {
        await this.barrier(other);
        if (from.busy) return;
      }
      if (from.sent > limit) from.fault(`is not busy though nobody reads ${MOST} bytes that were written`);
      this.check();
    }
  }

  /** @throws what went wrong so far. */
  check(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Breaks the connection as a reset by `end` does. */
  reset(end: TransportEnd): void {
    if (this.#control.reset === undefined) {
      end.destroy();
      return;
    }
    end.noteReset();
    this.#control.reset(end.role);
  }

  /** Resolves once the end is closed. */
  closed(end: TransportEnd): Promise<void> {
    return this.until(() => end.isClosed, `the ${end.role}'s transport to tell closed`);
  }

  /** Ends both streams, and waits for the close in order. */
  async endBoth(): Promise<void> {
    const ends = [this.end("server"), this.end("client")];
    for (const end of ends) end.end();
    for (const end of ends) {
      await this.closed(end);
      if (end.closeError !== undefined) {
        end.fault(`told closed with an error after both ends had ended: ${end.closeError.message}`);
      }
      if (!end.upToDate) end.fault(`closed with ${end.received} bytes told, of ${end.other?.sent}`);
    }
  }

  /** Closes what is open, and looks whether all was as it must be. @throws what was not. */
  async finish(): Promise<void> {
    const ends = Object.values(this.#ends);
    for (const end of ends) {
      if (!end.started || end.isClosed) continue;
      // The other one's destroy may have broken it already.
      end.noteReset();
      end.destroy();
    }
    for (const end of ends) if (end.started) await this.closed(end);
    for (let count = 0; count < SETTLED; count++) await turn();
    for (const end of ends) end.checkKeptChunks();
    this.check();
  }

  /** Frees what the test made, however it ended. */
  async dispose(): Promise<void> {
    for (const end of Object.values(this.#ends)) {
      try {
        end.transport.destroy();
      } catch {
        // It was noted where it mattered.
      }
    }
    await this.#control.dispose?.();
  }

  #changed(): void {
    for (const waiter of [...this.#waiters]) {
      if (this.#fault !== undefined) waiter.reject(this.#fault);
      else if (waiter.done()) waiter.resolve();
    }
  }

  #fail(sentence: string): void {
    this.#fault ??= new Error(sentence);
    this.#changed();
  }
}
