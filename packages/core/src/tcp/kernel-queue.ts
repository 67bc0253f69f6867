import { readFile } from "node:fs/promises";
import { isIPv4, type Socket } from "node:net";
import { endianness } from "node:os";
import { TcpTable } from "./tcp-table.js";

/** Where Linux lists TCP connections. */
const TABLES = { IPv4: "/proc/net/tcp", IPv6: "/proc/net/tcp6" } as const;

/** For so long a table that was read will do by default, in seconds: peers that do not read must not keep us reading. */
const FRESH = 1;

interface Reading {
  readonly table: Promise<TcpTable>;
  readonly begun: number;
}

const readings = new Map<string, Reading>();

function read(path: string, age: number): Promise<TcpTable> {
  const now = performance.now();
  const known = readings.get(path);
  if (known !== undefined && now - known.begun < age * 1000) return known.table;
  const table = readFile(path, "latin1").then((text) => new TcpTable(text));
  readings.set(path, { table, begun: now });
  return table;
}

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
 * @param age - how old that may be, in seconds.
 * @returns `undefined` where the system does not tell.
 */
export async function unacknowledged(socket: Socket, age: number = FRESH): Promise<number | undefined> {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (process.platform !== "linux" || localAddress === undefined || remoteAddress === undefined)
    return undefined;
  try {
    const table = await read(isIPv4(localAddress) ? TABLES.IPv4 : TABLES.IPv6, age);
    const local = tableAddress(localAddress, localPort ?? 0);
    return table.queued(`${local} ${tableAddress(remoteAddress, remotePort ?? 0)}`);
  } catch {
    // Some containers do not show it.
    return undefined;
  }
}
