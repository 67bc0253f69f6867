import { isIPv4, isIPv6 } from "node:net";

/** How many of the eight numbers of an IPv6 address name the network of one subscriber: 64 bits. */
const NETWORK_PARTS = 4;
/** What an IPv4 address begins with where it is written as an IPv6 address. */
const MAPPED = "0:0:0:0:0:ffff";

/**
 * Names whom limits per address count as one. An IPv6 address counts by its /64, since any subscriber has that many
 * addresses; an IPv4 address that is written as IPv6 (`::ffff:…`) counts as the IPv4 address that it is. What is no IP
 * address, e.g. the name of a link in memory, stands for itself.
 */
export function addressGroup(address: string): string {
  const zone = address.indexOf("%");
  const bare = zone === -1 ? address : address.slice(0, zone);
  if (!isIPv6(bare)) return isIPv4(bare) ? bare : address;
  const parts = parse(bare);
  if (parts.slice(0, 6).map(hexadecimal).join(":") === MAPPED) return dotted(parts[6] ?? 0, parts[7] ?? 0);
  return `${parts.slice(0, NETWORK_PARTS).map(hexadecimal).join(":")}::/64`;
}

/** The eight numbers of a valid IPv6 address without its zone. */
function parse(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const before = numbers(head);
  if (tail === undefined) return before;
  const after = numbers(tail);
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function numbers(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((part) => {
    // The last four bytes may stand there as an IPv4 address.
    if (!part.includes(".")) return Number.parseInt(part, 16);
    const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function hexadecimal(part: number): string {
  return part.toString(16);
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
