import type { Attributes } from "@opentelemetry/api";
import { type Census, InvalidStateError } from "@peng3dnet/peer";
import { PacketCounts } from "./packet-counts.js";

/** What only grows. */
interface Totals {
  bytesIn: number;
  bytesOut: number;
  packetsIn: number;
  packetsOut: number;
  readonly rejectedBy: Map<string, number>;
}

/** Counters and gauges of several peers together. */
export interface Sum extends Totals {
  active: number;
  handshaking: number;
  suspended: number;
  kept: number;
  unsent: number;
  queued: number;
  unprocessed: number;
  asked: number;
  answering: number;
  groups: number;
  memberships: number;
}

/** A peer that is looked at. */
export interface Source {
  readonly peer: object;
  census(): Census;
  /** What it had counted before. */
  readonly before: Census;
}

function noTotals(): Totals {
  return { bytesIn: 0, bytesOut: 0, packetsIn: 0, packetsOut: 0, rejectedBy: new Map() };
}

function addTotals(totals: Totals, now: Census, before: Census): void {
  totals.bytesIn += now.bytesIn - before.bytesIn;
  totals.bytesOut += now.bytesOut - before.bytesOut;
  totals.packetsIn += now.packetsIn - before.packetsIn;
  totals.packetsOut += now.packetsOut - before.packetsOut;
  for (const [reason, count] of Object.entries(now.rejectedBy)) {
    const more = count - (before.rejectedBy[reason] ?? 0);
    if (more > 0) totals.rejectedBy.set(reason, (totals.rejectedBy.get(reason) ?? 0) + more);
  }
}

/** The series with these attributes, which is made where there is none yet. */
export function seriesOf<S>(all: Map<string, S>, attributes: Attributes, make: () => S): S {
  const key = JSON.stringify(Object.entries(attributes).sort());
  const found = all.get(key) ?? make();
  all.set(key, found);
  return found;
}

/** @throws {@link InvalidStateError} for a peer that is looked at already: it would count twice. */
export function checkNew(sources: ReadonlyMap<object, unknown>, peer: object): void {
  if (sources.has(peer))
    throw new InvalidStateError(
      "this meter is told of it already, so that it would count twice; end that first, or give it other attributes",
    );
}

/** The peers whose metrics have the same attributes: they are told as one, since a second value would replace the first. */
export class Series {
  readonly attributes: Attributes;
  readonly packets: PacketCounts = new PacketCounts();
  readonly #sources = new Map<object, Source>();
  /** What those counted that are looked at no more. */
  readonly #past: Totals = noTotals();

  constructor(attributes: Attributes) {
    this.attributes = attributes;
  }

  /** Whether no peer is looked at any more. */
  get empty(): boolean {
    return this.#sources.size === 0;
  }

  /** @throws {@link InvalidStateError} */
  checkNew(peer: object): void {
    checkNew(this.#sources, peer);
  }

  add(source: Source): void {
    this.#sources.set(source.peer, source);
  }

  /** A peer is looked at no more; what it counted stays counted. */
  remove(source: Source): void {
    if (this.#sources.delete(source.peer)) addTotals(this.#past, source.census(), source.before);
  }

  /** All together, now. */
  sum(): Sum {
    const sum: Sum = {
      ...this.#past,
      rejectedBy: new Map(this.#past.rejectedBy),
      active: 0,
      handshaking: 0,
      suspended: 0,
      kept: 0,
      unsent: 0,
      queued: 0,
      unprocessed: 0,
      asked: 0,
      answering: 0,
      groups: 0,
      memberships: 0,
    };
    for (const source of this.#sources.values()) {
      const now = source.census();
      addTotals(sum, now, source.before);
      sum.active += now.connections - now.handshaking - now.suspended;
      sum.handshaking += now.handshaking;
      sum.suspended += now.suspended;
      sum.kept += now.kept;
      sum.unsent += now.unsent;
      sum.queued += now.queued;
      sum.unprocessed += now.unprocessed;
      sum.asked += now.asked;
      sum.answering += now.answering;
      sum.groups += now.groups;
      sum.memberships += now.memberships;
    }
    return sum;
  }
}
