import type { Clock } from "@peng3dnet/peer";
import { TableSearch } from "./table-search.js";

/** How long a list is left alone after it was read, times as long as that took: it has the connections of all programs. */
const REST = 10;
/** It is left alone for so long at least, in milliseconds. */
const LEAST_REST = 100;
/** How much is read at a time, in bytes. Linux hands out a page, which most machines have of 4 KiB. */
const PIECE = 16 * 1024;

/** An open file, as far as it is needed here. */
export interface ListFile {
  /** Reads on. @returns how many bytes; 0 at the end. */
  read(into: Buffer): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

interface Question {
  readonly promise: Promise<number | undefined>;
  readonly answer: (queued: number | undefined) => void;
}

/**
 * One of the lists that Linux has of its TCP connections, which tells what waits for a peer's system. To read it takes the longer the
 * more connections the machine has, whoever's they are. So one reading answers all that is asked until it begins, and the list is left alone
 * afterwards: peers that are silent keep nobody reading. An answer is never older than its question.
 */
export class KernelTable {
  readonly #open: () => Promise<ListFile>;
  readonly #clock: Pick<Clock, "now" | "setTimeout">;
  /** What the next reading will answer, by the addresses. */
  #asked = new Map<string, Question>();
  #busy = false;

  /** @param open - opens the list. */
  constructor(open: () => Promise<ListFile>, clock: Pick<Clock, "now" | "setTimeout">) {
    this.#open = open;
    this.#clock = clock;
  }

  /**
   * How many bytes of a connection wait for the peer's system.
   *
   * @param addresses - as {@link TableSearch} has them.
   * @returns `undefined` for a connection that is not listed, and where there is no list. It never rejects.
   */
  queued(addresses: string): Promise<number | undefined> {
    const known = this.#asked.get(addresses);
    if (known !== undefined) return known.promise;
    let answer: Question["answer"] = () => {};
    const promise = new Promise<number | undefined>((resolve) => {
      answer = resolve;
    });
    this.#asked.set(addresses, { promise, answer });
    if (!this.#busy) void this.#read();
    return promise;
  }

  async #read(): Promise<void> {
    this.#busy = true;
    const begun = this.#clock.now();
    const asked = this.#asked;
    try {
      const file = await this.#open();
      // What was asked while it was opened is answered, too.
      this.#asked = new Map();
      await search(file, asked);
    } catch {
      // Some containers do not show it.
      if (asked === this.#asked) this.#asked = new Map();
    }
    for (const { answer } of asked.values()) answer(undefined);
    const rest = Math.max(LEAST_REST, REST * (this.#clock.now() - begun));
    this.#clock.setTimeout(() => {
      this.#busy = false;
      if (this.#asked.size > 0) void this.#read();
    }, rest);
  }
}

/** Answers what is listed. */
async function search(file: ListFile, asked: ReadonlyMap<string, Question>): Promise<void> {
  const looking = new TableSearch(asked.keys(), (addresses, queued) => asked.get(addresses)?.answer(queued));
  try {
    const piece = Buffer.allocUnsafe(PIECE);
    while (!looking.over) {
      const { bytesRead } = await file.read(piece);
      if (bytesRead === 0) return;
      looking.read(piece.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
