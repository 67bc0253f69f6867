// The table that Linux keeps of its connections. Clients that are silent are looked for in it, and there may be thousands.

import { tableAddress } from "../../src/tcp/kernel-queue.js";
import { TcpTable } from "../../src/tcp/tcp-table.js";

const COUNT = 4096;
const SERVER = tableAddress("127.0.0.1", 8080);
const keys = Array.from({ length: COUNT }, (_, i) => `${SERVER} ${tableAddress("127.0.0.1", 20_000 + i)}`);

/** A line, as `/proc/net/tcp` has it. */
function line(number: number, key: string, queued: number): string {
  const queue = queued.toString(16).toUpperCase().padStart(8, "0");
  const rest = "00:00000000 00000000     0        0 1234567 1 0000000000000000 20 4 30 10 -1";
  return `${String(number).padStart(4)}: ${key} 01 ${queue}:00000000 ${rest}`.padEnd(149);
}

const text = [
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode".padEnd(
    149,
  ),
  ...keys.map((key, i) => line(i, key, i)),
  "",
].join("\n");

test("each connection is found, and none that is not there, however many are asked for", () => {
  const table = new TcpTable(text);
  expect(keys.map((key) => table.queued(key))).toEqual(keys.map((_, i) => i));
  const nobody = `${SERVER} ${tableAddress("127.0.0.1", 9)}`;
  expect([table.queued(nobody), new TcpTable(text).queued(nobody)]).toEqual([undefined, undefined]);
});

test("thousands of connections take little more than a few", () => {
  const time = (count: number): number => {
    const table = new TcpTable(text);
    const begun = performance.now();
    for (const key of keys.slice(-count)) table.queued(key);
    return performance.now() - begun;
  };
  const least = (count: number): number => Math.min(...Array.from({ length: 5 }, () => time(count)));
  // With a search for each, 512 times as many take 512 times as long.
  expect(least(4096) / least(8)).toBeLessThan(60);
});
