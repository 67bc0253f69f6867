// The attacker of one kind, in a process of its own: its work must not count as the server's.

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setPriority } from "node:os";
import { answer } from "../../ipc.js";
import { Attacker } from "./attacker.js";
import { kindOf } from "./kinds.js";

/** What an attack has done. */
export interface Attacked {
  readonly bytes: number;
  readonly shortfall: string | null;
}

const kind = kindOf(process.argv[2] ?? "");
// The honest client has to get a processor when it needs one.
setPriority(5);
const SECONDS = 1;
const attack = kind.prepare();
let attacker: Attacker | undefined;
// For victims that are clients.
const server = createServer({ noDelay: true }, (socket) => {
  if (attacker === undefined) socket.destroy();
  else attacker.visit(socket);
});

answer({
  async prepare(): Promise<number> {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  },
  async attack(port: number): Promise<Attacked> {
    attacker = new Attacker(port, kind.seconds ?? SECONDS);
    const rest = attacker.rest();
    // A server that is stuck must not keep us longer.
    await Promise.race([attack(attacker), rest]);
    await rest;
    return { bytes: attacker.bytes, shortfall: attacker.shortfall };
  },
  drop(): void {
    server.close();
    attacker?.drop();
  },
});
