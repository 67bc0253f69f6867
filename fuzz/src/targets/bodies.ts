import { hex } from "../bytes.js";
import type { Corpus } from "../corpus.js";
import { expectPeerFault, expectThat } from "../finding.js";
import { msgpackValue, nested } from "../generate.js";
import { mutate } from "../mutate.js";
import type { Random } from "../random.js";
import { same } from "../same.js";
import type { Target } from "../target.js";
import { OpenServer } from "./open-server.js";

const LIMIT = 64 * 1024;

function body(random: Random, corpus: Corpus): Uint8Array {
  switch (random.below(6)) {
    case 0:
      return random.bytes(random.below(40));
    case 1:
      return mutate(random, random.pick(corpus.bodies), random.pick(corpus.bodies));
    case 2:
      return mutate(random, msgpackValue(random), msgpackValue(random));
    case 3:
      return random.oneIn(20) ? nested(505 + random.below(16)) : msgpackValue(random);
    default:
      return msgpackValue(random);
  }
}

/** Bodies: checked and decoded, or refused. What is accepted survives being sent again. */
export function bodiesTarget(corpus: Corpus): Target {
  const { bodies, codec } = new OpenServer().parts;
  return {
    name: "bodies",
    weight: 24,
    run(random: Random): void {
      const bytes = body(random, corpus);
      let value: unknown;
      try {
        value = bodies.decode(bytes, 0, bytes.length, 0, true, LIMIT);
      } catch (error) {
        expectPeerFault(error, () => hex(bytes));
        return;
      }
      if (!random.oneIn(4)) return;
      const input = (): string => hex(bytes);
      expectThat(same(value, codec.decode(bytes, true)), () => `the exact decoder differs for ${input()}`);
      const again = codec.encode(value).slice();
      const back = bodies.decode(again, 0, again.length, 0, true, LIMIT);
      expectThat(same(value, back), () => `changed when sent again as ${hex(again)}: ${input()}`);
    },
  };
}
