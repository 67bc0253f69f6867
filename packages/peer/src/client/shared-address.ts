import type { AddressLike } from "@peng3dnet/protocol";

/** The list that a client was given last. A process may have thousands of clients of one server. */
let last: readonly [host: string, port?: number] = [""];

/** An address as it was given. Lists that say the same in a row are one object, which nobody else can change. */
export function sharedAddress(addr: AddressLike | undefined): AddressLike | undefined {
  if (!Array.isArray(addr)) return addr;
  const [host, port] = addr;
  if (host !== last[0] || port !== last[1]) last = [host, port];
  return last;
}
