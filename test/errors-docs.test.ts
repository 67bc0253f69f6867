// docs/reference/errors.md lists every error class and every close reason.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as browser from "@peng3dnet/browser";
import * as cluster from "@peng3dnet/cluster";
import * as core from "@peng3dnet/core";
import * as events from "@peng3dnet/peng3d-events";
import * as ping from "@peng3dnet/ping";
import { codeSpans, root, tableRows } from "./support/markdown.js";

type ErrorClass = new (...args: unknown[]) => core.Peng3dnetError;

const families = new Map<string, unknown>([
  // First, since for one version it is a usage error, too.
  ["closed", core.ClosedError],
  ["usage", core.UsageError],
  ["protocol", core.ProtocolError],
  ["environment", core.EnvironmentError],
]);

const bases = new Set<unknown>([core.Peng3dnetError, ...families.values()]);

const exported: Readonly<Record<string, unknown>> = { ...core, ...browser, ...cluster, ...ping, ...events };

const classes = Object.entries(exported).filter(
  (entry): entry is [string, ErrorClass] =>
    typeof entry[1] === "function" &&
    entry[1].prototype instanceof core.Peng3dnetError &&
    !bases.has(entry[1]),
);

function describeClass([name, type]: [string, ErrorClass]) {
  // The arguments fit every constructor: messages, lists and numbers are not looked at. This one has the reason it is given.
  const error = name === "ResumeError" ? new type("in", "resumeexpired") : new type("in", [], []);
  const family = [...families].find(([, base]) => error instanceof (base as ErrorClass))?.[0] ?? "either";
  const parent = Object.getPrototypeOf(type) as ErrorClass;
  // The code of this one is whatever its thrower chose.
  const code = name === "RequestError" ? undefined : error.code;
  return { name, parent: parent.name, code, family, reason: error.closeReason };
}

const rows = tableRows("docs/reference/errors.md");
const errorRows = rows.filter(({ section }) => section === "Errors").map(({ cells }) => cells);
const reasons = rows
  .filter(({ section }) => section === "Close reasons")
  .map(({ cells }) => codeSpans(cells.Reason ?? "")[0] ?? "");

function sources(): string {
  return ["protocol", "peer", "core", "browser", "ping"]
    .map((name) => join(root, "packages", name, "src"))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")),
    )
    .join("\n");
}

test("each error class has a row that says what it is", () => {
  const documented = errorRows.map((row) => ({
    name: codeSpans(row.Error ?? "")[0],
    parent: codeSpans(row.Extends ?? "")[0],
    code: codeSpans(row.Code ?? "")[0],
    family: row.Family,
    reason: codeSpans(row["Close reason"] ?? "")[0],
  }));
  const byName = (a: { name: string | undefined }, b: { name: string | undefined }) =>
    (a.name ?? "").localeCompare(b.name ?? "");
  expect(documented.sort(byName)).toEqual(classes.map(describeClass).sort(byName));
});

test("a code belongs to one class, and to subclasses that only say more", () => {
  const all = classes.map(describeClass);
  const parents = new Map(all.map(({ name, code }) => [name, code]));
  const own = all.filter(({ parent, code }) => parents.get(parent) !== code);
  expect(new Set(own.map(({ code }) => code)).size).toBe(own.length);
});

test("each row says when it happens and what to do", () => {
  for (const row of errorRows) {
    expect(row.When).toMatch(/\w/);
    expect(row["What to do"]).toMatch(/\w/);
  }
});

test("each close reason has a row, and each row a place in the sources", () => {
  const given = new Set(classes.map((entry) => describeClass(entry).reason).filter((reason) => reason));
  expect(new Set(reasons).size).toBe(reasons.length);
  expect(reasons).toEqual(expect.arrayContaining([...given, ...core.CLOSE_REASONS]));
  expect([...core.CLOSE_REASONS]).toEqual(expect.arrayContaining([...given]));
  const text = sources();
  const missing = reasons.filter((reason) => reason !== "null" && !text.includes(`"${reason}"`));
  expect(missing).toEqual([]);
});
