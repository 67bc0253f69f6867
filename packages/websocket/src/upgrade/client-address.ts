import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { Address } from "@peng3dnet/core";
import { type AddressList, plainAddress } from "./address-list.js";
import { joinedHeader } from "./decisive-request.js";

/** Who sent a request. */
export interface ClientAddress {
  readonly address: Address;
  /** Whether a trusted proxy passed it on. */
  readonly proxied: boolean;
}

/** What is looked at of a request for that. */
type Sender = Pick<IncomingMessage, "socket" | "rawHeaders">;

/** An entry of `X-Forwarded-For`, which may have a port, without it; `undefined` if it is no address. */
function entryAddress(entry: string): string | undefined {
  const bare = entry.trim();
  const [, inBrackets] = /^\[([^\]]*)\](?::\d+)?$/.exec(bare) ?? [];
  const [, beforePort] = /^([^:]*):\d+$/.exec(bare) ?? [];
  const address = plainAddress(inBrackets ?? beforePort ?? bare);
  return isIP(address) === 0 ? undefined : address;
}

/**
 * Who sent a request: the socket's address, unless that is a trusted proxy's. Then it is the last one in `X-Forwarded-For`
 * that is no trusted proxy itself: each proxy adds whom it heard, and what stands before that, anybody can have written.
 */
export function clientAddress(request: Sender, proxies: AddressList | undefined): ClientAddress {
  const { remoteAddress, remotePort = 0 } = request.socket;
  const direct: Address = [remoteAddress ?? "", remotePort];
  if (proxies?.has(remoteAddress) !== true) return { address: direct, proxied: false };
  const entries = (joinedHeader(request, "x-forwarded-for") ?? "").split(",");
  let address = direct;
  for (const entry of entries.reverse()) {
    const host = entryAddress(entry);
    if (host === undefined) break;
    address = [host, 0];
    if (!proxies.has(host)) break;
  }
  return { address, proxied: true };
}
