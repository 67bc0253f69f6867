/** Tells from processor profiles where the time goes. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
}

/** What `--cpu-prof` writes, as far as needed. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Part of the time that the process was at work, from 0 to 1. */
export interface Share {
  readonly name: string;
  readonly share: number;
}

const IDLE = "(idle)";
const OURS = /\/packages\/([\w-]+)\/dist\//;
const INSTALLED = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** Whose code a function is. */
function owner({ functionName, url }: ProfileNode["callFrame"]): string {
  if (url === "") {
    if (functionName === "(program)") return "engine and kernel, outside JavaScript";
    if (functionName === "(garbage collector)") return "garbage collector";
    return "functions of the engine and of Node's core";
  }
  if (url.startsWith("node:")) return "Node's JavaScript";
  const [, ours] = OURS.exec(url) ?? [];
  if (ours !== undefined) return `@peng3dnet/${ours}`;
  const [, installed] = INSTALLED.exec(url) ?? [];
  return installed ?? "the benchmark";
}

function label({ functionName, url }: ProfileNode["callFrame"]): string {
  const file = url.split("/").at(-1) ?? "";
  return `${functionName === "" ? "(anonymous)" : functionName}${file === "" ? "" : `, ${file}`}`;
}

/** Shares of the time at work by what `name` makes of a function, greatest first. */
function shares(
  { nodes, samples, timeDeltas }: CpuProfile,
  name: (frame: ProfileNode["callFrame"]) => string,
): Share[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, name(callFrame)]));
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === IDLE).map(({ id }) => id));
  const spent = new Map<string, number>();
  let total = 0;
  samples.forEach((id, index) => {
    if (idle.has(id)) return;
    const time = timeDeltas[index] ?? 0;
    const key = names.get(id) ?? "";
    total += time;
    spent.set(key, (spent.get(key) ?? 0) + time);
  });
  return [...spent]
    .map(([key, time]) => ({ name: key, share: time / total }))
    .sort((a, b) => b.share - a.share);
}

export function sharesByOwner(profile: CpuProfile): Share[] {
  return shares(profile, owner);
}

export function sharesByFunction(profile: CpuProfile): Share[] {
  return shares(profile, label);
}

const FUNCTIONS = 12;
const LEAST = 0.005;

function row({ name, share }: Share): string {
  return `| ${name} | ${(100 * share).toFixed(1)} % |`;
}

/** All profiles of a folder as Markdown. */
export async function profileMarkdown(folder: string): Promise<string> {
  const parts: string[] = [];
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".cpuprofile")).sort()) {
    const profile = JSON.parse(await readFile(join(folder, file), "utf8")) as CpuProfile;
    parts.push(
      `## ${file.replace(".cpuprofile", "")}`,
      ["| whose code | of the time at work |", "| --- | ---: |"]
        .concat(
          sharesByOwner(profile)
            .filter(({ share }) => share > LEAST)
            .map(row),
        )
        .join("\n"),
      ["| function | of the time at work |", "| --- | ---: |"]
        .concat(sharesByFunction(profile).slice(0, FUNCTIONS).map(row))
        .join("\n"),
    );
  }
  return `${parts.join("\n\n")}\n`;
}
