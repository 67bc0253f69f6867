/** Longest time that systems take, in seconds: Linux has 15 bits for it. */
const LONGEST = 32_767;

/** How Node makes sockets whose other side's system is asked now and then whether it is there. */
export interface KeepAliveOptions {
  /** Whether it is asked at all. */
  readonly keepAlive: boolean;
  /** Silence until the first question, in milliseconds. */
  readonly keepAliveInitialDelay?: number;
}

/**
 * What to tell Node of TCP keep-alive: for servers that listen in another way, e.g. over https.
 *
 * @param seconds - of silence, until the first question (`net.tcp.keepalive`); 0 and `Infinity`: never. Systems count whole
 * seconds, so that a part of one is one.
 */
export function keepAliveOptions(seconds: number): KeepAliveOptions {
  if (seconds === 0 || seconds === Number.POSITIVE_INFINITY) return { keepAlive: false };
  return { keepAlive: true, keepAliveInitialDelay: Math.min(Math.ceil(seconds), LONGEST) * 1000 };
}
