import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ClientsReport, FromProcess, NodeReport, ToClients, ToNode } from "./ipc.js";
import type { Network, Placed } from "./network.js";
import type { Roster } from "./presence.js";

const NODE = fileURLToPath(new URL("node-process.js", import.meta.url));
const CLIENTS = fileURLToPath(new URL("clients-process.js", import.meta.url));
/** Seconds a process may take to report; it may be busy. */
const REPORT_WITHIN = 30;

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A process must not outlive the command, also if it is stopped. */
function endWithCommand(child: ChildProcess): void {
  running.add(child);
  child.once("exit", () => running.delete(child));
}

/** Asks a process for reports. */
class Reports<R> {
  readonly #child: ChildProcess;
  readonly #kind: "report" | "roster";
  readonly #waiting = new Map<number, (report: R | undefined) => void>();
  #next = 0;

  /** @param kind - which of its messages they are. */
  constructor(child: ChildProcess, kind: "report" | "roster" = "report") {
    this.#child = child;
    this.#kind = kind;
    child.on("message", (message: FromProcess<R>) => {
      if (message.is === this.#kind) this.#settle(message.id, message.report as R);
    });
    child.on("exit", () => {
      for (const id of [...this.#waiting.keys()]) this.#settle(id, undefined);
    });
  }

  /** @returns `undefined` if it is gone, or does not answer. */
  ask(message: (id: number) => ToNode | ToClients, within = REPORT_WITHIN): Promise<R | undefined> {
    return new Promise((resolve) => {
      const id = this.#next++;
      const timer = setTimeout(() => this.#settle(id, undefined), within * 1000);
      this.#waiting.set(id, (report) => {
        clearTimeout(timer);
        resolve(report);
      });
      if (this.#child.connected) this.#child.send(message(id), () => {});
      else this.#settle(id, undefined);
    });
  }

  #settle(id: number, report: R | undefined): void {
    this.#waiting.get(id)?.(report);
    this.#waiting.delete(id);
  }
}

/** A process with a node of the cluster. */
export class NodeProcess {
  readonly name: string;
  /** Its id in the cluster. */
  readonly id: string;
  readonly address: readonly [host: string, port: number];
  readonly #placed: Placed;
  readonly #reports: Reports<NodeReport>;
  readonly #rosters: Reports<Roster>;
  readonly #gone: Promise<void>;

  private constructor(name: string, placed: Placed, port: number, id: string) {
    this.name = name;
    this.id = id;
    this.address = [placed.host, port];
    this.#placed = placed;
    this.#reports = new Reports(placed.child);
    this.#rosters = new Reports(placed.child, "roster");
    this.#gone = new Promise((resolve) => {
      placed.child.once("exit", () => {
        placed.gone();
        resolve();
      });
    });
  }

  /** Starts one, and waits until it is in the cluster and takes clients. */
  static async start(network: Network, name: string, brokerPort: number): Promise<NodeProcess> {
    const placed = await network.place(NODE, [name], brokerPort);
    const { child, bus, host } = placed;
    endWithCommand(child);
    const there = new Promise<{ readonly port: number; readonly node: string }>((resolve, reject) => {
      child.on("message", (message: FromProcess<NodeReport>) => {
        if (message.is === "there") resolve(message);
      });
      child.once("exit", (code, signal) =>
        reject(new Error(`node ${name} ended with ${signal ?? code} before it was there`)),
      );
    });
    child.send({ do: "go", bus, host } satisfies ToNode);
    const { port, node } = await there;
    return new NodeProcess(name, placed, port, node);
  }

  tell(message: ToNode): void {
    const { child } = this.#placed;
    if (child.connected) child.send(message, () => {});
  }

  /** @param collect - collect garbage first. */
  report(collect = false): Promise<NodeReport | undefined> {
    return this.#reports.ask((id) => ({ do: "report", id, collect }));
  }

  /** Who is there, as it knows it. */
  roster(): Promise<Roster | undefined> {
    return this.#rosters.ask((id) => ({ do: "roster", id }));
  }

  async kill(): Promise<void> {
    this.#placed.child.kill("SIGKILL");
    await this.#gone;
  }

  /** Shuts it down, as a program does. */
  async end(): Promise<void> {
    this.tell({ do: "end" });
    await this.#gone;
  }

  freeze(): void {
    this.#placed.child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#placed.child.kill("SIGCONT");
  }

  cut(): void {
    this.#placed.cut();
  }

  heal(): void {
    this.#placed.heal();
  }
}

/** The process of the clients. */
export class ClientsProcess {
  readonly #child: ChildProcess;
  readonly #reports: Reports<ClientsReport>;

  constructor() {
    this.#child = fork(CLIENTS, { serialization: "advanced" });
    this.#reports = new Reports(this.#child);
    endWithCommand(this.#child);
  }

  tell(message: ToClients): void {
    this.#child.send(message);
  }

  /**
   * @param finals - where sequences are, by node and group.
   * @param last - whether it is the last look: garbage is collected first, and what is behind is wrong.
   */
  report(
    finals: Readonly<Record<string, Readonly<Record<string, number>>>> = {},
    last = false,
  ): Promise<ClientsReport | undefined> {
    return this.#reports.ask((id) => ({ do: "report", id, finals, explain: last, collect: last }));
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
