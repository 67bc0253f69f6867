// The figures that pages repeat are those of the results: whoever measures again renews both.

import { type Row, tableRows } from "./support/markdown.js";

const RESULTS = "docs/performance/results.md";
const PERFORMANCE = "docs/performance/README.md";

const inBold = (cell: string) => `**${cell}**`;

/** A ratio that has a target, as the results have it. */
function measured(work: string, ratio: string) {
  const found = tableRows(RESULTS).find(
    ({ section, cells }) => section === "Targets" && cells.work === work && cells["ratio of"] === ratio,
  );
  const { median = "", spread = "" } = found?.cells ?? {};
  expect(median).toMatch(/^\*\*[\d.]+\*\*$/);
  return { median: median.replaceAll("*", ""), spread };
}

/** The row of a page that begins so. */
function row(page: string, ...begin: readonly string[]): Row {
  const found = tableRows(page).find(({ inOrder }) => begin.every((cell, index) => inOrder[index] === cell));
  if (found === undefined) throw new Error(`${page} has no row of ${begin.join(", ")}`);
  return found;
}

test.each([
  ["Echo of small messages, 1,024 in flight", "echo, small, 1024 in flight"],
  ["Broadcast of 200 bytes to 1,000 clients", "broadcast, 200 bytes to 1000 clients"],
  ["Echo of game states of 1 KiB, 64 in flight", "echo, state, 64 in flight"],
  ["Echo of 256 KiB of bytes, 16 in flight", "echo, large, 16 in flight"],
  ["Echo of small messages, one at a time", "echo, small, 1 in flight"],
])("README: %s", (said, work) => {
  const { median } = measured(work, "peng3dnet ÷ ws");
  expect(row("README.md", said).cells["Quiet machine"]).toBe(Number(median).toFixed(1));
});

test.each([
  ["requests, small, 64 in flight", "at once", "peng3dnet, requests"],
  ["requests, small, 64 in flight", "asynchronous", "peng3dnet, requests, async handler"],
  ["requests, small, 1024 in flight", "at once", "peng3dnet, requests"],
  ["requests, small, 1024 in flight", "asynchronous", "peng3dnet, requests, async handler"],
])("docs/performance: %s, %s", (work, handler, peer) => {
  const cell = `${work}, beside the echo of packets`;
  const toPackets = measured(cell, `${peer} ÷ peng3dnet`);
  const toSocketIo = measured(cell, `${peer} ÷ socket.io, emitWithAck`);
  expect(row(PERFORMANCE, work, handler).inOrder.slice(2)).toEqual([
    toPackets.median,
    toPackets.spread,
    toSocketIo.median,
    toSocketIo.spread,
  ]);
});

test.each([
  "echo, small, 1 in flight",
  "echo, small, 64 in flight",
  "echo, small, 1024 in flight",
  "broadcast, 200 bytes to 1000 clients",
])("docs/performance: %s, over WebSocket", (work) => {
  const { median, spread } = measured(work, "peng3dnet, WebSocket ÷ ws");
  const { rate, spread: said } = row(PERFORMANCE, work, "ws").cells;
  expect([rate, said]).toEqual([inBold(median), spread]);
});
