import { deflateSync } from "node:zlib";
import { concat } from "../bytes.js";
import { heapCeiling, MILLISECONDS, UNSURE } from "../ceilings.js";
import { type CostAnswer, CostMeter, type CostQuestion } from "../cost.js";
import { Finding } from "../finding.js";
import { msgpackValue } from "../generate.js";
import { mutate } from "../mutate.js";
import type { Random } from "../random.js";
import { SHAPES } from "../shapes.js";
import type { Target } from "../target.js";

/** Candidates of a batch that are measured, and the costliest ones that are kept to be changed. */
const MEASURED = 3;
const KEPT = 48;
/** To measure takes far longer than to run any other target: so much of all time at most. */
const SHARE_OF_TIME = 0.3;
/** A machine that does other work takes longer; what seems too long is measured again so many times. */
const BUSY = 4;
const AGAIN = 4;
const SIZES = [40, 300, 4000, 30_000, 200_000, 1_000_000];
const FLAGS = ["--max-old-space-size=64", "--min-semi-space-size=64", "--max-semi-space-size=64"];

/** A body made of the same item again and again, or any other one. */
interface Candidate {
  readonly item: Uint8Array;
  readonly count: number;
  readonly compressed: boolean;
  readonly early: boolean;
}

interface Kept {
  readonly candidate: Candidate;
  readonly share: number;
}

function head(count: number): Uint8Array {
  return Uint8Array.of(0xdd, count >>> 24, count >>> 16, count >>> 8, count);
}

/** Below 2, an item is the whole body. */
function bodyOf({ item, count }: Candidate): Uint8Array {
  if (count < 2) return item;
  const all = new Uint8Array(5 + count * item.length);
  all.set(head(count));
  for (let index = 0; index < count; index++) all.set(item, 5 + index * item.length);
  return all;
}

function howMany(random: Random, length: number): number {
  const most = Math.min(65_536, Math.floor(random.pick(SIZES) / Math.max(length, 1)));
  return random.oneIn(2) ? most : random.below(most);
}

function fresh(random: Random): Candidate {
  const kind = { compressed: !random.oneIn(4), early: random.oneIn(6) };
  if (random.oneIn(2)) {
    const elements = random.oneIn(2) ? 65_534 : random.below(65_534);
    const item = random.pick(SHAPES).build(random.pick(SIZES), elements, random.uint32());
    return { item, count: 1, ...kind };
  }
  const item = msgpackValue(random);
  return { item, count: howMany(random, item.length), ...kind };
}

/** A change of what cost much: its item, how often it comes, or how it is sent. */
function changed(random: Random, candidate: Candidate, other: Candidate): Candidate {
  switch (random.below(5)) {
    case 0:
      return { ...candidate, count: howMany(random, candidate.item.length) };
    case 1:
      return { ...candidate, compressed: !candidate.compressed, early: random.oneIn(4) };
    case 2:
      return { ...candidate, item: concat([candidate.item, other.item.subarray(0, 200)]) };
    default: {
      // Of a long body a change goes unnoticed, so that a part is taken that comes many times.
      const { item } = candidate;
      const short = item.length > 2000 ? item.subarray(5, 5 + random.below(60)) : item;
      const next = mutate(random, short, other.item.subarray(0, 60));
      return { ...candidate, item: next, count: howMany(random, next.length) };
    }
  }
}

/** How much of what it may cost a packet costs: 1 is the ceiling. */
function shareOf(wire: number, { allocated, held, copied, inflatedBytes, milliseconds }: CostAnswer): number {
  const ceiling = heapCeiling(wire, inflatedBytes);
  const heap = Math.max(allocated / (ceiling + UNSURE), held / ceiling, copied / ceiling);
  return Math.max(heap, milliseconds / (MILLISECONDS * BUSY));
}

/**
 * Heap and time of the processor that one packet costs stay below what is stated, for bodies that are generated and
 * found: what cost most is kept and changed. Measured in a process of its own, with little memory.
 */
export function amplificationTarget(): Target {
  let meter: CostMeter | undefined;
  let waiting: Candidate[] = [];
  let kept: Kept[] = [];
  const started = performance.now();
  let spent = 0;

  async function measure(candidate: Candidate, progress: () => void): Promise<number> {
    const body = bodyOf(candidate);
    const { compressed, early } = candidate;
    const bytes = compressed ? new Uint8Array(deflateSync(body, { level: 1 })) : body;
    const question: CostQuestion = { bytes, compressed, early, copies: body.length < 300_000 };
    let share = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < AGAIN && share > 1; attempt++) {
      progress();
      meter ??= new CostMeter(FLAGS);
      const answer = await meter.measure(question);
      if (answer === undefined) {
        meter = undefined;
        throw new Finding(`a process ran out of memory over ${described(question)}`);
      }
      share = Math.min(share, shareOf(bytes.length, answer));
      if (share > 1 && attempt === AGAIN - 1) {
        throw new Finding(`costs too much: ${JSON.stringify(answer)}, ${described(question)}`);
      }
    }
    return share;
  }

  return {
    name: "amplification",
    weight: 1,
    run(random: Random): void {
      const one = kept.length > 0 && !random.oneIn(3) ? random.pick(kept).candidate : undefined;
      const candidate = one === undefined ? fresh(random) : changed(random, one, random.pick(kept).candidate);
      // Of each batch a part, chosen by chance.
      if (waiting.length < MEASURED) waiting.push(candidate);
      else if (random.oneIn(8)) waiting[random.below(MEASURED)] = candidate;
    },
    async settle(progress): Promise<void> {
      const began = performance.now();
      if (spent > SHARE_OF_TIME * (began - started)) return;
      const candidates = waiting;
      waiting = [];
      for (const candidate of candidates) {
        kept.push({ candidate, share: await measure(candidate, progress) });
      }
      kept = kept.sort((one, other) => other.share - one.share).slice(0, KEPT);
      spent += performance.now() - began;
    },
  };
}

/** The input, so that it can be repeated: the runs before it decide what a run tries. */
function described({ bytes, compressed, early }: CostQuestion): string {
  const packed = compressed ? bytes : new Uint8Array(deflateSync(bytes));
  const how = `${bytes.length} bytes${compressed ? ", compressed" : ""}${early ? ", before the handshake" : ""}`;
  return `${how}; the body, compressed, in base64: ${Buffer.from(packed).toString("base64")}`;
}
