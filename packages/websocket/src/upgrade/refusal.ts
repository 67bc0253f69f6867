import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** An answer to a request that is not upgraded. */
export interface Refusal {
  readonly status: number;
  /** What to do about it, in a sentence. */
  readonly text: string;
  /** What the server counts it as, one of `CLOSE_REASONS`. Default: `"badupgrade"`. */
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How long a refusal may take to be sent, in milliseconds. One that leaves at once takes none of it. */
const PATIENCE = 5000;

function destroy(this: Duplex): void {
  this.destroy();
}

/** Has a connection destroyed that breaks: without anybody who listens, the process would end. */
export function destroyOnError(stream: Duplex): void {
  if (!stream.listeners("error").includes(destroy)) stream.on("error", destroy);
}

/** Answers a request for an upgrade with something else, and closes its connection. */
export function refuse(stream: Duplex, { status, text, headers }: Refusal): void {
  if (stream.writableEnded) return;
  const body = `${text}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  // Who does not read the answer does not keep the connection: nor does who has not read what was to be sent before it.
  const timer = setTimeout(() => stream.destroy(), PATIENCE).unref();
  stream.once("close", () => clearTimeout(timer));
  stream.once("finish", () => stream.destroy());
  stream.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
