import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Packet, ValueCodec } from "@peng3dnet/protocol";
import { concat } from "../../support/bytes.js";
import { activeServer } from "../../support/pair.js";

const ID = 64;
/** Bodies of a kind that are held together, so that what else the engine does meanwhile weighs little. */
const BODIES = 6;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heap(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** A text that no other call returns. */
let texts = 1e12;
const newText = (): string => String(texts++);

function packet(body: Uint8Array): Uint8Array {
  const header = new Uint8Array(10);
  const view = new DataView(header.buffer);
  view.setUint32(0, 6 + body.length);
  view.setUint32(4, ID);
  return concat(header, body);
}

// The engine joins a text of 13 to 16 letters of two, and keeps both.
test.each<[string, () => unknown]>([
  [
    "a list of texts, one more than there is room for before it grows",
    () => Array.from({ length: 4133 }, newText),
  ],
  [
    "a Map of texts, one more than there is room for before it grows",
    () =>
      new Map<unknown, unknown>([
        [0, 0],
        ...Array.from({ length: 2048 }, () => [newText(), newText()] as const),
      ]),
  ],
  [
    "maps with ever new keys",
    () =>
      Array.from({ length: 180 }, () =>
        Object.fromEntries(Array.from({ length: 17 }, () => [(texts++).toString(36).slice(-4), newText()])),
      ),
  ],
])("%s takes no more memory than is said of it", (_kind, make) => {
  const server = activeServer((peer) => peer.registry.register(new Packet(peer.registry, peer), "t", ID));
  const { connection, host } = server;
  const codec = new ValueCodec();
  const packets = Array.from({ length: 1 + BODIES }, () => packet(codec.encode(make())));
  const read = (bytes: Uint8Array): unknown => {
    server.receive(bytes);
    return host.messages.pop()?.msg;
  };
  read(packets.pop() as Uint8Array);
  const said = BODIES * connection.decodedSize;
  const held: unknown[] = new Array(BODIES).fill(undefined);
  const before = heap();
  for (let index = 0; index < BODIES; index++) held[index] = read(packets[index] as Uint8Array);
  expect(heap() - before).toBeLessThan(said);
  expect(held).not.toContain(undefined);
});
