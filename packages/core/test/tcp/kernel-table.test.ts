// What Linux tells of what waits for silent peers: everybody's questions are answered by one reading, which may take long.

import { ManualClock } from "@peng3dnet/peer/testing";
import { KernelTable, type ListFile } from "../../src/tcp/kernel-table.js";
import { addressesOf, list } from "../support/tcp-list.js";

/** Lets all happen that needs no time: a list is closed after the answers. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A table whose list is read by hand. */
function makeTable() {
  const clock = new ManualClock();
  const files: { text: string; read: number; closed: boolean }[] = [];
  const state = { files, queued: 0, taking: 0, denied: false };
  const open = async (): Promise<ListFile> => {
    if (state.denied) throw new Error("EACCES");
    const waiting = [addressesOf(1), addressesOf(2)].map((key) => [key, state.queued] as const);
    const file = { text: list(waiting), read: 0, closed: false };
    files.push(file);
    return {
      read: async (into) => {
        clock.advance(state.taking);
        // A line at a time, which has no more than 150 bytes.
        const bytesRead = into.write(file.text.slice(file.read, file.read + 150), "latin1");
        file.read += bytesRead;
        return { bytesRead };
      },
      close: async () => {
        file.closed = true;
      },
    };
  };
  return { table: new KernelTable(open, clock), clock, state };
}

test("all that is asked at once is answered by one reading", async () => {
  const { table, state } = makeTable();
  state.queued = 5;
  const asked = [1, 2, 1, 3].map((port) => table.queued(addressesOf(port)));
  expect(await Promise.all(asked)).toEqual([5, 5, 5, undefined]);
  expect(state.files).toMatchObject([{ closed: true }]);
});

test("nothing is read behind the last connection that was asked for", async () => {
  const { table, state } = makeTable();
  await table.queued(addressesOf(1));
  await settle();
  expect(state.files).toMatchObject([{ read: 300, closed: true }]);
});

test("an answer is never older than its question", async () => {
  const { table, clock, state } = makeTable();
  state.queued = 5;
  expect(await table.queued(addressesOf(1))).toBe(5);
  await settle();
  const later = table.queued(addressesOf(1));
  state.queued = 3;
  clock.advance(0.1);
  expect(await later).toBe(3);
});

test("the list is left alone for ten times as long as it took to read it", async () => {
  const { table, clock, state } = makeTable();
  state.taking = 0.5;
  // Three lines, and the end.
  expect(await table.queued(addressesOf(3))).toBeUndefined();
  state.taking = 0;
  await settle();
  const later = table.queued(addressesOf(1));
  clock.advance(19.9);
  await settle();
  expect(state.files).toHaveLength(1);
  clock.advance(0.1);
  expect(await later).toBe(0);
  expect(state.files).toHaveLength(2);
});

test("peers that are silent keep nobody reading: a tenth of a second passes at least", async () => {
  const { table, clock, state } = makeTable();
  for (let turn = 0; turn < 100; turn++) {
    void table.queued(addressesOf(1));
    await settle();
    clock.advance(0.01);
  }
  expect(state.files.length).toBeLessThanOrEqual(11);
  expect(clock.timers).toBeLessThanOrEqual(1);
});

test("where there is no list, nothing is known, and it is tried again", async () => {
  const { table, clock, state } = makeTable();
  state.denied = true;
  expect(await Promise.all([1, 2].map((port) => table.queued(addressesOf(port))))).toEqual([
    undefined,
    undefined,
  ]);
  state.denied = false;
  clock.advance(0.1);
  expect(await table.queued(addressesOf(1))).toBe(0);
});
