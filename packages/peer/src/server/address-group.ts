/** How many of the eight numbers of an IPv6 address name the network of one subscriber: 64 bits. */
const NETWORK_PARTS = 4;
const PARTS = 8;
/** What an IPv4 address begins with where it is written as an IPv6 address. */
const MAPPED = "0:0:0:0:0:ffff";
const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);
const IPV6_PART = /^[0-9a-f]{1,4}$/i;

/**
 * Names whom limits per address count as one. An IPv6 address counts by its /64, since any subscriber has that many
 * addresses; an IPv4 address that is written as IPv6 (`::ffff:…`) counts as the IPv4 address that it is. What is no IP
 * address, e.g. the name of a link in memory, stands for itself.
 */
export function addressGroup(address: string): string {
  const zone = address.indexOf("%");
  const bare = zone === -1 ? address : address.slice(0, zone);
  if (IPV4.test(bare)) return bare;
  const parts = parse(bare);
  if (parts === undefined) return address;
  if (parts.slice(0, 6).map(hexadecimal).join(":") === MAPPED) return dotted(parts[6] ?? 0, parts[7] ?? 0);
  return `${parts.slice(0, NETWORK_PARTS).map(hexadecimal).join(":")}::/64`;
}

/** The eight numbers of an IPv6 address without its zone; `undefined` if it is none. */
function parse(address: string): number[] | undefined {
  const halves = address.split("::");
  const [head = "", tail] = halves;
  // An IPv4 address may only end an IPv6 address.
  const before = numbers(head, tail === undefined);
  if (before === undefined || halves.length > 2) return undefined;
  if (tail === undefined) return before.length === PARTS ? before : undefined;
  const after = numbers(tail, true);
  if (after === undefined) return undefined;
  const left = PARTS - before.length - after.length;
  return left < 1 ? undefined : [...before, ...new Array<number>(left).fill(0), ...after];
}

/** @param last - whether nothing follows, so that the last four bytes may be written as an IPv4 address. */
function numbers(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const all: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (IPV6_PART.test(part)) {
      all.push(Number.parseInt(part, 16));
    } else if (last && index === parts.length - 1 && IPV4.test(part)) {
      const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
      all.push(a * 256 + b, c * 256 + d);
    } else return undefined;
  }
  return all;
}

function hexadecimal(part: number): string {
  return part.toString(16);
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
