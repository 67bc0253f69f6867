import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where Debian has it, which is not in everybody's PATH. */
const ALSO = ["/usr/sbin", "/usr/local/sbin"];

/** What to do on a machine without it, as the end of a sentence. */
export const HOW_TO_GET_NATS_SERVER =
  "install nats-server (Debian: apt-get install nats-server), or set PENG3DNET_NATS_SERVER to the path of one";

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * The path of a nats-server: the one that `PENG3DNET_NATS_SERVER` names, or the first one in `PATH`, `/usr/sbin` and
 * `/usr/local/sbin`.
 *
 * @returns `undefined` if there is none.
 * @throws {Error} if `PENG3DNET_NATS_SERVER` names something else: tests would be left out without notice.
 */
export function findNatsServer(
  env: Readonly<Record<string, string | undefined>> = process.env,
  also: readonly string[] = ALSO,
): string | undefined {
  const { PENG3DNET_NATS_SERVER: named, PATH: path } = env;
  if (named !== undefined && named !== "") {
    if (isProgram(named)) return named;
    throw new Error(`PENG3DNET_NATS_SERVER is ${named}, which is no program that can be run`);
  }
  const folders = (path ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...folders, ...also].map((folder) => join(folder, "nats-server")).find(isProgram);
}
