import { encode } from "@msgpack/msgpack";
import { frame } from "../bytes.js";
import { msgpackValue } from "../generate.js";
import type { Random } from "../random.js";

const INTERNAL = {
  "peng3dnet:internal.hello": 1,
  "peng3dnet:internal.settype": 2,
  "peng3dnet:internal.handshake": 3,
  "peng3dnet:internal.handshake.accept": 4,
  "peng3dnet:internal.closeconn": 16,
};
const VERSIONS = { version: "0.2.0", protoversion: 2 };

const packet = (id: number, value: unknown): Uint8Array => frame(id, 0, encode(value));

export const HELLO = packet(1, VERSIONS);
export const SETTYPE = packet(2, { conntype: "classic" });
export const ACCEPT = packet(4, { success: true });
export const CLOSE = packet(16, { reason: "fuzz" });

const SECRET = new Uint8Array(32).fill(5);
/** A hello and a settype that take part in resumption, and the settype of a client that comes back. */
export const HELLO_RESUME = packet(1, { ...VERSIONS, ext: { resume: { window: 60 } } });
export const SETTYPE_RESUME = packet(2, { conntype: "classic", ext: { heartbeat: {}, resume: {} } });
export const BACK = packet(2, { conntype: "classic", ext: { resume: { ticket: SECRET, received: 100 } } });
/** That of one that goes to another server, and the word of where that is. */
export const BACK_ANYWHERE = packet(2, {
  conntype: "classic",
  ext: { resume: { ticket: SECRET, received: 100, redirect: true } },
});
export const ELSEWHERE = packet(16, { reason: "resumeelsewhere", address: "game-1.example:8080" });

/** A packet of heartbeats or of resumption, in which something may be odd. */
export function controlPacket(random: Random): Uint8Array {
  if (random.oneIn(4)) return packet(17 + random.below(6), random.pick(ODD_VALUES));
  switch (random.below(5)) {
    case 0:
      return packet(17, [random.uint32(), random.oneIn(2) ? null : random.uint32()]);
    case 1:
      return packet(18, random.oneIn(2) ? null : random.uint32());
    case 2:
      return packet(20, [random.bytes(random.below(140)), 60]);
    case 3:
      return packet(21, [random.uint32(), random.bytes(random.below(140))]);
    default:
      return packet(19, random.uint32());
  }
}

/** The server's registry, with names beside the protocol's own. */
export const handshakeWith = (names: Readonly<Record<string, unknown>>): Uint8Array =>
  packet(3, { ...VERSIONS, registry: { ...INTERNAL, ...names } });

/** A packet of the protocol's own, as it should be. */
export function goodPacket(random: Random, names: Readonly<Record<string, unknown>>): Uint8Array {
  const resumption = [HELLO_RESUME, SETTYPE_RESUME, BACK, BACK_ANYWHERE, ELSEWHERE, controlPacket(random)];
  return random.pick([HELLO, SETTYPE, handshakeWith(names), ACCEPT, CLOSE, random.pick(resumption)]);
}

const ODD_VALUES = [null, 0, -1, 2.5, "", "x", [], {}, true, "classic", "ping", 2 ** 40, "a".repeat(300)];

/** A packet of the protocol's own in which something is odd. */
export function oddPacket(random: Random): Uint8Array {
  const value = (): unknown => random.pick(ODD_VALUES);
  switch (random.below(7)) {
    case 6:
      return packet(1 + random.below(2), {
        ...VERSIONS,
        ext: {
          resume: {
            window: value(),
            ticket: random.oneIn(2) ? SECRET : value(),
            received: value(),
            ...(random.oneIn(2) && { redirect: value() }),
          },
        },
      });
    case 0:
      return packet(1, { version: value(), protoversion: random.oneIn(2) ? 2 : value() });
    case 1:
      return packet(2, random.oneIn(4) ? value() : { conntype: value() });
    case 2:
      return packet(3, { ...VERSIONS, registry: random.oneIn(4) ? value() : oddRegistry(random) });
    case 3:
      return packet(4, random.oneIn(4) ? value() : { success: value() });
    case 4:
      if (random.oneIn(2)) return packet(16, { reason: "resumeelsewhere", address: value() });
      return packet(16, random.oneIn(4) ? value() : { reason: value() });
    default:
      return frame(
        random.pick([0, 1, 2, 3, 4, 5, 16, 17, 18, 19, 20, 21, 22, 63, 64, 65, 66, 0xffffffff]),
        random.below(4),
        msgpackValue(random),
      );
  }
}

const NAMES = [
  "fuzz:a",
  "fuzz:b",
  "fuzz:c",
  "",
  "constructor",
  "toString",
  "x".repeat(257),
  "ä:ö",
  ...Object.keys(INTERNAL),
];
const IDS = [
  0,
  1,
  2,
  3,
  4,
  16,
  63,
  64,
  65,
  66,
  67,
  8191,
  8192,
  0xffffffff,
  2 ** 32,
  -1,
  1.5,
  "64",
  null,
  [],
  {},
];

/** A registry as a hostile or confused server may send it. */
export function oddRegistry(random: Random): Record<string, unknown> {
  const registry: Record<string, unknown> = random.oneIn(5) ? {} : { ...INTERNAL };
  for (let left = random.below(6); left > 0; left--) registry[random.pick(NAMES)] = random.pick(IDS);
  if (random.oneIn(3))
    Object.assign(registry, { "fuzz:a": 64 + random.below(4), "fuzz:b": 64 + random.below(4) });
  return registry;
}
