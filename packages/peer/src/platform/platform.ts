import type { Compression, ReceiveResources, Side } from "@peng3dnet/protocol";
import type { NodeObserver } from "../observing/node-observer.js";
import type { PeerObserver } from "../observing/peer-observer.js";
import type { Clock } from "../time/clock.js";

/** Keeps the event loop awake while bytes keep coming. */
export interface Poll {
  /** Bytes came. @param seconds - longest wait for the next ones, above 0 (`net.latency.poll`). */
  arrived(seconds: number): void;
}

/**
 * What differs from one JavaScript runtime to another. Each server and client has one, handed in with its options; nothing
 * else in this package knows where it runs. `@peng3dnet/core` has the one for Node, and {@link standardPlatform} uses only
 * what all runtimes have.
 *
 * Its functions are called by themselves, without the platform as `this`.
 */
export interface Platform {
  /** Time and timers. */
  readonly clock: Clock;
  /** Whether payloads of defined packets are validated on sending, unless the option `validateSent` says otherwise. */
  readonly validateSent: boolean;
  /** Calls `call` once the code that runs now has returned, before the event loop goes on: gathered output is flushed then. */
  readonly defer: (call: () => void) => void;
  /** Calls `call` in a later turn of the event loop, so that input and other work have theirs first. */
  readonly yield: (call: () => void) => void;
  /** Makes, or shares, what the connections of one peer receive with: buffers, texts, remembered keys. */
  readonly receiveResources: (side: Side) => ReceiveResources;
  /** zlib at a level from -1 to 9. `undefined`: there is none, nothing is compressed, and compressed packets are refused. */
  readonly compression: (level: number) => Compression | undefined;
  /** Values as text, as a console shows them. What it returns is escaped and cut before it is printed. */
  readonly format: (values: readonly unknown[]) => string;
  /** Prints a line for whoever runs the program; the option `print` takes its place. */
  readonly print: (line: string) => void;
  /** Warns whoever runs the program of a mistake that would go unnoticed otherwise. */
  readonly warn: (message: string) => void;
  /** Makes what polls for the next bytes of a peer while they keep coming; left out, or `undefined`, where that spares nothing. */
  readonly poll?: ((clock: Clock) => Poll | undefined) | undefined;
  /**
   * Calls `call` whenever the network may be there again, so that a client which waits to connect need not wait longer; left
   * out where nothing tells. Returns what ends that.
   */
  readonly networkBack?: ((call: () => void) => () => void) | undefined;
  /** Who looks on from the runtime's side, e.g. for its diagnostics; asked when a connection begins or ends. Left out: nobody. */
  readonly observer?: (() => PeerObserver | undefined) | undefined;
  /** Who looks on at nodes of a cluster from the runtime's side; asked when a node begins, and at each of its beats. Left out: nobody. */
  readonly nodeObserver?: (() => NodeObserver | undefined) | undefined;
  /** How many connections the process can have open; left out: any number. Asked once, of a server with many. */
  readonly connectionLimit?: (() => number) | undefined;
}

const FUNCTIONS = ["defer", "yield", "receiveResources", "compression", "format", "print", "warn"] as const;

/** Refuses what is no platform, where it is handed in. @throws {TypeError} that names what is missing. */
export function checkPlatform(platform: Platform): void {
  const missing = FUNCTIONS.find((name) => typeof platform?.[name] !== "function");
  const what = missing ?? (typeof platform.clock?.now === "function" ? undefined : "clock");
  if (what === undefined) return;
  throw new TypeError(
    `the option platform lacks ${what}; begin with { ...standardPlatform } and replace what the runtime does better`,
  );
}
