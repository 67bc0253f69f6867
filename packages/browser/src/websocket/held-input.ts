import { ConfigError } from "@peng3dnet/peer";

/** What a message takes beside its bytes, so that a million short ones are not free. */
const MESSAGE_COST = 128;
/** Messages handed out after which their places are given up, once they are half of all. */
const COMPACT_AT = 1024;

/** Messages that came while nobody listened. */
export class HeldInput {
  /** What they take, in bytes. */
  size = 0;
  #messages: (Uint8Array | undefined)[] = [];
  #next = 0;

  get empty(): boolean {
    return this.#next === this.#messages.length;
  }

  add(message: Uint8Array): void {
    this.#messages.push(message);
    this.size += message.length + MESSAGE_COST;
  }

  /** Takes the oldest one out. */
  take(): Uint8Array | undefined {
    const message = this.#messages[this.#next];
    if (message === undefined) return undefined;
    this.#messages[this.#next++] = undefined;
    this.size -= message.length + MESSAGE_COST;
    if (this.empty) this.clear();
    else if (this.#next >= COMPACT_AT && 2 * this.#next >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#next);
      this.#next = 0;
    }
    return message;
  }

  clear(): void {
    this.#messages = [];
    this.#next = 0;
    this.size = 0;
  }
}

/** @throws {@link ConfigError} for what is no number of bytes. */
export function checkMaxHeld(maxHeld: unknown): void {
  if (maxHeld === undefined || (typeof maxHeld === "number" && maxHeld >= 0)) return;
  throw new ConfigError(
    "maxHeld",
    'option "maxHeld": it is a number of bytes from 0, or Infinity for no limit',
  );
}
