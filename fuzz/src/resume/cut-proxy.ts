import { type AddressInfo, createServer, type Server as NetServer } from "node:net";
import type { Address } from "@peng3dnet/core";
import type { Direction, Place } from "./cut-plan.js";
import { Line } from "./line.js";

/** Milliseconds after which something happens to a line although too few bytes came for it. */
const PATIENCE = 500;
/** Milliseconds for a client to come back. */
const COMEBACK = 30_000;

/** What waits for its place on a line. */
interface Waiting {
  readonly place: Place;
  readonly act: (line: Line) => void;
  /** Bytes that had passed on the line to which something was done before. */
  readonly base: number;
  readonly resolve: () => void;
}

/**
 * Stands between the client and the server of a contestant on this machine, and does one thing at a time to the line
 * between them, at a byte that is told beforehand.
 */
export class CutProxy {
  readonly #server: NetServer;
  readonly #lines = new Set<Line>();
  /** The one that was made last, while it is of use. */
  #newest: Line | undefined = undefined;
  /** The one that something was done to last. It may outlive that. */
  #last: Line | undefined = undefined;
  #waiting: Waiting | undefined = undefined;
  #clock: NodeJS.Timeout | undefined = undefined;
  #frozen = false;
  #connections = 0;
  #byClock = 0;

  private constructor(target: Address) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#connections++;
      const line = new Line(socket, target, {
        until: (line, direction, bytes) => this.#until(line, direction, bytes),
        reached: (line) => this.#act(line),
        useless: (line) => {
          if (line === this.#newest) this.#newest = undefined;
        },
        over: (line) => this.#lines.delete(line),
      });
      this.#lines.add(line);
      this.#newest = line;
      if (this.#frozen) line.freeze();
      if (this.#waiting !== undefined) this.#watch();
    });
  }

  /**
   * Listens on a free port.
   *
   * @param target - the server's address.
   * @param host - where clients connect to.
   */
  static async listen(target: Address, host: string): Promise<CutProxy> {
    const proxy = new CutProxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen({ host, port: 0 }, resolve);
    });
    return proxy;
  }

  /** Where clients connect to. */
  get address(): Address {
    const { address, port } = this.#server.address() as AddressInfo;
    return [address, port];
  }

  /** How many connections there were. */
  get connections(): number {
    return this.#connections;
  }

  /** How often too few bytes came for something to happen at its place. */
  get byClock(): number {
    return this.#byClock;
  }

  /**
   * Does something to the newest line once it has come to a place, or was there for long enough.
   *
   * @throws if no line comes there.
   */
  async at(place: Place, act: (line: Line) => void): Promise<void> {
    let comeback: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting = { place, act, base: this.#last?.passed(place.direction) ?? 0, resolve };
        comeback = setTimeout(() => {
          this.#waiting = undefined;
          clearTimeout(this.#clock);
          reject(new Error(`no client came back for long enough within ${COMEBACK / 1000} s`));
        }, COMEBACK);
        this.#watch();
      });
    } finally {
      clearTimeout(comeback);
    }
  }

  /** Passes nothing on, of old lines and new ones, and then goes on with everything. */
  async freeze(milliseconds: number): Promise<void> {
    this.#frozen = true;
    for (const line of this.#lines) line.freeze();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    this.#frozen = false;
    for (const line of this.#lines) line.thaw();
  }

  /** Ends everything and stops listening. */
  async close(): Promise<void> {
    clearTimeout(this.#clock);
    for (const line of this.#lines) line.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #until(line: Line, direction: Direction, bytes: number): number | undefined {
    const waiting = this.#waiting;
    if (waiting === undefined || line !== this.#newest || direction !== waiting.place.direction) {
      return undefined;
    }
    const { place, base } = waiting;
    if (place.fresh && line === this.#last) return undefined;
    const left = place.offset + (line === this.#last ? base : 0) - line.passed(direction);
    return left <= bytes ? Math.max(left, 0) : undefined;
  }

  /** Too little may be sent on a line for it to come to the place. */
  #watch(): void {
    clearTimeout(this.#clock);
    this.#clock = setTimeout(() => {
      if (this.#newest === undefined) {
        this.#watch();
      } else {
        this.#byClock++;
        this.#act(this.#newest);
      }
    }, PATIENCE);
  }

  #act(line: Line): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    this.#last = line;
    clearTimeout(this.#clock);
    waiting.act(line);
    waiting.resolve();
  }
}
