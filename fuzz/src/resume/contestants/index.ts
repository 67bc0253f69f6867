import type { Contestant } from "../contestant.js";
import { tcp, tcpWithout, tls, webSocket } from "./peng3dnet.js";
import { socketIo, socketIoRetries } from "./socket-io.js";
import { handWritten } from "./ws.js";

export const CONTESTANTS: readonly Contestant[] = [
  tcp,
  tls,
  webSocket,
  tcpWithout,
  socketIo,
  socketIoRetries,
  handWritten,
];

/** @throws if there is none of that name. */
export function contestantOf(name: string): Contestant {
  const found = CONTESTANTS.find((contestant) => contestant.name === name);
  if (found === undefined) {
    const names = CONTESTANTS.map((contestant) => contestant.name).join(", ");
    throw new Error(`no contestant ${name}; there are: ${names}`);
  }
  return found;
}
