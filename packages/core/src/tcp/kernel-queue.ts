import { open } from "node:fs/promises";
import { isIPv4, type Socket } from "node:net";
import { endianness } from "node:os";
import { KernelTable } from "./kernel-table.js";

// The list is the system's, whose time goes on where a test has put a clock of its own in place of these.
const { performance, setTimeout } = globalThis;
const clock = {
  now: () => performance.now(),
  // Nobody's program goes on for it.
  setTimeout: (callback: () => void, milliseconds: number) => setTimeout(callback, milliseconds).unref(),
};

/** Where Linux lists TCP connections. */
const TABLES = {
  IPv4: new KernelTable(() => open("/proc/net/tcp"), clock),
  IPv6: new KernelTable(() => open("/proc/net/tcp6"), clock),
} as const;

/** The bytes of an IP address. */
function bytesOf(address: string): number[] {
  if (isIPv4(address)) return address.split(".").map(Number);
  const [plain = ""] = address.split("%");
  const mapped = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  const tail = mapped === null ? [] : bytesOf(mapped[2] as string);
  const [head = [], rest] = (mapped === null ? plain : (mapped[1] as string).replace(/([^:]):$/, "$1"))
    .split("::")
    .map((part) => part.split(":").filter((group) => group !== ""));
  const bytes = (groups: readonly string[]): number[] =>
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
  const [before, after] = [bytes(head), [...bytes(rest ?? []), ...tail]];
  return [...before, ...new Array<number>(16 - before.length - after.length).fill(0), ...after];
}

/** An address as the table has it: words of 32 bits as they lie in memory. */
export function tableAddress(address: string, port: number): string {
  const bytes = bytesOf(address);
  let text = "";
  for (let word = 0; word < bytes.length; word += 4) {
    const four = bytes.slice(word, word + 4);
    if (endianness() === "LE") four.reverse();
    for (const byte of four) text += hex(byte, 2);
  }
  return `${text}:${hex(port, 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}

/**
 * How many bytes of a connection wait in the kernel until the peer's has taken them: it tells that a peer reads, long
 * before the kernel has room again for us, which it says in large steps only.
 *
 * @returns `undefined` where the system does not tell. It takes the longer the more connections the machine has.
 */
export function unacknowledged(socket: Socket): Promise<number | undefined> {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (process.platform !== "linux" || localAddress === undefined || remoteAddress === undefined)
    return Promise.resolve(undefined);
  const local = tableAddress(localAddress, localPort ?? 0);
  const table = isIPv4(localAddress) ? TABLES.IPv4 : TABLES.IPv6;
  return table.queued(`${local} ${tableAddress(remoteAddress, remotePort ?? 0)}`);
}
