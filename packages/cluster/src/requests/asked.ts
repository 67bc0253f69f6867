import {
  AbortedError,
  type Clock,
  checkWait,
  onAbort,
  TimedOutError,
  TooManyRequestsError,
  type WaitOptions,
} from "@peng3dnet/peer";
import type { RemoteNode } from "../nodes/remote-node.js";
import { type AnswerParts, closedError } from "./answers.js";

/** Seconds that a caller waits for an answer, if it does not say. */
export const DEFAULT_TIMEOUT = 10;
/** Longest delay that timers can hold, in milliseconds. Who waits longer waits as long as the node is there. */
export const LONGEST_DELAY = 0x7fff_ffff;

/** What is asked of another node. */
export interface Question<T> {
  /** What errors call it. */
  readonly name: string;
  /** Node that has the client. */
  readonly node: string;
  /** Publishes it. @param timeout - milliseconds that there are for it; 0: no limit. @throws what keeps it from that. */
  publish(id: number, timeout: number): void;
  /** What the caller gets for an answer. @throws what it rejects with. */
  answered(answer: AnswerParts): T;
}

/** What requests need of their node. */
export interface AskedHost {
  readonly clock: Clock;
  /** Whether a node is there; `undefined`: that is not known yet. */
  isThere(node: string): boolean | undefined;
  /** The caller of a request waits no more. It does not throw. */
  giveUp(node: string, id: number): void;
  /** Asks what has become of a request. It does not throw. */
  probe(node: string, id: number): void;
}

interface Waiting {
  readonly question: Question<unknown>;
  /** How many beats it has waited. */
  beats: number;
  settle(answer: AnswerParts | Error): void;
}

/** A request that nobody waits for any more, while its node may not have heard that. */
interface GivenUp {
  readonly node: string;
  /** With how many more beats it is said again. */
  repeats: number;
}

/** The requests of this node to clients of others that wait for an answer. Each leaves the table as it is settled. */
export class Asked {
  readonly #host: AskedHost;
  readonly #limit: number;
  /** Beats after which it is asked what has become of a request. */
  readonly #patience: number;
  readonly #waiting = new Map<number, Waiting>();
  /** Those that may go on over there without end, unless the node hears that nobody waits any more. As many at most as may wait. */
  readonly #givenUp = new Map<number, GivenUp>();
  #lastId = 0;

  /** @param patience - beats after which it is asked what has become of a request, and with so many it is said that nobody waits. */
  constructor(host: AskedHost, limit: number, patience: number) {
    this.#host = host;
    this.#limit = limit;
    this.#patience = patience;
  }

  /** Number of those that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Asks another node. @returns what becomes of it. A promise that nobody awaits never ends the process. */
  ask<T>(question: Question<T>, options: WaitOptions = {}): Promise<T> {
    const promise = this.#ask(question, options);
    promise.catch(() => {});
    return promise;
  }

  async #ask<T>(question: Question<T>, options: WaitOptions): Promise<T> {
    checkWait(options);
    const { timeout = DEFAULT_TIMEOUT, signal } = options;
    const { name, node } = question;
    if (signal?.aborted === true) throw aborted(name, signal);
    if (timeout === 0) throw timedOut(name, timeout);
    if (this.#host.isThere(node) === false)
      throw closedError(name, "notsent", { why: "the node of the client is gone" });
    if (this.#waiting.size >= this.#limit) {
      throw new TooManyRequestsError(
        `"${name}" was not sent: ${this.#waiting.size} requests to clients of other nodes wait for an answer already; await some of them first, or raise the option maxRequests of joinCluster`,
      );
    }
    const { clock } = this.#host;
    const delay = timeout * 1000 > LONGEST_DELAY ? 0 : Math.max(1, Math.ceil(timeout * 1000));
    const id = ++this.#lastId;
    let stopListening: (() => void) | undefined;
    let timer: unknown;
    try {
      const answer = await new Promise<AnswerParts>((resolve, reject) => {
        const settle = (result: AnswerParts | Error): void => {
          this.#waiting.delete(id);
          if (result instanceof Error) reject(result);
          else resolve(result);
        };
        const giveUp = (error: Error, repeated: boolean): void => {
          if (!this.#waiting.has(id)) return;
          settle(error);
          if (repeated) this.#giveUp(node, id);
          else this.#host.giveUp(node, id);
        };
        this.#waiting.set(id, { question, beats: 0, settle });
        question.publish(id, delay);
        // Whoever was told of that may have had this node leave.
        if (!this.#waiting.has(id)) return;
        // The other node has the same time for it.
        if (delay > 0) timer = clock.setTimeout(() => giveUp(timedOut(name, timeout), false), delay);
        if (signal === undefined) return;
        const abort = (): void => giveUp(aborted(name, signal), true);
        // It may have fired just now, too.
        if (signal.aborted) abort();
        else stopListening = onAbort(signal, abort);
      });
      return question.answered(answer);
    } finally {
      this.#waiting.delete(id);
      clock.clearTimeout(timer);
      stopListening?.();
    }
  }

  /** An answer came. @returns whether somebody waits for it. */
  take(node: string, id: number, answer: AnswerParts): boolean {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined || waiting.question.node !== node) return false;
    waiting.settle(answer);
    return true;
  }

  /** A node is not there any more: it answers nothing. @param left - it has said so; else it may live, and go on with what it was asked. */
  gone({ id: node }: RemoteNode, left: boolean): void {
    this.#endAll(({ question }) => question.node === node, "the node of the client is gone", !left);
    if (!left) return;
    for (const [id, givenUp] of this.#givenUp) if (givenUp.node === node) this.#givenUp.delete(id);
  }

  /** Nobody waits any more. It is said now, and again with some beats of a time when the node is there: each may be lost. */
  #giveUp(node: string, id: number): void {
    this.#host.giveUp(node, id);
    this.#givenUp.set(id, { node, repeats: this.#patience });
    if (this.#givenUp.size <= this.#limit) return;
    const [oldest] = this.#givenUp.keys();
    this.#givenUp.delete(oldest as number);
  }

  /** This node leaves. */
  end(): void {
    this.#endAll(() => true, "this node has left the cluster", false);
    this.#givenUp.clear();
  }

  /** A beat is over: asks what has become of requests that have waited long, be it that they, or their answers, were lost. */
  ticked(): void {
    this.#endAll(
      ({ question }) => this.#host.isThere(question.node) === false,
      "the node of the client is not there",
      true,
    );
    for (const [id, waiting] of this.#waiting) {
      waiting.beats++;
      if (waiting.beats % this.#patience === 0) this.#host.probe(waiting.question.node, id);
    }
    for (const [id, givenUp] of this.#givenUp) {
      if (this.#host.isThere(givenUp.node) !== true) continue;
      this.#host.giveUp(givenUp.node, id);
      if (--givenUp.repeats === 0) this.#givenUp.delete(id);
    }
  }

  /** @param giveUp - whether the other node may go on with them, unless it hears that nobody waits. */
  #endAll(concerned: (waiting: Waiting) => boolean, why: string, giveUp: boolean): void {
    for (const [id, waiting] of this.#waiting) {
      if (!concerned(waiting)) continue;
      const { name, node } = waiting.question;
      waiting.settle(closedError(name, "unknown", { why }));
      if (giveUp) this.#giveUp(node, id);
    }
  }
}

function timedOut(name: string, timeout: number): TimedOutError {
  return new TimedOutError(`waited ${timeout} s for the answer to "${name}" in vain`);
}

function aborted(name: string, signal: AbortSignal): AbortedError {
  return new AbortedError(`waiting for the answer to "${name}" was aborted`, { cause: signal.reason });
}
