import { FrameDecoder } from "@peng3dnet/core";
import { concat, frame, hex } from "../bytes.js";
import type { Corpus } from "../corpus.js";
import { expectPeerFault, expectThat } from "../finding.js";
import { mutate } from "../mutate.js";
import type { Random } from "../random.js";
import type { Target } from "../target.js";
import { BACK, controlPacket } from "./wire.js";

const LIMIT = 4096;

/** What a decoder made of a stream, as text that can be compared. */
function decode(chunks: readonly Uint8Array[], reuse: boolean): string {
  const decoder = new FrameDecoder(LIMIT);
  let seen = "";
  const input = (): string => hex(concat(chunks));
  try {
    for (const chunk of chunks) {
      const given = reuse ? chunk.slice() : chunk;
      decoder.push(given);
      while (decoder.next()) {
        const { id, flags, bytes, start, end } = decoder;
        expectThat(
          end - start <= LIMIT && end - start >= 6,
          () => `packet of ${end - start} bytes from ${input()}`,
        );
        let sum = 0;
        for (let at = start; at < end; at++) sum = (Math.imul(sum, 31) + (bytes[at] as number)) | 0;
        seen += `${id}:${flags}:${end - start}:${sum} `;
      }
      if (reuse) {
        decoder.retain();
        given.fill(0x2a);
      }
    }
  } catch (error) {
    expectPeerFault(error, input);
    return `${seen}${error.code}`;
  }
  return `${seen}${decoder.incomplete ? "incomplete" : ""}`;
}

/** Streams of packets, cut in any way: the cuts make no difference. */
export function framingTarget(corpus: Corpus): Target {
  return {
    name: "framing",
    weight: 12,
    run(random: Random): void {
      const parts: Uint8Array[] = [];
      for (let left = 1 + random.below(4); left > 0; left--) {
        const seed = random.pick(corpus.packets);
        if (random.oneIn(2))
          parts.push(frame(random.uint32(), random.below(65536), random.bytes(random.below(64))));
        else if (random.oneIn(8)) parts.push(random.oneIn(2) ? BACK : controlPacket(random));
        else parts.push(random.oneIn(3) ? seed : mutate(random, seed, random.pick(corpus.packets)));
      }
      const stream = concat(parts);
      const chunks: Uint8Array[] = [];
      const longest = 1 + random.below(random.oneIn(4) ? 4 : 200);
      for (let at = 0; at < stream.length; ) {
        const size = 1 + random.below(longest);
        chunks.push(stream.subarray(at, at + size));
        at += size;
      }
      const whole = decode([stream], false);
      const sliced = decode(chunks, random.oneIn(2));
      expectThat(whole === sliced, () => `cuts make a difference: ${whole} / ${sliced} for ${hex(stream)}`);
    },
  };
}
