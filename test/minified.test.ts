// What a bundler with a minifier makes of the packages keeps the names that programs match on.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as events from "@peng3dnet/peng3d-events";
import * as ping from "@peng3dnet/ping";
import { buildSync } from "esbuild";

const root = join(__dirname, "..");

const folder = mkdtempSync(join(tmpdir(), "peng3dnet-minified-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The exports of a program, bundled and minified with the built packages, which `npm test` builds first. */
function minified(name: string, contents = `export * from "@peng3dnet/${name}";`): Record<string, unknown> {
  const outfile = join(folder, `${name}.cjs`);
  buildSync({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    outfile,
    platform: "node",
    format: "cjs",
    logLevel: "error",
  });
  return jest.requireActual(outfile);
}

const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
  InvalidPayloadError: ["name", []],
  PingError: ["refused", "message"],
};

test.each([
  ["ping", ping],
  ["peng3d-events", events],
])("errors of %s keep their names", (name, sources) => {
  const bundle = minified(name);
  const errors = Object.keys(sources).filter((key) => key.endsWith("Error"));
  expect(errors.length).toBeGreaterThan(0);
  const abstract = ["Peng3dnetError", "UsageError", "ProtocolError", "EnvironmentError", "ClosedError"];
  for (const key of errors.filter((candidate) => !abstract.includes(candidate))) {
    const type = bundle[key] as new (...args: unknown[]) => Error;
    expect(new type(...(ARGUMENTS[key] ?? ["message", "message"])).name).toBe(key);
  }
});

test.each(["core", "peer"])("errors of %s and of protocol keep their names", (name) => {
  const bundle = minified(name);
  const errors = Object.keys(bundle).filter((key) => /^(?!Peng3dnet)[A-Z].*Error$/.test(key));
  const abstract = ["UsageError", "ProtocolError", "EnvironmentError", "ClosedError"];
  expect(errors.length).toBeGreaterThan(40);
  for (const key of errors.filter((candidate) => !abstract.includes(candidate))) {
    const type = bundle[key] as new (...args: unknown[]) => Error;
    expect(new type(...(ARGUMENTS[key] ?? ["message", "message"])).name).toBe(key);
  }
});

test.each(["protocol", "peer", "core"])(
  "a program can extend an error of %s and use nothing else of it",
  (name) => {
    const bundle = minified(
      `extends-${name}`,
      `import { UsageError } from "@peng3dnet/${name}";
     export class OwnError extends UsageError { name = "OwnError"; code = "own"; }`,
    );
    const type = bundle.OwnError as new (message: string) => Error;
    expect(new type("message")).toMatchObject({ name: "OwnError", message: "message" });
  },
);
