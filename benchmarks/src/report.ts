/** Writes the results: JSON, Markdown and pictures. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BarGroup, barChart } from "./chart.js";
import { markdown } from "./report-markdown.js";
import { type CellResult, figures, measuredPeers, metricOf, type Results, samplesOf } from "./results.js";
import { median } from "./statistics.js";

function isOurs(peer: string): boolean {
  return peer.startsWith("ours");
}

function rateText(value: number, unit: string): string {
  return `${Math.round(value).toLocaleString("en-US")} ${unit}`;
}

/** The cell's figure for each peer. */
function figureGroup(result: CellResult): BarGroup {
  const { unit } = metricOf(result.cell);
  const toWs = median(figures(result, "ws"));
  return {
    title: result.cell.title,
    bars: measuredPeers(result).map((name) => {
      const label = result.peers[name]?.label ?? name;
      const value = median(figures(result, name));
      const times = Number.isNaN(toWs) ? "" : ` (${(value / toWs).toFixed(1)} × ws)`;
      return { label, value, text: rateText(value, unit) + times, accent: isOurs(name) };
    }),
  };
}

/** Processor time on both sides for one message, one bar for each cell: a flat picture is a linear cost. */
function costGroup(title: string, cells: readonly CellResult[], peer: string): BarGroup {
  return {
    title,
    bars: cells.flatMap((result) => {
      const samples = samplesOf(result, peer);
      if (samples.length === 0) {
        return [];
      }
      const value = median(samples.map(({ serverCpu, clientCpu }) => serverCpu + clientCpu));
      const label = result.cell.id.replace("-", ": ");
      return [{ label, value, text: `${value.toFixed(2)} µs of CPU per message`, accent: isOurs(peer) }];
    }),
  };
}

const THROUGHPUT = /^(small|state|large|broadcast)-/;

function throughputChart({ cells }: Results): string {
  const shown = cells.filter(({ cell }) => THROUGHPUT.test(cell.id));
  return barChart("Side by side (longer is better)", shown.map(figureGroup));
}

function scalingChart({ cells }: Results): string {
  const connections = cells.filter(({ cell }) => cell.id.startsWith("connections-"));
  const registered = cells.filter(({ cell }) => cell.id.startsWith("registered-"));
  const groups = ["ours", "baseline", "ws"].map((peer) =>
    costGroup(`${peer}: connections that share the load`, connections, peer),
  );
  groups.push(costGroup("ours: registered packet types", registered, "ours"));
  return barChart(
    "What a message costs as numbers grow (shorter is better)",
    groups.filter(({ bars }) => bars.length > 0),
  );
}

/** Writes `results.json`, `results.md`, `results.svg` and `scaling.svg` into a folder. */
export async function writeReport(results: Results, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const charts = [
    { file: "results.svg", alt: "Rates of all peers side by side", svg: throughputChart(results) },
    {
      file: "scaling.svg",
      alt: "Cost of a message by number of connections and packets",
      svg: scalingChart(results),
    },
  ].filter(({ svg }) => svg.includes("<rect"));
  for (const { file, svg } of charts) {
    await writeFile(join(folder, file), svg);
  }
  await writeFile(join(folder, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(join(folder, "results.md"), markdown(results, charts));
}
