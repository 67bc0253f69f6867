import { type ConnectionContext, type ExtensionCodec, MsgpackCodec, ValueCodec } from "@peng3dnet/core";
import { hex } from "../bytes.js";
import type { Corpus } from "../corpus.js";
import { expectPeerFault, expectThat } from "../finding.js";
import { manyKeys, msgpackValue, nested } from "../generate.js";
import { mutate } from "../mutate.js";
import type { Random } from "../random.js";
import { same } from "../same.js";
import type { Target } from "../target.js";
import { OpenServer } from "./open-server.js";

const LIMIT = 64 * 1024;

/** What is decoded of an extension type. */
class Extended {
  constructor(
    readonly type: number,
    readonly data: Uint8Array,
  ) {}
}

/** Refuses one type, as an application's codec may. */
const extensions: ExtensionCodec = {
  encode: (value) => (value instanceof Extended ? value : undefined),
  decode(type, data) {
    if (type === 1) throw new TypeError("no such type");
    return new Extended(type, data);
  },
};

function body(random: Random, corpus: Corpus): Uint8Array {
  // It takes a thousand times as long as others.
  if (random.oneIn(20_000)) return manyKeys(random);
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

/** The value, or `undefined` if the body is refused. */
function outcome(parts: ConnectionContext, bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: parts.bodies.decode(bytes, 0, bytes.length, 0, true, LIMIT) };
  } catch (error) {
    expectPeerFault(error, () => hex(bytes));
    return undefined;
  }
}

/**
 * Bodies: checked and decoded, or refused, in one pass as in two with another codec. What is accepted survives being
 * sent again.
 */
export function bodiesTarget(corpus: Corpus): Target {
  const { parts } = new OpenServer({ extensions });
  const other = new OpenServer({ codec: new MsgpackCodec(512, extensions), extensions }).parts;
  const codec = new ValueCodec(512, undefined, extensions);
  return {
    name: "bodies",
    weight: 24,
    run(random: Random): void {
      const bytes = body(random, corpus);
      const input = (): string => hex(bytes);
      const read = outcome(parts, bytes);
      if (random.oneIn(4)) {
        const expected = outcome(other, bytes);
        expectThat(
          (read === undefined) === (expected === undefined) && same(read?.value, expected?.value),
          () => `another codec sees it differently: ${input()}`,
        );
      }
      if (read === undefined || !random.oneIn(4)) return;
      const again = codec.encode(read.value).slice();
      const back = outcome(parts, again);
      expectThat(same(read.value, back?.value), () => `changed when sent again as ${hex(again)}: ${input()}`);
    },
  };
}
