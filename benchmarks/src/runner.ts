/** Runs one cell with one peer: a server and a client in processes of their own. */
import { Child } from "./child.js";
import type { Outcome, Setup, Usage } from "./messages.js";
import type { Cell } from "./workloads.js";

/** One measured run. */
export interface Sample extends Outcome {
  /** Microseconds of processor time for each of `count`. */
  readonly serverCpu: number;
  readonly clientCpu: number;
  /** Resident bytes when the run was over. */
  readonly serverRss: number;
  readonly clientRss: number;
  /** Growth divided by `count`: what a connection costs in an idle cell. */
  readonly serverRssEach: number;
  readonly serverLiveEach: number;
  readonly clientLiveEach: number;
}

function each(before: number, after: number, count: number): number {
  return count === 0 ? 0 : (after - before) / count;
}

function sample(outcome: Outcome, server: [Usage, Usage], client: [Usage, Usage]): Sample {
  const { count } = outcome;
  return {
    ...outcome,
    serverCpu: each(server[0].cpuMicrosecondsAfter, server[1].cpuMicroseconds, count),
    clientCpu: each(client[0].cpuMicrosecondsAfter, client[1].cpuMicroseconds, count),
    serverRss: server[1].rss,
    clientRss: client[1].rss,
    serverRssEach: each(server[0].rss, server[1].rss, count),
    serverLiveEach: each(server[0].live, server[1].live, count),
    clientLiveEach: each(client[0].live, client[1].live, count),
  };
}

/** The mean of two samples of one pair of processes, weighted by what they counted. */
function merge(a: Sample, b: Sample): Sample {
  const count = a.count + b.count;
  const mean = (of: (sample: Sample) => number): number =>
    count === 0 ? 0 : (of(a) * a.count + of(b) * b.count) / count;
  return {
    count,
    elapsedMs: a.elapsedMs + b.elapsedMs,
    serverCpu: mean((sample) => sample.serverCpu),
    clientCpu: mean((sample) => sample.clientCpu),
    serverRss: b.serverRss,
    clientRss: b.clientRss,
    serverRssEach: mean((sample) => sample.serverRssEach),
    serverLiveEach: mean((sample) => sample.serverLiveEach),
    clientLiveEach: mean((sample) => sample.clientLiveEach),
  };
}

/** Whether it can run more than once with the same two processes. */
function warmsUp(cell: Cell): boolean {
  return cell.kind !== "idle" && !(cell.kind === "connect" && cell.restart === true);
}

/** A server and a client, warmed up, that are measured piece by piece. */
export class Pair {
  private total: Sample | undefined;
  /** Whether memory is what is measured, so that garbage is to be collected first. */
  private readonly collect: boolean;

  private constructor(
    private server: Child,
    private readonly client: Child,
    private readonly setup: Setup,
    private readonly startServer: () => Child,
  ) {
    this.collect = setup.cell.kind === "idle";
  }

  /**
   * @param warmUpMs - how long it runs what is measured before it is measured.
   * @param profiles - where processor profiles go, if they are wanted.
   */
  static async start(setup: Setup, warmUpMs: number, profiles: string | undefined): Promise<Pair> {
    const profiling = (side: string): string[] =>
      profiles === undefined
        ? []
        : [
            "--cpu-prof",
            `--cpu-prof-dir=${profiles}`,
            `--cpu-prof-name=${setup.cell.id}, ${setup.peer}, ${side}.cpuprofile`,
          ];
    const startServer = (): Child => new Child("server", profiling("server"));
    const pair = new Pair(startServer(), new Child("client", profiling("client")), setup, startServer);
    try {
      const { port } = await pair.server.ask("serve", setup);
      await pair.client.ask("prepare", { ...setup, port });
      if (warmsUp(setup.cell)) await pair.client.ask("run", { durationMs: warmUpMs });
      return pair;
    } catch (error) {
      await pair.end();
      throw error;
    }
  }

  async measure(durationMs: number): Promise<void> {
    const { cell } = this.setup;
    const moved = cell.kind === "connect" && cell.restart === true ? await this.restart() : {};
    const before = await this.usage();
    const outcome = await this.client.ask("run", { durationMs, ...moved });
    const after = await this.usage();
    const piece = sample(outcome, [before.server, after.server], [before.client, after.client]);
    this.total = this.total === undefined ? piece : merge(this.total, piece);
  }

  /** Puts a server in the place of the one that is there. */
  private async restart(): Promise<{ readonly port: number }> {
    await this.server.end();
    this.server = this.startServer();
    return this.server.ask("serve", this.setup);
  }

  private async usage(): Promise<{ server: Usage; client: Usage }> {
    const { collect } = this;
    return {
      server: await this.server.ask("usage", { collect }),
      client: await this.client.ask("usage", { collect }),
    };
  }

  /** All pieces together; nothing before the first. */
  get result(): Sample | undefined {
    return this.total;
  }

  async end(): Promise<void> {
    await Promise.all([this.server.end(), this.client.end()]);
  }
}
