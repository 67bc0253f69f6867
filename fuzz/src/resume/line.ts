import { connect, type Socket } from "node:net";
import type { Address } from "@peng3dnet/core";
import type { Direction } from "./cut-plan.js";

/** Milliseconds after which what comes into a black hole is read, and forgotten. Nobody waits for an answer by then. */
const HOLE = 3000;

const DIRECTIONS = ["toServer", "toClient"] as const;

/** What a line asks before it passes bytes on. */
export interface LineWatcher {
  /** How many of these bytes still pass before something happens to the line; undefined: all of them. */
  until(line: Line, direction: Direction, bytes: number): number | undefined;
  /** So many have passed; now it happens. */
  reached(line: Line): void;
  /** Nothing that one side says will reach the other any more. */
  useless(line: Line): void;
  /** Both legs are gone. */
  over(line: Line): void;
}

/**
 * A connection through the proxy: two legs, and what is done to them.
 *
 * - passing: bytes, ends and resets of one leg go to the other
 * - frozen: nothing does, until it thaws
 * - ghost: nothing ever will; each leg lives until its peer lets go of it
 */
export class Line {
  readonly #legs: Readonly<Record<Direction, { readonly from: Socket; readonly to: Socket }>>;
  readonly #watcher: LineWatcher;
  #state: "passing" | "frozen" | "ghost" | "over" = "passing";
  #held: [Direction, Buffer][] = [];
  /** Where a line with one leg leads, and what was under way there. */
  #left: Direction | undefined = undefined;
  #late: Buffer[] = [];
  #afterThaw: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined = undefined;
  readonly #passed = { toServer: 0, toClient: 0 };

  constructor(client: Socket, target: Address, watcher: LineWatcher) {
    const [host, port] = target;
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.#watcher = watcher;
    this.#legs = { toServer: { from: client, to: server }, toClient: { from: server, to: client } };
    for (const direction of DIRECTIONS) {
      const { from, to } = this.#legs[direction];
      from.on("data", (chunk: Buffer) => this.#take(direction, chunk));
      from.on("end", () => this.#ended(from, to));
      from.on("drain", () => this.#state === "passing" && to.resume());
      from.on("error", () => this.#broken(from));
      from.on("close", () => this.#closed());
    }
  }

  /** Bytes that were passed on, up to now. */
  passed(direction: Direction): number {
    return this.#passed[direction];
  }

  reset(): void {
    this.#over();
    for (const leg of this.#sockets) leg.resetAndDestroy();
  }

  /** Ends both directions where they are. What still comes is read and forgotten. */
  end(): void {
    this.#ghost();
    for (const leg of this.#sockets) leg.end();
  }

  /** Drops one leg without a word to the other; what was under way to that one may come later. */
  drop(leg: "client" | "server", late: number): void {
    const left = leg === "client" ? "toServer" : "toClient";
    const { from, to } = this.#legs[left];
    this.#ghost();
    this.#left = left;
    from.resetAndDestroy();
    this.#timer = setTimeout(() => {
      for (const chunk of this.#late) if (to.writable) to.write(chunk);
      this.#late = [];
    }, late);
  }

  /** Swallows everything, and tells nobody. */
  blackHole(): void {
    this.#ghost();
    for (const leg of this.#sockets) leg.pause();
    this.#timer = setTimeout(() => {
      for (const leg of this.#sockets) leg.resume();
    }, HOLE);
  }

  freeze(): void {
    if (this.#state !== "passing") return;
    this.#state = "frozen";
    for (const leg of this.#sockets) leg.pause();
  }

  /** Goes on with all that came meanwhile. */
  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "passing";
    const held = this.#held;
    this.#held = [];
    for (const [direction, chunk] of held) this.#pass(direction, chunk);
    for (const leg of this.#sockets) leg.resume();
    const after = this.#afterThaw;
    this.#afterThaw = [];
    for (const run of after) run();
  }

  /** Ends it at once, whatever it is. */
  destroy(): void {
    this.#over();
    for (const leg of this.#sockets) leg.destroy();
  }

  get #sockets(): readonly Socket[] {
    return [this.#legs.toServer.from, this.#legs.toServer.to];
  }

  #take(direction: Direction, chunk: Buffer): void {
    if (direction === this.#left) this.#late.push(chunk);
    if (this.#state === "frozen") this.#held.push([direction, chunk]);
    if (this.#state !== "passing") return;
    const passes = this.#watcher.until(this, direction, chunk.length);
    this.#pass(direction, passes === undefined ? chunk : chunk.subarray(0, passes));
    if (passes === undefined) return;
    this.#watcher.reached(this);
    // As it is treated now.
    if (passes < chunk.length) this.#take(direction, chunk.subarray(passes));
  }

  #pass(direction: Direction, bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#passed[direction] += bytes.length;
    const { from, to } = this.#legs[direction];
    if (to.writable && !to.write(bytes)) from.pause();
  }

  #ended(from: Socket, to: Socket): void {
    if (this.#state === "ghost") from.destroy();
    else this.#whenThawed(() => to.end());
  }

  #broken(leg: Socket): void {
    if (this.#state === "ghost") leg.destroy();
    else this.#whenThawed(() => this.reset());
  }

  #closed(): void {
    // The other leg gets what is still under way to it.
    if (this.#state === "passing" || this.#sockets.every((leg) => leg.destroyed)) this.#over();
  }

  #whenThawed(run: () => void): void {
    if (this.#state === "frozen") this.#afterThaw.push(run);
    else if (this.#state === "passing") run();
  }

  #ghost(): void {
    this.#state = "ghost";
    this.#watcher.useless(this);
  }

  #over(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    clearTimeout(this.#timer);
    this.#watcher.useless(this);
    this.#watcher.over(this);
  }
}
