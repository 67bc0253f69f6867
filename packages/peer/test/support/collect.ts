// What the engine has let go of.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Has the engine free what nobody holds any more. */
export async function collect(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
}
