/** The results as tables in Markdown. */
import { type CellResult, figures, measuredPeers, metricOf, type Results, samplesOf } from "./results.js";
import { ratio, spread } from "./statistics.js";
import { judge } from "./targets.js";

const MEBIBYTE = 1024 * 1024;

function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** `ours` beside each of the others: what the claims rest on. */
function targetTable(results: Results): string {
  const rows = judge(results.cells).map(({ target, result, ratio: measured, reached }) => {
    const sign = metricOf(result.cell).lowerIsBetter ? "≤" : "≥";
    const peer = result.peers[target.peer]?.label ?? target.peer;
    const against = result.peers[target.against]?.label ?? target.against;
    return [
      result.cell.title,
      `${peer} ÷ ${against}`,
      `**${number(measured.median)}**`,
      `${number(measured.min)} – ${number(measured.max)}`,
      `${sign} ${target.bound}`,
      reached ? "yes" : "no",
    ];
  });
  return table(["work", "ratio of", "median", "spread", "target", "reached"], rows);
}

/** What the ratios in a cell's table are taken against. */
function reference(result: CellResult): string | undefined {
  const measured = measuredPeers(result);
  return ["ws", "baseline", "ours"].find((name) => measured.includes(name));
}

function cellTable(result: CellResult): string {
  const metric = metricOf(result.cell);
  const idle = result.cell.kind === "idle";
  const against = reference(result);
  const rows = measuredPeers(result).map((name) => {
    const samples = samplesOf(result, name);
    const own = figures(result, name);
    const { median, min, max } = spread(own);
    const middle = (of: (sample: (typeof samples)[number]) => number): string =>
      number(spread(samples.map(of)).median);
    const toReference = against === undefined ? Number.NaN : ratio(own, figures(result, against)).median;
    const details = idle
      ? [middle((sample) => sample.serverLiveEach), middle((sample) => sample.clientLiveEach)]
      : [middle((sample) => sample.serverCpu), middle((sample) => sample.clientCpu)];
    return [
      result.peers[name]?.label ?? name,
      number(median),
      `${number(min)} – ${number(max)}`,
      `${number(toReference)} ×`,
      ...details,
      middle((sample) => sample.serverRss / MEBIBYTE),
      middle((sample) => sample.clientRss / MEBIBYTE),
    ];
  });
  const details = idle
    ? ["server, live objects, bytes each", "client, live objects, bytes each"]
    : ["server CPU, µs each", "client CPU, µs each"];
  const head = [
    result.cell.title,
    metric.unit,
    "spread",
    `to ${against ?? "-"}`,
    ...details,
    "server, MiB",
    "client, MiB",
  ];
  return table(head, rows);
}

export function markdown(results: Results, charts: readonly { file: string; alt: string }[]): string {
  const environment = Object.entries(results.environment).map(([name, value]) => `${name} ${value}`);
  return [
    "# Results",
    "Made by `npm run bench`; see [how it is measured](README.md).",
    `${results.rounds} rounds of ${results.durationMs} ms for each figure; ${environment.join(", ")}. A ratio is ` +
      "the median of the rounds' own ratios, its spread the least and the greatest of them.",
    ...charts.map(({ file, alt }) => `![${alt}](${file})`),
    "## Targets",
    targetTable(results),
    "## Figures",
    ...results.cells.map(cellTable),
    "",
  ].join("\n\n");
}
