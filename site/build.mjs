// Builds the documentation site into site/out: the guides of docs/, and the reference from the sources.
//
//   node site/build.mjs
//
// Pages are copied to site/.pages on the way, with a title and a group for the navigation. What TypeDoc warns of is an
// error: a link that leads nowhere, a public symbol that refers to one that is not exported.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import {
  Application,
  Comment,
  CommentTag,
  Converter,
  OptionDefaults,
  PageEvent,
  ReflectionKind,
} from "typedoc";
import { CATEGORY_ORDER, categoryOf } from "./categories.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = join(root, "site", ".pages");
const out = join(root, "site", "out");

const MODULES = {
  "packages/core/src/index.ts": "@peng3dnet/core",
  "packages/core/src/testing.ts": "@peng3dnet/core/testing",
  "packages/peer/src/index.ts": "@peng3dnet/peer",
  "packages/peer/src/testing.ts": "@peng3dnet/peer/testing",
  "packages/peer/src/transport.ts": "@peng3dnet/peer/transport",
  "packages/browser/src/index.ts": "@peng3dnet/browser",
  "packages/websocket/src/index.ts": "@peng3dnet/websocket",
  "packages/telemetry/src/index.ts": "@peng3dnet/telemetry",
  "packages/cluster/src/index.ts": "@peng3dnet/cluster",
  "packages/cluster/src/testing.ts": "@peng3dnet/cluster/testing",
  "packages/ping/src/index.ts": "@peng3dnet/ping",
  "packages/ping/src/peer.ts": "@peng3dnet/ping/peer",
  "packages/peng3d-events/src/index.ts": "@peng3dnet/peng3d-events",
  "packages/protocol/src/index.ts": "@peng3dnet/protocol",
};

const { repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** What a page is called on the site: all of them are in one folder. */
const nameOf = (file) =>
  file
    .replace(/^performance\/README/, "performance")
    .replace(/^(guides|reference)\//, "")
    .replaceAll("/", "-");

/** The pages that docs/README.md lists, in its order, with the heading above each: what is below "Guides" is divided. */
function listedPages() {
  const listed = [];
  let [section, group] = ["Guides", "Guides"];
  for (const line of readFileSync(join(root, "docs", "README.md"), "utf8").split("\n")) {
    const heading = /^(##|###) (.+)/.exec(line);
    if (heading) group = heading[2];
    if (heading?.[1] === "##") section = heading[2];
    const file = /^\| \[[^\]]+\]\(([\w/-]+\.md)\)/.exec(line)?.[1];
    if (file !== undefined) listed.push({ file, group, section });
  }
  const missing = readdirSync(join(root, "docs"), { recursive: true }).filter(
    (file) => file.endsWith(".md") && file !== "README.md" && !listed.some((page) => page.file === file),
  );
  if (missing.length > 0) throw new Error(`docs/README.md does not list ${missing.join(", ")}`);
  return listed;
}

/** A link of a page of the repository, as it is on the site. */
function adaptLink(whole, label, link, from) {
  if (/^([a-z]+:|#)/.test(link)) return whole;
  const [target, fragment] = link.split("#");
  const path = posix.join(posix.dirname(from), target);
  const anchor = fragment === undefined ? "" : `#${fragment}`;
  // Packages are modules of the reference.
  const name = /^packages\/([\w-]+)(\/README\.md)?$/.exec(path)?.[1];
  if (name !== undefined) return `{@link @peng3dnet/${name}! | ${label.replaceAll("`", "")}}`;
  if (path === "docs/README.md") return `[${label}](start.md)`;
  if (path.startsWith("docs/") && path.endsWith(".md"))
    return `[${label}](${nameOf(path.slice("docs/".length))}${anchor})`;
  if (/\.(svg|png|webp)$/.test(path)) return `[${label}](images/${posix.basename(path)})`;
  const kind = statSync(join(root, path)).isDirectory() ? "tree" : "blob";
  return `[${label}](${repository}/${kind}/main/${path.replace(/\/$/, "")}${anchor})`;
}

/** What a page of the repository becomes on the site; `from` is its path. */
function adapt(text, from) {
  return (
    text
      .replace(/^(\s*```)(\w+) [\w =./-]+$/gm, "$1$2")
      // The anchor of a heading leaves out what is code.
      .replace(/^#+ .*$/gm, (heading) => heading.replaceAll("`", ""))
      .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (whole, label, link) => adaptLink(whole, label, link, from))
  );
}

function preparePages(listed) {
  rmSync(pages, { recursive: true, force: true });
  mkdirSync(join(pages, "images"), { recursive: true });
  for (const folder of ["images", "performance"]) {
    const path = join(root, "docs", folder);
    for (const file of readdirSync(path).filter((name) => /\.(svg|png|webp)$/.test(name)))
      cpSync(join(path, file), join(pages, "images", file));
  }
  for (const { file, group } of listed) {
    const text = readFileSync(join(root, "docs", file), "utf8");
    const title = /^# (.+)/.exec(text)[1];
    const front = `---\ntitle: ${JSON.stringify(title)}\ngroup: ${group}\n---\n`;
    writeFileSync(join(pages, nameOf(file)), front + adapt(text, `docs/${file}`));
  }
  const readme = readFileSync(join(root, "README.md"), "utf8");
  writeFileSync(join(pages, "README.md"), adapt(readme, "README.md").replace(/^# .+\n/, ""));
  return listed.map(({ file }) => join(pages, nameOf(file)));
}

const listed = listedPages();
/** The headings below "Guides". */
const guides = [...new Set(listed.filter(({ section }) => section === "Guides").map(({ group }) => group))];

const app = await Application.bootstrap({
  name: "peng3dnet for TypeScript",
  entryPoints: Object.keys(MODULES).map((file) => join(root, file)),
  tsconfig: join(root, "site", "tsconfig.json"),
  readme: join(pages, "README.md"),
  projectDocuments: preparePages(listed),
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
  // Who searches for a subject finds its guide first, and then what programs begin with.
  searchGroupBoosts: { ...Object.fromEntries(guides.map((group) => [group, 4])), Reference: 2, Design: 0.5 },
  searchCategoryBoosts: { "Start here": 2, "Between packages": 0.3 },
  useFirstParagraphOfCommentAsSummary: true,
  sort: ["kind", "alphabetical"],
  sortEntryPoints: false,
  groupOrder: [...guides, "Reference", "Design", "Modules", "*"],
  categorizeByGroup: false,
  categoryOrder: CATEGORY_ORDER,
  navigation: { includeGroups: true, includeCategories: true, includeFolders: false },
  headings: { readme: true, document: false },
  // Names such as Socket.IO are no addresses.
  markdownItOptions: { html: true, linkify: false },
  highlightLanguages: [
    "typescript",
    "javascript",
    "json",
    "html",
    "ini",
    "nginx",
    "dockerfile",
    "bash",
    "shell",
    "python",
    "lua",
    "text",
  ],
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

/** Puts a symbol below a heading. */
function categorize(reflection, category) {
  for (const commented of [reflection, ...(reflection.signatures ?? [])]) {
    commented.comment ??= new Comment();
    commented.comment.blockTags.push(new CommentTag("@category", [{ kind: "text", text: category }]));
  }
}
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project: symbols }) => {
  const declared = symbols
    .getReflectionsByKind(ReflectionKind.Module)
    .flatMap(({ children }) => children ?? []);
  // What is named by a symbol is for the other packages.
  for (const member of symbols.getReflectionsByKind(
    ReflectionKind.ClassOrInterface | ReflectionKind.ClassMember,
  ))
    if (/^\[[A-Z_]+\]$/.test(member.name)) symbols.removeReflection(member);
  const categories = declared.map((reflection) => {
    const target = reflection.isReference() ? reflection.getTargetReflectionDeep() : reflection;
    const { packageName = "", packagePath = "" } = symbols.getSymbolIdFromReflection(target) ?? {};
    return [reflection, target.name, `${packageName.replace("@peng3dnet/", "")}/${packagePath}`];
  });
  for (const reflection of declared.filter((one) => one.isReference())) summarize(reflection);
  for (const [reflection, name, file] of categories) categorize(reflection, categoryOf(name, file));
});

/** Says of a name that a package passes on what it is, as the package says that it comes from. */
function summarize(reference) {
  const target = reference.getTargetReflectionDeep();
  const comment = target.comment ?? target.signatures?.[0]?.comment;
  if (comment !== undefined)
    reference.comment = new Comment(Comment.cloneDisplayParts(comment.getShortSummary(true)));
}
// Such a name is a link, and does not stand there twice.
app.renderer.on(PageEvent.END, (page) => {
  page.contents = page.contents?.replace(/<span>(\w+)<\/span><span>\s→\s<\/span>(<a [^>]*>\1<\/a>)/g, "$2");
});

const project = await app.convert();
if (project === undefined) process.exit(1);
await app.generateDocs(project, out);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
process.stdout.write(`${join("site", "out", "index.html")}\n`);
