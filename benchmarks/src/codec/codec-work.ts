/** Encodes and decodes messages, and says how long one takes: ours beside `@msgpack/msgpack`. Runs anywhere. */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { type ReceiveResources, ValueCodec } from "@peng3dnet/protocol";
import { gameState } from "../game-state.js";

const MESSAGES: Readonly<Record<string, unknown>> = {
  'echo, {i, s: "hello"}': { i: 123456, s: "hello" },
  "state of 1 KiB": gameState(9),
  "state of 16 KiB": gameState(150),
  "chat, 30 letters": { from: "player-1", text: "x".repeat(30) },
  "chat, 160 letters": { from: "player-1", text: "x".repeat(160) },
  "chat, 30 Hangul": { from: "player-1", text: "한".repeat(30) },
  "chat, 160 Hangul": { from: "player-1", text: "한".repeat(160) },
  "names, 20 of 12 to 16 bytes": Array.from({ length: 20 }, (_, at) => "Zoë of Oz no ".slice(0, 12) + at),
};

const ENTRIES = ["ours", "msgpack"] as const;
type Entry = (typeof ENTRIES)[number];

/** Nanoseconds that a message takes. */
export type Times = Readonly<Record<Entry, number>>;

export interface Row {
  readonly message: string;
  readonly bytes: number;
  readonly encode: Times;
  readonly decode: Times;
}

const MAX_DEPTH = 512;
const MAX_ELEMENTS = 1024 * 1024;
/** One piece of work is this long at least: clocks of browsers have steps of 0.1 ms. */
const PIECE_MS = 15;

/** Nanoseconds of one call, and how many calls a piece has. */
function piece(call: () => unknown, count: number): number {
  const start = performance.now();
  for (let index = 0; index < count; index++) call();
  return ((performance.now() - start) * 1e6) / count;
}

/** How many calls take long enough; warms up on the way. */
function countFor(call: () => unknown): number {
  for (let count = 64; ; count *= 2) if (piece(call, count) * count >= PIECE_MS * 1e6) return count;
}

/** Takes turns, so that what disturbs the machine disturbs both. @returns the best piece of each. */
function compare(calls: Readonly<Record<Entry, () => unknown>>, rounds: number): Times {
  const counts = ENTRIES.map((entry) => countFor(calls[entry]));
  const times = ENTRIES.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, entry] of ENTRIES.entries()) {
      times[index]?.push(piece(calls[entry], counts[index] as number));
    }
  }
  const [ours = [], msgpack = []] = times;
  return { ours: Math.min(...ours), msgpack: Math.min(...msgpack) };
}

/** What is measured: messages whose name has `only` in it, so that no other warms the engine up. */
export interface CodecOptions {
  readonly rounds: number;
  readonly only: string;
}

/** Measures encoding, and decoding with what the platform's clients receive with. */
export function measureCodecs({ values }: ReceiveResources, { rounds, only }: CodecOptions): Row[] {
  return Object.entries(MESSAGES)
    .filter(([message]) => message.includes(only))
    .map(([message, value]) => {
      const [codec, encoder, decoder] = [new ValueCodec(), new Encoder(), new Decoder()];
      const bytes = codec.encode(value).slice();
      const theirs = encoder.encode(value);
      return {
        message,
        bytes: bytes.length,
        encode: compare(
          { ours: () => codec.encode(value), msgpack: () => encoder.encodeSharedRef(value) },
          rounds,
        ),
        decode: compare(
          {
            ours: () => values.read(bytes, 0, bytes.length, true, MAX_DEPTH, MAX_ELEMENTS, undefined),
            msgpack: () => decoder.decode(theirs),
          },
          rounds,
        ),
      };
    });
}
