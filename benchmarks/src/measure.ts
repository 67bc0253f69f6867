/** Measures cells round by round, the peers of a cell one after the other within a round. */
import { createCredentials } from "./certificate.js";
import type { Credentials } from "./peer.js";
import { loadPeer } from "./peers/index.js";
import type { CellResult, PeerResult } from "./results.js";
import { Pair } from "./runner.js";
import type { Cell } from "./workloads.js";

export interface Plan {
  /** Cells with the peers to measure in each. */
  readonly cells: readonly { readonly cell: Cell; readonly peers: readonly string[] }[];
  readonly rounds: number;
  readonly durationMs: number;
  /** Where processor profiles go, if they are wanted. */
  readonly profiles: string | undefined;
  readonly progress: (line: string) => void;
}

interface Entry {
  readonly cell: Cell;
  readonly names: readonly string[];
  readonly result: CellResult;
  /** Whether any of the peers needs a certificate. */
  readonly tls: boolean;
}

async function prepare({ cells }: Plan): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const { cell, peers: names } of cells) {
    const peers: Record<string, PeerResult> = {};
    let anyTls = false;
    for (const name of names) {
      const { label, tls = false } = await loadPeer(name);
      peers[name] = { label, samples: [], errors: [] };
      anyTls ||= tls;
    }
    entries.push({ cell, names, result: { cell, peers }, tls: anyTls });
  }
  return entries;
}

/** A round's measured time is divided into so many pieces, and the peers take turns. */
const PIECES = 5;

interface Runner {
  readonly result: PeerResult;
  readonly pair: Pair;
  failed: boolean;
}

class Round {
  constructor(
    private readonly entry: Entry,
    private readonly plan: Plan,
    private readonly credentials: Credentials | undefined,
  ) {}

  /** Peers one after the other, as their connections would be too many together. */
  async separately(names: readonly string[]): Promise<void> {
    for (const peer of names) {
      const runner = await this.start(peer);
      if (runner !== undefined) {
        await this.step(runner, this.plan.durationMs);
        await this.finish(runner);
      }
    }
  }

  /** All peers ready, and measured in turns: what disturbs the machine for a while disturbs them all. */
  async together(names: readonly string[]): Promise<void> {
    const runners: Runner[] = [];
    for (const peer of names) {
      const runner = await this.start(peer);
      if (runner !== undefined) {
        runners.push(runner);
      }
    }
    for (let piece = 0; piece < PIECES; piece++) {
      for (const runner of runners) {
        await this.step(runner, this.plan.durationMs / PIECES);
      }
    }
    await Promise.all(runners.map((runner) => this.finish(runner)));
  }

  private async start(peer: string): Promise<Runner | undefined> {
    const result = this.entry.result.peers[peer] as PeerResult;
    try {
      const { credentials, plan } = this;
      const { durationMs, profiles } = plan;
      const setup = { peer, cell: this.entry.cell, ...(credentials && { credentials }) };
      return { result, pair: await Pair.start(setup, durationMs, profiles), failed: false };
    } catch (error) {
      result.samples.push(null);
      this.report(result, error);
      return undefined;
    }
  }

  private async step(runner: Runner, durationMs: number): Promise<void> {
    if (runner.failed) {
      return;
    }
    try {
      await runner.pair.measure(durationMs);
    } catch (error) {
      runner.failed = true;
      this.report(runner.result, error);
    }
  }

  private async finish({ pair, result, failed }: Runner): Promise<void> {
    // A round that failed leaves a gap, so that the others' rounds stay side by side.
    result.samples.push(failed ? null : (pair.result ?? null));
    await pair.end();
  }

  private report(result: PeerResult, error: unknown): void {
    result.errors.push(String(error));
    this.plan.progress(`${this.entry.cell.id}, ${result.label}: ${String(error)}`);
  }
}

function measureEntry(
  entry: Entry,
  round: number,
  plan: Plan,
  credentials: Credentials | undefined,
): Promise<void> {
  const { cell, names } = entry;
  // Each round begins with another peer, so that none always follows the same one.
  const order = names.map((_, index) => names[(index + round) % names.length] as string);
  const run = new Round(entry, plan, credentials);
  const apart = cell.kind === "idle" || cell.kind === "connect";
  return apart ? run.separately(order) : run.together(order);
}

export async function measure(plan: Plan): Promise<CellResult[]> {
  const entries = await prepare(plan);
  const credentials = entries.some(({ tls }) => tls) ? await createCredentials() : undefined;
  for (let round = 0; round < plan.rounds; round++) {
    for (const entry of entries) {
      plan.progress(`round ${round + 1} of ${plan.rounds}: ${entry.cell.title}`);
      await measureEntry(entry, round, plan, credentials);
    }
  }
  return entries.map(({ result }) => result);
}
