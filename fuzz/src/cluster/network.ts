import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** Nobody's. */
const NOWHERE = "02:00:00:00:00:99";

/** A process, with a network that can be cut between it and the broker, and not between it and its clients. */
export interface Placed {
  readonly child: ChildProcess;
  /** Where it reaches the broker. */
  readonly bus: string;
  /** The address it listens on. */
  readonly host: string;
  /** From now on nothing gets from one to the other, and neither is told. */
  cut(): void;
  heal(): void;
  /** The process is gone. */
  gone(): void;
}

/** Where processes of nodes run. */
export interface Network {
  /** What the broker has to listen on. */
  readonly host: string;
  /** How a cut is made. */
  readonly how: string;
  place(program: string, args: readonly string[], brokerPort: number): Promise<Placed>;
}

/** Resolves at the first message of a process. */
function firstMessage(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`a process ended with ${signal ?? code}`)));
  });
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? stderr}`);
}

/**
 * Each process has a network namespace of its own, and two cables into that of the command: one for the broker, one for clients.
 * A cut cable swallows everything.
 */
export class NamespaceNetwork implements Network {
  readonly host = "0.0.0.0";
  readonly how = "a cable between network namespaces that swallows everything";
  #count = 0;

  constructor() {
    run("ip", "link", "set", "lo", "up");
  }

  async place(program: string, args: readonly string[], brokerPort: number): Promise<Placed> {
    const child = spawn("unshare", ["--net", process.execPath, program, ...args], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      serialization: "advanced",
    });
    await firstMessage(child);
    const count = ++this.#count;
    const inside = (...words: readonly string[]): void =>
      run("nsenter", `--net=/proc/${child.pid}/ns/net`, "ip", ...words);
    const cable = (kind: "bus" | "pub", net: string): void => {
      const [outer, inner] = [`${kind}${count}o`, `${kind}${count}i`];
      run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", String(child.pid));
      run("ip", "addr", "add", `${net}.1/24`, "dev", outer);
      run("ip", "link", "set", outer, "up");
      inside("addr", "add", `${net}.2/24`, "dev", inner);
      inside("link", "set", inner, "up");
    };
    inside("link", "set", "lo", "up");
    const [bus, pub] = [`10.77.${count}`, `10.78.${count}`];
    cable("bus", bus);
    cable("pub", pub);
    const ends = [
      [(...words: string[]) => run("ip", ...words), `${bus}.2`, `bus${count}o`],
      [inside, `${bus}.1`, `bus${count}i`],
    ] as const;
    return {
      child,
      bus: `${bus}.1:${brokerPort}`,
      host: `${pub}.2`,
      cut() {
        for (const [ip, address, device] of ends)
          ip("neigh", "replace", address, "lladdr", NOWHERE, "dev", device, "nud", "permanent");
      },
      heal() {
        for (const [ip, address, device] of ends) ip("neigh", "del", address, "dev", device);
      },
      // The cables go with the namespace.
      gone() {},
    };
  }
}

/** A relay to the broker that can stand still. */
class Relay {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #cut = false;

  constructor(port: number) {
    this.#server = createServer({ pauseOnConnect: true }, (near) => {
      const far = dial({ host: "127.0.0.1", port });
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      for (const [from, to] of [pair, [far, near] as const]) {
        from.on("data", (chunk) => void to.write(chunk));
        from.on("error", () => {});
        from.on("close", () => {
          this.#pairs.delete(pair);
          to.destroy();
        });
      }
      this.#set(pair);
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => {
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  }

  cut(cut: boolean): void {
    this.#cut = cut;
    for (const pair of this.#pairs) this.#set(pair);
  }

  #set(pair: readonly [Socket, Socket]): void {
    for (const socket of pair) {
      if (this.#cut) socket.pause();
      else socket.resume();
    }
  }

  close(): void {
    this.#server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }
}

/** Without namespaces: each process reaches the broker by a relay of its own. */
export class RelayNetwork implements Network {
  readonly host = "127.0.0.1";
  readonly how = "a relay that stands still, since network namespaces cannot be made here";

  async place(program: string, args: readonly string[], brokerPort: number): Promise<Placed> {
    const relay = new Relay(brokerPort);
    const port = await relay.listen();
    const child = fork(program, [...args, "any-port"], { serialization: "advanced" });
    await firstMessage(child);
    return {
      child,
      bus: `127.0.0.1:${port}`,
      host: "127.0.0.1",
      cut: () => relay.cut(true),
      heal: () => relay.cut(false),
      gone: () => relay.close(),
    };
  }
}

/** How to make namespaces here; `undefined`: it is not possible. */
export function unsharing(): readonly string[] | undefined {
  if (process.platform !== "linux" || spawnSync("nsenter", ["--version"]).status !== 0) return undefined;
  const ways = [["--user", "--map-root-user", "--net"], ["--net"]];
  return ways.find(
    (way) =>
      spawnSync("unshare", [...way, "unshare", "--net", "ip", "link", "add", "v0", "type", "veth"]).status ===
      0,
  );
}
