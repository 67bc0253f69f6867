import type { PingError } from "../asking/ping-error.js";
import type { PingData } from "../protocol/data.js";
import type { Pong } from "../protocol/mixins.js";
import type { Statistics } from "./statistics.js";
import { clean, json, width } from "./text.js";

/** Sets parts of a text off, e.g. by colours. */
export interface Style {
  strong(text: string): string;
  faint(text: string): string;
  bad(text: string): string;
}

const sgr =
  (on: number, off: number) =>
  (text: string): string =>
    `\x1b[${on}m${text}\x1b[${off}m`;
const same = (text: string): string => text;

/** Makes a style of a terminal's colours, or one that leaves all text as it is. */
export function style(colours: boolean): Style {
  return colours
    ? { strong: sgr(1, 22), faint: sgr(2, 22), bad: sgr(31, 39) }
    : { strong: same, faint: same, bad: same };
}

/** Keys that servers use for the same thing. The first that an answer has counts. */
const USERS = ["usercount", "players", "users", "online"];
const MAXIMUM = ["maxusers", "maxplayers", "max"];
const MESSAGE = ["motd", "description"];
/** Keys of an answer that the application has not put there. */
const OWN = ["oldmsg", "peng3dnet", "recvtime", "delay"];
/** How many keys are shown at most. */
const MAX_KEYS = 40;
/** How many characters of a key are shown at most. */
const MAX_KEY_LENGTH = 24;

/** Formats seconds as milliseconds with three digits or more. */
export function milliseconds(seconds: number): string {
  const value = seconds * 1000;
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function percent(part: number): string {
  return `${Number((part * 100).toFixed(1))} %`;
}

/** Version of the server's library, as the server says. */
export function versionOf({ peng3dnet }: PingData): string {
  const version: unknown = (peng3dnet as PingData | null | undefined)?.version;
  return typeof version === "string" ? clean(version, 20) : "?";
}

/** Whether the server says that it lets nobody in, while those who are there may stay. */
export function isDraining({ peng3dnet }: PingData): boolean {
  return (peng3dnet as PingData | null | undefined)?.draining === true;
}

const isCount = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

function find(data: PingData, keys: readonly string[]): string | undefined {
  return keys.find((key) => isCount(data[key]));
}

/** The number of users and their maximum, as `3/32` or `3`; `undefined` if the server does not tell. */
export function usersOf(data: PingData): string | undefined {
  const users = find(data, USERS);
  if (users === undefined) return undefined;
  const maximum = find(data, MAXIMUM);
  return maximum === undefined ? `${data[users]}` : `${data[users]}/${data[maximum]}`;
}

/** The server's message, if it has one. */
export function messageOf(data: PingData): string | undefined {
  const key = MESSAGE.find((name) => typeof data[name] === "string");
  return key === undefined ? undefined : clean(data[key] as string);
}

/** Whether a value has no parts, so that it fits into a list of several. */
const isPlain = (value: unknown): boolean =>
  typeof value !== "object" || value === null || value instanceof Date;

function valueText(value: unknown): string {
  return plainText(value) || "-";
}

function plainText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return clean(value);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value) && value.every(isPlain)) {
    return clean(value.map(valueText).join(", "));
  }
  return clean(json(value));
}

/** A line for each key of the server's data, messages first. Keys that the answer's own line shows are left out. */
export function dataLines(data: PingData): string[] {
  const shown = [...OWN];
  const users = find(data, USERS);
  if (users !== undefined) shown.push(users, find(data, MAXIMUM) ?? users);
  const order = (key: string): number => (MESSAGE.includes(key) ? 0 : 1);
  const keys = Object.keys(data)
    .filter((key) => !shown.includes(key))
    .sort((a, b) => order(a) - order(b));
  const rows = keys
    .slice(0, MAX_KEYS)
    .map((key): [string, string] => [clean(key, MAX_KEY_LENGTH), valueText(data[key])]);
  const column = Math.max(...rows.map(([key]) => width(key)));
  const lines = rows.map(([key, value]) => `    ${key}${" ".repeat(column - width(key))}  ${value}`);
  if (keys.length > MAX_KEYS) lines.push(`    … and ${keys.length - MAX_KEYS} more`);
  return lines;
}

/** The line that shows an answer. */
export function answerLine(target: string, seq: number, pong: Pong, { strong, faint }: Style): string {
  const users = usersOf(pong);
  const version = faint(`peng3dnet ${versionOf(pong)}`);
  const parts = [`${target}: seq=${seq}`, strong(`time=${milliseconds(pong.delay)} ms`), version];
  if (users !== undefined) parts.push(`users ${users}`);
  if (isDraining(pong)) parts.push("draining");
  return parts.join("  ");
}

/** The line that shows a failure. */
export function failureLine(
  target: string,
  seq: number,
  { failure, message }: PingError,
  { bad }: Style,
): string {
  return `${target}: seq=${seq}  ${bad(failure)}: ${clean(message)}`;
}

/** The lines at the end, which sum up one target. */
export function summaryLines(target: string, statistics: Statistics, { strong }: Style): string[] {
  const { sent, received, loss, min, avg, max, stddev } = statistics;
  const lines = [strong(`--- ${target} ---`), `${sent} sent, ${received} answered, ${percent(loss)} lost`];
  if (received > 0) {
    const values = [min, avg, max, stddev].map(milliseconds).join("/");
    lines.push(`delay min/avg/max/stddev = ${values} ms`);
  }
  return lines;
}

const BARS = "▁▂▃▄▅▆▇█";
const NO_ANSWER = "×";

/** A chart with a bar for each delay, scaled to the longest. A cross stands for a ping without an answer. */
export function barChart(delays: readonly (number | undefined)[], { bad }: Style): string {
  const longest = Math.max(...delays.map((delay) => delay ?? 0));
  return delays
    .map((delay) => {
      if (delay === undefined) return bad(NO_ANSWER);
      const step = longest > 0 ? Math.ceil((delay / longest) * BARS.length) - 1 : 0;
      return BARS[Math.max(0, step)];
    })
    .join("");
}
