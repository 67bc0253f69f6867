import type { Transport } from "./transport.js";

const METHODS = ["start", "write", "end", "destroyAfterWrite", "destroy", "pause", "resume"] as const;

/**
 * Refuses what is no transport, where it is handed over: a connection of it could not even be closed.
 *
 * @throws TypeError that names what is missing.
 */
export function checkTransport(transport: Transport): void {
  const missing = missingMethod(transport);
  const what = missing === undefined ? undefined : `${missing}()`;
  if (what === undefined && Array.isArray(transport.remoteAddress)) return;
  throw new TypeError(
    `what was handed over is no transport, since it lacks ${what ?? "remoteAddress"}; see the interface Transport`,
  );
}

function missingMethod(transport: Transport): string | undefined {
  for (let index = 0; index < METHODS.length; index++) {
    const name = METHODS[index] as (typeof METHODS)[number];
    if (typeof transport?.[name] !== "function") return name;
  }
  return undefined;
}
