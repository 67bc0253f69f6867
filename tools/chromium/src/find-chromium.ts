import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** What to do on a machine without it, as the end of a sentence. */
export const HOW_TO_GET_CHROMIUM =
  "install Chromium (Debian: apt-get install chromium), or set PENG3DNET_CHROMIUM to the path of one";

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * The path of a Chromium: the one that `PENG3DNET_CHROMIUM` names, or the first one in `PATH`.
 *
 * @returns `undefined` if there is none.
 * @throws {Error} if `PENG3DNET_CHROMIUM` names something else: tests would be left out without notice.
 */
export function findChromium(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const { PENG3DNET_CHROMIUM: named, PATH: path } = env;
  if (named !== undefined && named !== "") {
    if (isProgram(named)) return named;
    throw new Error(`PENG3DNET_CHROMIUM is ${named}, which is no program that can be run`);
  }
  const folders = (path ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isProgram);
}
