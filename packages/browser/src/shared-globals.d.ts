// What browsers, workers and Node have in common, as far as this package uses it: it compiles without the types of any of
// them. Whoever uses the package has these from the types of their own platform.

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare function queueMicrotask(callback: () => void): void;

declare class TextEncoder {
  encodeInto(text: string, target: Uint8Array): { readonly read: number; readonly written: number };
}
