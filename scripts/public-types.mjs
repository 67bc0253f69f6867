// Writes the public types of each package as a report that is committed, so that a change of them shows in the diff:
//
//   node scripts/public-types.mjs             rewrites packages/*/api/*.api.md
//   node scripts/public-types.mjs --check     fails where one is not what the sources say, and shows the difference
//
// The reports are api-extractor's, from the built declarations.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { manifestOf, PACKAGES, root } from "./packages.mjs";

const check = process.argv.includes("--check");
const temporary = mkdtempSync(join(tmpdir(), "peng3dnet-api-"));

/** What is imported from a package: its name of each, by the declarations. */
function entryPoints(name) {
  const entries = Object.entries(manifestOf(name).exports).filter(([, target]) => target.types !== undefined);
  return entries.map(([path, { types }]) => [path === "." ? "index" : path.slice("./".length), types]);
}

/** @returns whether the report is what it was, or has been written. */
function report(name, entry, types) {
  const projectFolder = join(root, "packages", name);
  const reportFolder = join(projectFolder, "api");
  mkdirSync(reportFolder, { recursive: true });
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder,
      mainEntryPointFilePath: join(projectFolder, types),
      compiler: { tsconfigFilePath: join(projectFolder, "tsconfig.json") },
      apiReport: {
        enabled: true,
        reportFolder,
        reportTempFolder: join(temporary, name),
        reportFileName: `${entry}.api.md`,
        // What the entry beside the main one refers to is in the main one's report.
        includeForgottenExports: entry === "index",
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
      messages: {
        // What the declarations and their comments are like is tsc's and TypeDoc's to say.
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(projectFolder, "package.json"),
  });
  const shown = `packages/${name}/api/${entry}.api.md`;
  const { apiReportChanged, errorCount } = Extractor.invoke(config, {
    localBuild: !check,
    messageCallback: (message) => {
      message.handled = message.logLevel !== ExtractorLogLevel.Error;
    },
  });
  if (errorCount > 0) throw new Error(`${shown} could not be written`);
  if (!apiReportChanged) return true;
  process.stdout.write(`${shown} ${check ? "is not what the sources say" : "written"}\n`);
  if (check) showDifference(join(reportFolder, `${entry}.api.md`), join(temporary, name, `${entry}.api.md`));
  return !check;
}

/** The lines that only one of two files has. */
function showDifference(committed, built) {
  const [before, after] = [committed, built].map((file) =>
    existsSync(file) ? readFileSync(file, "utf8").split("\n") : [],
  );
  const only = (lines, others) => lines.filter((line) => !new Set(others).has(line));
  for (const line of only(before, after)) process.stdout.write(`- ${line}\n`);
  for (const line of only(after, before)) process.stdout.write(`+ ${line}\n`);
}

try {
  const results = PACKAGES.flatMap((name) =>
    entryPoints(name).map(([entry, types]) => report(name, entry, types)),
  );
  if (results.includes(false)) {
    process.stdout.write(`If the change is meant, run "npm run api", commit, and say it in a changeset.\n`);
    process.exitCode = 1;
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
