import type { HandlerGuard } from "../base/handler-guard.js";

/** What errors of observers are reported as. */
export const WHERE = "observer";

const NONE: readonly never[] = [];

/** The observers of something. It calls them so that what they throw harms nobody. */
export abstract class ObserverList<Observer extends object> {
  readonly guard: HandlerGuard;
  readonly #ofRuntime: (() => Observer | undefined) | undefined;
  #own: readonly { readonly observer: Observer }[] = NONE;
  #runtime: Observer | undefined = undefined;
  #all: readonly Observer[] = NONE;

  /** @param ofRuntime - gives the runtime's own observer. It is asked only where something happens that is rare. */
  constructor(guard: HandlerGuard, ofRuntime: (() => Observer | undefined) | undefined) {
    this.guard = guard;
    this.#ofRuntime = ofRuntime;
  }

  /** Adds one. @returns what takes it out again. */
  add(observer: Observer): () => void {
    // The same one may be added twice.
    const entry = { observer };
    this.#own = [...this.#own, entry];
    this.#sort();
    return () => {
      this.#own = this.#own.filter((one) => one !== entry);
      this.#sort();
    };
  }

  /** Whether anybody looks on. To be asked before something is told that happens for each connection. */
  get anybody(): boolean {
    this.look();
    return this.#all.length > 0;
  }

  /** Looks whether somebody looks on from the runtime's side. */
  protected look(): void {
    const runtime = this.#ofRuntime?.();
    if (runtime === this.#runtime) return;
    this.#runtime = runtime;
    this.#sort();
  }

  #sort(): void {
    const all = this.#own.map(({ observer }) => observer);
    if (this.#runtime !== undefined) all.push(this.#runtime);
    this.#all = all;
    this.sorted(all);
  }

  /** Others look on now. @param all - all of them. */
  protected abstract sorted(all: readonly Observer[]): void;

  /** Tells all of what is rare. */
  protected tellAll(tell: (observer: Observer) => unknown): void {
    if (this.anybody) this.tell(this.#all, tell);
  }

  /** Tells some. */
  tell(some: readonly Observer[] | undefined, tell: (observer: Observer) => unknown): void {
    if (some === undefined) return;
    for (const one of some) this.guard.run(WHERE, () => tell(one));
  }

  /** What one of them threw. */
  protected failed(error: unknown): void {
    this.guard.failed(error, WHERE);
  }
}

/** The observers that want something; `undefined` if none does, which a single look at a field finds out. */
export function thoseWho<Observer>(
  all: readonly Observer[],
  want: (observer: Observer) => boolean,
): readonly Observer[] | undefined {
  const found = all.filter(want);
  return found.length > 0 ? found : undefined;
}
