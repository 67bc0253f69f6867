// What all runtimes have in common, as far as this package uses it: it compiles without the types of Node and of browsers,
// so that nothing else of them can slip in. Whoever uses the package has these from the types of their own platform.

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare function queueMicrotask(callback: () => void): void;
declare function setTimeout(callback: () => void, milliseconds: number): number;
declare function clearTimeout(timer: number): void;

// Not there everywhere.
interface MessagePortLike {
  onmessage: (() => void) | null;
  postMessage(message: null): void;
}
declare const MessageChannel:
  | (new () => { readonly port1: MessagePortLike; readonly port2: MessagePortLike })
  | undefined;

declare const performance: { now(): number };
declare const console: { log(text: string): void; warn(text: string): void };

/** For secrets; not for chance alone. */
declare const crypto: { getRandomValues(array: Uint8Array): Uint8Array };

declare function btoa(bytes: string): string;
declare function atob(text: string): string;

declare class URL {
  constructor(url: string, base?: string);
  readonly href: string;
  readonly host: string;
  readonly hostname: string;
  readonly pathname: string;
  readonly port: string;
  protocol: string;
  hash: string;
}
