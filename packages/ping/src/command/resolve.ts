import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Address } from "@peng3dnet/core";
import { PingError } from "../asking/ping-error.js";

/**
 * Finds the addresses of a host in one family, one or more.
 *
 * @param timeout - seconds until it is given up.
 * @throws {@link PingError} with `unresolvable` or `timeout`.
 */
export async function resolveIn(
  family: 4 | 6,
  [host, port]: Address,
  timeout: number,
): Promise<readonly Address[]> {
  const literal = isIP(host);
  if (literal === family) return [[host, port]];
  const missing = `"${host}" has no IPv${family} address`;
  if (literal !== 0) throw new PingError("unresolvable", missing);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new PingError("timeout", `"${host}" could not be resolved within ${timeout} s`)),
      timeout * 1000,
    );
  });
  try {
    const found = lookup(host, { family, all: true }).catch((cause: unknown) => {
      throw new PingError("unresolvable", missing, { cause });
    });
    const all = await Promise.race([found, late]);
    return all.map(({ address }): Address => [address, port]);
  } finally {
    clearTimeout(timer);
  }
}
