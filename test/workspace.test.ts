import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..");
const json = (file: string) => JSON.parse(readFileSync(join(root, file), "utf8"));
const manifest = (folder: string) => json(join(folder, "package.json"));

const published = [
  "protocol",
  "peer",
  "core",
  "browser",
  "websocket",
  "telemetry",
  "cluster",
  "ping",
  "peng3d-events",
];

/** The paths of the files below a folder of the repository, with "/" on each platform. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/node_modules|[\\/]dist\b/.test(entry.parentPath))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll("\\", "/"),
    );
}

describe("the published packages", () => {
  test.each(published)("%s is ESM, MIT, for Node 20.19 and up", (name) => {
    expect(manifest(`packages/${name}`)).toMatchObject({
      name: `@peng3dnet/${name}`,
      version: manifest("packages/protocol").version,
      license: "MIT",
      type: "module",
      // esbuild leaves out a module without side effects, also where it would start those that it passes on; core has
      // imports that are made when needed, which make it start them so.
      sideEffects: name === "core" ? ["./dist/index.js", "./dist/node/index.js"] : false,
      engines: { node: ">=20.19" },
      files: ["dist", "src"],
    });
  });

  test("and no others are published together", () => {
    expect(readdirSync(join(root, "packages")).sort()).toEqual([...published].sort());
    const [fixed] = json(".changeset/config.json").fixed;
    expect([...fixed].sort()).toEqual(published.map((name) => `@peng3dnet/${name}`).sort());
  });

  test.each(published)("%s says which TypeScript it needs: the oldest one that is tested", (name) => {
    const tested = Object.keys(manifest(".").devDependencies)
      .filter((dependency) => dependency.startsWith("typescript-"))
      .map((dependency) => Number(dependency.slice("typescript-".length)));
    const readme = readFileSync(join(root, "packages", name, "README.md"), "utf8");
    expect(readme).toContain(`TypeScript ${Math.min(...tested)} and later`);
  });

  test.each(published)("%s says that it is not on npm yet, as long as it has no changelog", (name) => {
    const files = readdirSync(join(root, "packages", name));
    const readme = readFileSync(join(root, "packages", name, "README.md"), "utf8");
    expect(/not on npm yet/i.test(readme)).toBe(!files.includes("CHANGELOG.md"));
  });

  test("depend on msgpack, fflate, ws, the client of NATS and each other only, in one direction", () => {
    const allowed: Record<string, string[]> = {
      protocol: ["@msgpack/msgpack"],
      peer: ["@peng3dnet/protocol"],
      core: ["@peng3dnet/peer"],
      browser: ["@peng3dnet/peer", "fflate"],
      // Its types name those of ws.
      websocket: ["@peng3dnet/core", "@peng3dnet/peer", "@types/ws", "ws"],
      telemetry: ["@peng3dnet/peer"],
      cluster: ["@nats-io/transport-node", "@peng3dnet/peer"],
      ping: ["@peng3dnet/browser", "@peng3dnet/core", "@peng3dnet/peer"],
      "peng3d-events": ["@peng3dnet/core", "@peng3dnet/peer"],
    };
    for (const name of published) {
      const dependencies = Object.keys(manifest(`packages/${name}`).dependencies);
      expect(dependencies.length).toBeGreaterThan(0);
      expect(allowed[name]).toEqual(expect.arrayContaining(dependencies));
    }
  });
});

describe("the workspace", () => {
  const folders = ["packages", "examples"]
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
    .concat("benchmarks", "fuzz");

  test.each(folders)("%s has its tests beside src, and its own tasks for them", (folder) => {
    const misplaced = filesBelow(`${folder}/src`).filter((file) => file.endsWith(".test.ts"));
    expect(misplaced).toEqual([]);
    const up = folder.includes("/") ? "../.." : "..";
    expect(manifest(folder).scripts).toMatchObject({
      build: `tsc -p tsconfig.json${folder.startsWith("packages/") ? " && node ../../scripts/bundle.mjs" : ""}`,
      test: `jest --config ${up}/jest.config.cjs --roots ${folder}`,
      types: "tsc -p test/tsconfig.json",
      lint: "biome check --error-on-warnings .",
    });
  });

  test("tells what a page loads as its limit does", () => {
    const limits = readFileSync(join(root, ".size-limit.mjs"), "utf8");
    const limit = /"([\d.]+) kB", \{ name: "an echo client in a browser"/.exec(limits)?.[1];
    for (const file of ["README.md", "docs/guides/browsers.md"])
      expect(readFileSync(join(root, file), "utf8")).toContain(`at most ${Math.ceil(Number(limit))} kB`);
  });

  test("is tested on the same versions of Node everywhere", () => {
    const versions: string[] = json("scripts/node-versions.json");
    const [last, ...others] = [...versions].reverse();
    const said = `Node ${others.reverse().join(", ")} and ${last}`;
    for (const file of ["CONTRIBUTING.md", "docs/reference/commands.md"])
      expect(readFileSync(join(root, file), "utf8")).toContain(said);
    for (const file of [".github/workflows/ci.yml", "scripts/test-matrix.mjs"])
      expect(readFileSync(join(root, file), "utf8")).toContain("node-versions.json");
  });

  /** What a package depends on, and what its tests say to turbo that they use besides; all the way down. */
  function known(folder: string): Set<string> {
    const names = new Set<string>([manifest(folder).name]);
    const turbo = `${folder}/turbo.json`;
    const tasks = filesBelow(folder).includes(turbo) ? json(turbo).tasks : {};
    for (const task of tasks.test?.dependsOn ?? []) if (task.includes("#")) names.add(task.split("#")[0]);
    const { dependencies, devDependencies } = manifest(folder);
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) names.add(name);
    const own = [...names].filter((name) => name.startsWith("@peng3dnet/"));
    for (const name of own) {
      const below = name.replace("@peng3dnet/", "packages/");
      if (below !== folder) for (const inner of withDependencies(below)) names.add(inner);
    }
    return names;
  }

  function withDependencies(folder: string): string[] {
    const { name, dependencies } = manifest(folder);
    const own = Object.keys(dependencies).filter((dependency) => dependency.startsWith("@peng3dnet/"));
    return [
      name,
      ...own.flatMap((dependency) => withDependencies(dependency.replace("@peng3dnet/", "packages/"))),
    ];
  }

  test.each(folders)(
    "%s: what its tests import is known to turbo, so that no stale result is kept",
    (folder) => {
      const imported = filesBelow(`${folder}/test`)
        .filter((file) => file.endsWith(".ts"))
        .flatMap((file) => {
          const text = readFileSync(join(root, file), "utf8");
          const named = [...text.matchAll(/from "(@peng3dnet\/[\w-]+)/g)].map(([, name]) => name);
          const sources = [...text.matchAll(/from "(?:\.\.\/)+([\w-]+)\/src\//g)].map(
            ([, name]) => `@peng3dnet/${name}`,
          );
          return [...named, ...sources];
        });
      const allowed = known(folder);
      expect(imported.filter((name) => !allowed.has(name as string))).toEqual([]);
    },
  );
});
