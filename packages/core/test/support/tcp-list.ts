import { tableAddress } from "../../src/tcp/kernel-queue.js";

const COLUMNS =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const WIDTH = 149;

/** The addresses of a connection of a server at port 8080 to a port on the same machine, as `/proc/net/tcp` has them. */
export function addressesOf(port: number): string {
  return `${tableAddress("127.0.0.1", 8080)} ${tableAddress("127.0.0.1", port)}`;
}

/** A text such as that of `/proc/net/tcp`. @param connections - addresses, and how many bytes wait. */
export function list(connections: Iterable<readonly [addresses: string, queued: number]>): string {
  const lines = [COLUMNS.padEnd(WIDTH)];
  for (const [addresses, queued] of connections) {
    const queue = queued.toString(16).toUpperCase().padStart(8, "0");
    const rest = "00:00000000 00000000     0        0 1234567 1 0000000000000000 20 4 30 10 -1";
    const number = String(lines.length - 1).padStart(4);
    lines.push(`${number}: ${addresses} 01 ${queue}:00000000 ${rest}`.padEnd(WIDTH));
  }
  return `${lines.join("\n")}\n`;
}
