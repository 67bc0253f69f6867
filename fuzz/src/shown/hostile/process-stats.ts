// What Linux tells of a process. Memory is in bytes.

import { readFileSync, writeFileSync } from "node:fs";

function read(pid: number, field: string): number {
  const [, kilobytes] =
    new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes ?? 0) * 1024;
}

export const residentMemory = (pid: number): number => read(pid, "VmRSS");

/** Most that it has had since the last call of `forgetPeak`. */
export const peakMemory = (pid: number): number => read(pid, "VmHWM");

export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** Follows the peak of a process, which cannot be asked any more once it is dead. */
export class PeakWatch {
  #peak = 0;
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.peak(), 50);
  }

  peak(): number {
    try {
      this.#peak = Math.max(this.#peak, peakMemory(this.#pid));
    } catch {
      // It is gone.
    }
    return this.#peak;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/**
 * How long the main thread of a process was ready to run while no processor was free for it, in milliseconds. It is
 * the machine's share of a wait. 0 where the system does not tell.
 */
export function starved(pid: number): number {
  try {
    const [, delay] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ");
    return Number(delay) / 1e6;
  } catch {
    return 0;
  }
}
