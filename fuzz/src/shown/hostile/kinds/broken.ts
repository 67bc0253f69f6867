// Servers that are broken, to see that it is seen. They are not among the kinds that are run.

import { ENTER, flood } from "../attacker.js";
import { packet } from "../bodies.js";
import type { AppName, Kind } from "../kind.js";
import { IN } from "../packets.js";

const broken = (app: AppName, title: string): Kind => ({
  name: `broken-${app}`,
  title,
  connections: 1,
  victim: { app },
  prepare: () => (attacker) => flood(attacker, { first: ENTER, chunk: packet(IN.id, 1), every: 300 }),
});

export const BROKEN: readonly Kind[] = [
  broken("block", "a handler that blocks"),
  broken("hoard", "a handler that allocates 64 MiB and keeps them"),
  broken("exit", "a handler that ends the process"),
];
