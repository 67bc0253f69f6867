import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..");
const manifest = (folder: string) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));

const published = ["protocol", "core", "ping", "peng3d-events"];

describe("the published packages", () => {
  test.each(published)("%s is ESM, MIT, for Node 20.19 and up, without tests in the tarball", (name) => {
    expect(manifest(`packages/${name}`)).toMatchObject({
      name: `@peng3dnet/${name}`,
      version: manifest("packages/protocol").version,
      license: "MIT",
      type: "module",
      sideEffects: false,
      engines: { node: ">=20.19" },
      files: expect.arrayContaining(["dist", "src", "!src/**/*.test.ts"]),
    });
  });

  test.each(published)("%s says which TypeScript it needs: the oldest one that is tested", (name) => {
    const tested = Object.keys(manifest(".").devDependencies)
      .filter((dependency) => dependency.startsWith("typescript-"))
      .map((dependency) => Number(dependency.slice("typescript-".length)));
    const readme = readFileSync(join(root, "packages", name, "README.md"), "utf8");
    expect(readme).toContain(`TypeScript ${Math.min(...tested)} and later`);
  });

  test("depend on msgpack and on each other only, in one direction", () => {
    const dependencies = published.map((name) => [
      name,
      Object.keys(manifest(`packages/${name}`).dependencies),
    ]);
    expect(Object.fromEntries(dependencies)).toEqual({
      protocol: ["@msgpack/msgpack"],
      core: ["@peng3dnet/protocol"],
      ping: ["@peng3dnet/core"],
      "peng3d-events": ["@peng3dnet/core"],
    });
  });
});
