// Builds the documentation site into site/out: the guides of docs/, and the reference from the sources.
//
//   node site/build.mjs
//
// Pages are copied to site/.pages on the way, with a title and a group for the navigation. What TypeDoc warns of is an
// error: a link that leads nowhere, a public symbol that refers to one that is not exported.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, Converter, OptionDefaults, ReflectionKind } from "typedoc";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = join(root, "site", ".pages");
const out = join(root, "site", "out");

const MODULES = {
  "packages/peer/src/index.ts": "@peng3dnet/peer",
  "packages/peer/src/testing.ts": "@peng3dnet/peer/testing",
  "packages/peer/src/transport.ts": "@peng3dnet/peer/transport",
  "packages/core/src/index.ts": "@peng3dnet/core",
  "packages/core/src/testing.ts": "@peng3dnet/core/testing",
  "packages/browser/src/index.ts": "@peng3dnet/browser",
  "packages/websocket/src/index.ts": "@peng3dnet/websocket",
  "packages/ping/src/index.ts": "@peng3dnet/ping",
  "packages/ping/src/peer.ts": "@peng3dnet/ping/peer",
  "packages/peng3d-events/src/index.ts": "@peng3dnet/peng3d-events",
  "packages/protocol/src/index.ts": "@peng3dnet/protocol",
};

/** The pages that docs/README.md lists, in its order, with the heading above each. */
function listedPages() {
  const listed = [];
  let group = "Guides";
  for (const line of readFileSync(join(root, "docs", "README.md"), "utf8").split("\n")) {
    group = /^## (.+)/.exec(line)?.[1] ?? group;
    const file = /^\| \[[^\]]+\]\(([\w-]+\.md)\)/.exec(line)?.[1];
    if (file !== undefined) listed.push({ file, group });
  }
  const missing = readdirSync(join(root, "docs")).filter(
    (file) => file.endsWith(".md") && file !== "README.md" && !listed.some((page) => page.file === file),
  );
  if (missing.length > 0) throw new Error(`docs/README.md does not list ${missing.join(", ")}`);
  return listed;
}

/** What a page of the repository becomes on the site. */
function adapt(text) {
  return (
    text
      .replace(/^(\s*```)ts [\w -]+$/gm, "$1ts")
      // Packages are modules of the reference; other files of the repository are not part of the site.
      .replace(/\[([^\]]+)\]\((?:\.\.\/)*packages\/([\w-]+)(?:\/README\.md)?\)/g, (_all, label, name) => {
        const shown = label.replaceAll("`", "");
        return `{@link @peng3dnet/${name}! | ${shown}}`;
      })
      .replace(/\]\(docs\/README\.md\)/g, "](start.md)")
      .replace(/\]\(docs\//g, "](")
      .replace(/\[([^\]]+)\]\((?:\.\.\/|packages\/|examples\/|performance\/|[A-Z]+\.md)[^)]*\)/g, "$1")
  );
}

function preparePages() {
  rmSync(pages, { recursive: true, force: true });
  mkdirSync(pages, { recursive: true });
  const images = join(root, "docs", "images");
  if (existsSync(images)) cpSync(images, join(pages, "images"), { recursive: true });
  const listed = listedPages();
  for (const { file, group } of listed) {
    const text = readFileSync(join(root, "docs", file), "utf8");
    const title = /^# (.+)/.exec(text)[1];
    const front = `---\ntitle: ${JSON.stringify(title)}\ngroup: ${group}\n---\n`;
    writeFileSync(join(pages, file), front + adapt(text));
  }
  const readme = readFileSync(join(root, "README.md"), "utf8");
  writeFileSync(join(pages, "README.md"), adapt(readme).replace(/^# .+\n/, ""));
  return listed.map(({ file }) => join(pages, file));
}

const app = await Application.bootstrap({
  name: "peng3dnet for TypeScript",
  entryPoints: Object.keys(MODULES).map((file) => join(root, file)),
  tsconfig: join(root, "site", "tsconfig.json"),
  readme: join(pages, "README.md"),
  projectDocuments: preparePages(),
  out,
  router: "structure",
  customCss: join(root, "site", "style.css"),
  disableSources: true,
  disableGit: true,
  includeVersion: false,
  excludeInternal: true,
  // What a symbol is called in the Python library.
  blockTags: [...OptionDefaults.blockTags, "@reference"],
  excludePrivate: true,
  excludeExternals: true,
  searchInDocuments: true,
  searchInComments: true,
  sort: ["kind", "alphabetical"],
  sortEntryPoints: false,
  groupOrder: ["Guides", "Reference", "Modules", "*"],
  navigation: { includeGroups: true, includeFolders: false },
  headings: { readme: true, document: false },
  highlightLanguages: ["typescript", "javascript", "json", "bash", "shell", "python", "lua", "text"],
  treatWarningsAsErrors: true,
  logLevel: "Warn",
});
// A module is named as it is imported, and a parameter that a default does not use as in an override.
app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
  if (reflection.kind !== ReflectionKind.Module) return;
  const file = Object.keys(MODULES).find(
    (path) => path.replace("packages/", "").replace(/(\/index)?\.ts$/, "") === reflection.name,
  );
  if (file === undefined) throw new Error(`no name for the module ${reflection.name}`);
  reflection.name = MODULES[file];
});
app.converter.on(Converter.EVENT_CREATE_PARAMETER, (_context, reflection) => {
  reflection.name = reflection.name.replace(/^_(?=[a-z])/, "");
});
app.converter.on(Converter.EVENT_CREATE_SIGNATURE, (_context, reflection) => {
  for (const tag of reflection.comment?.blockTags ?? []) tag.name = tag.name?.replace(/^_(?=[a-z])/, "");
});

const project = await app.convert();
if (project === undefined) process.exit(1);
await app.generateDocs(project, out);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
process.stdout.write(`${join("site", "out", "index.html")}\n`);
