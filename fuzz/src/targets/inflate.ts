import { deflateSync } from "node:zlib";
import { concat, hex } from "../bytes.js";
import { expectPeerFault, expectThat, Finding } from "../finding.js";
import { msgpackValue } from "../generate.js";
import { mutate } from "../mutate.js";
import type { Random } from "../random.js";
import type { Target } from "../target.js";
import { OpenServer } from "./open-server.js";

const LIMIT = 4096;
const COMPRESSED = 1;

/** Streams to start from: values, bombs small enough to be quick, and lengths around the limit. */
function streams(): Uint8Array[] {
  const bodies = [
    Uint8Array.of(0xc0),
    concat([Uint8Array.of(0xda, 0x0f, 0xfc), new Uint8Array(4092).fill(0x61)]),
    concat([Uint8Array.of(0xda, 0x0f, 0xfd), new Uint8Array(4093).fill(0x61)]),
    concat([Uint8Array.of(0xda, 0x0f, 0xfe), new Uint8Array(4094).fill(0x61)]),
    new Uint8Array(100_000),
    concat([Uint8Array.of(0x93), new TextEncoder().encode("\u0001\u0002"), Uint8Array.of(0xc0)]),
  ];
  return [0, 1, 6, 9].flatMap((level) =>
    bodies.map((bytes) => new Uint8Array(deflateSync(bytes, { level }))),
  );
}

/** Compressed bodies: inflated up to the limit, or refused. */
export function inflateTarget(): Target {
  const { bodies, compression } = new OpenServer().parts;
  const seeds = streams();
  return {
    name: "inflate",
    weight: 1,
    run(random: Random): void {
      let stream = random.oneIn(4)
        ? new Uint8Array(deflateSync(msgpackValue(random), { level: random.below(10) }))
        : random.pick(seeds);
      if (!random.oneIn(5)) stream = mutate(random, stream, random.pick(seeds));
      try {
        const inflated = compression?.inflate(stream, LIMIT);
        expectThat(
          inflated !== undefined && inflated.length <= LIMIT,
          () => `past the limit: ${hex(stream)}`,
        );
      } catch (error) {
        if (error instanceof Finding) throw error;
        expectPeerFault(error, () => hex(stream));
      }
      const flags = random.oneIn(20) ? random.below(65536) : COMPRESSED;
      try {
        bodies.decode(stream, 0, stream.length, flags, random.oneIn(2), LIMIT);
      } catch (error) {
        expectPeerFault(error, () => `flags ${flags} ${hex(stream)}`);
      }
    },
  };
}
