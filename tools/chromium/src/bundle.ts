import { build } from "esbuild";

/**
 * Bundles a program for a page and for a worker, from the sources of this workspace as they are now.
 *
 * @param entry - path of the program.
 * @param root - path of the repository.
 * @param replaced - files of the repository that stand in for others, e.g. for one that needs Node; path by path from the
 * root.
 */
export async function bundle(
  entry: string,
  root: string,
  replaced: Readonly<Record<string, string>>,
): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    keepNames: true,
    tsconfig: `${root}/tsconfig.test.json`,
    write: false,
    logLevel: "silent",
    plugins: [
      {
        name: "replaced",
        setup(hooks) {
          for (const [from, to] of Object.entries(replaced)) {
            const path = `${root}/${from}`;
            const filter = new RegExp(`${path.replaceAll(/[^\w/]/g, "\\$&")}$`);
            hooks.onLoad({ filter }, () => ({
              contents: `export * from ${JSON.stringify(`${root}/${to}`)};`,
              resolveDir: root,
            }));
          }
        },
      },
    ],
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return output.text;
}
