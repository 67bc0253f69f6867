// The list that Linux has of all connections of a machine, in which those of silent peers are looked for.

import { tableAddress } from "../../src/tcp/kernel-queue.js";
import { TableSearch } from "../../src/tcp/table-search.js";
import { addressesOf, list } from "../support/tcp-list.js";

const COUNT = 64;
const listed = Array.from({ length: COUNT }, (_, i) => [addressesOf(20_000 + i), i * 1000] as const);

/** Searches the text in pieces of a size, each of which is overwritten afterwards. */
function search(wanted: readonly string[], text: string, size = text.length): [string, number][] {
  const found: [string, number][] = [];
  const looking = new TableSearch(wanted, (addresses, queued) => void found.push([addresses, queued]));
  for (let at = 0; at < text.length; at += size) {
    const piece = Buffer.from(text.slice(at, at + size), "latin1");
    looking.read(piece);
    piece.fill("X");
  }
  return found;
}

test("each connection is found, and none that is not listed", () => {
  const nobody = addressesOf(9);
  expect(search([...listed.map(([addresses]) => addresses), nobody], list(listed))).toEqual(listed);
  expect(search([nobody], list(listed))).toEqual([]);
});

test.each([1, 7, 149, 150, 151, 4096])("it may come in pieces of %d bytes", (size) => {
  expect(
    search(
      listed.map(([addresses]) => addresses),
      list(listed),
      size,
    ),
  ).toEqual(listed);
});

test("another connection with the same remote port is another one", () => {
  const other = `${tableAddress("127.0.0.1", 8081)} ${tableAddress("127.0.0.1", 20_003)}`;
  expect(search([addressesOf(20_003)], list([[other, 7], ...listed]))).toEqual([listed[3]]);
});

test("connections of IPv6 are found, whose lines are longer", () => {
  const key = `${tableAddress("::1", 8080)} ${tableAddress("2001:db8::1", 443)}`;
  expect(search([key], list([[key, 0xabcdef]]))).toEqual([[key, 0xabcdef]]);
});

test("it is over once all were found", () => {
  const looking = new TableSearch([addressesOf(20_000), addressesOf(20_001)], () => {});
  looking.read(Buffer.from(list(listed.slice(0, 1))));
  expect(looking.over).toBe(false);
  looking.read(Buffer.from(list(listed.slice(1, 2))));
  expect(looking.over).toBe(true);
});

test("lines that are none are passed over", () => {
  const [[addresses]] = [listed[0] as readonly [string, number]];
  const text = ["", ":", "  1: ", `   2: ${addresses}`, `   3: ${addresses} 01 0000`, "\0\0", ""].join("\n");
  expect(search([addresses], text)).toEqual([]);
  expect(search([addresses], text + list(listed))).toEqual([listed[0]]);
});

test("a line takes as long whatever is asked for", () => {
  const text = Buffer.from(
    list(Array.from({ length: 8192 }, (_, i) => [addressesOf(20_000 + i), 0] as const)),
  );
  const time = (count: number): number => {
    const wanted = Array.from({ length: count }, (_, i) => addressesOf(60_000 - i));
    const looking = new TableSearch(wanted, () => {});
    const begun = performance.now();
    looking.read(text);
    return performance.now() - begun;
  };
  const least = (count: number): number => Math.min(...Array.from({ length: 5 }, () => time(count)));
  // With a search for each, 512 times as many take 512 times as long.
  expect(least(2048) / least(4)).toBeLessThan(60);
});
