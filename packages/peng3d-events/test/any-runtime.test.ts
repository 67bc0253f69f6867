// The package needs peer alone, and nothing of Node: bundled for browsers, without a shim, it runs where only a console is.

import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";

const PROGRAM = `
  import { HeadlessPeng } from "@peng3dnet/peng3d-events";
  const bus = new HeadlessPeng();
  bus.addEventListener("test:event", (_event, data) => heard.push(data));
  bus.addEventListener("test:event", () => { throw new Error("listener failed"); });
  bus.sendEvent("test:event", 1);
  bus.sendEvent("test:event", 2);
`;

test("a bundle for browsers delivers events, and warns on the console of a listener that fails", async () => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: PROGRAM, resolveDir: __dirname },
    bundle: true,
    format: "iife",
    platform: "browser",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const packages = new Set(
    Object.keys(metafile.inputs).map((path) => /packages\/([^/]+)\//.exec(path)?.[1] ?? "other"),
  );
  expect(packages).not.toContain("core");
  const heard: number[] = [];
  const warnings: string[] = [];
  const console = { warn: (line: string) => warnings.push(line) };
  runInContext(outputFiles[0]?.text ?? "", createContext({ console, heard, TextEncoder, TextDecoder }));
  expect(heard).toEqual([1, 2]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('a listener for "test:event" failed and was removed: Error: listener failed');
});
