import { Packet, ReceiveKit, ReceiveResources, type ReceiveResourcesOptions } from "@peng3dnet/protocol";
import { concat, packet } from "../support/bytes.js";
import { activePair, type End, type FakePeer } from "../support/pair.js";

const setUp = (peer: FakePeer): void => {
  peer.registry.register(new Packet(peer.registry, peer), "test:any");
};

/** Clients of different servers that share their receive resources. */
function clients(limits: Readonly<Record<string, number>>[], options: ReceiveResourcesOptions = {}): End[] {
  const resources = new ReceiveResources(options);
  return limits.map((cfg) => activePair(setUp, {}, { resources, cfg }).client);
}

test("peers that share receive resources have limits of their own", () => {
  const [free, shallow, few, short] = clients([
    {},
    { "net.limits.depth": 2 },
    { "net.limits.elements": 100 },
    { "net.limits.packetlength": 1000 },
  ]) as [End, End, End, End];
  const nested = packet(64, "91919101");
  const many = packet(64, concat(new Uint8Array([0xdc, 0, 101]), new Uint8Array(101)));
  const long = packet(64, concat(new Uint8Array([0xda, 0x03, 0xe0]), new Uint8Array(992)));
  for (const sent of [nested, many, long]) {
    free.receive(sent);
    if (sent !== nested) shallow.receive(sent);
    if (sent !== many) few.receive(sent);
    if (sent !== long) short.receive(sent);
  }
  shallow.receive(nested);
  few.receive(many);
  short.receive(long);
  free.receive(nested);
  const [strong, wide, text] = [[[[1]]], Array(101).fill(0), "\0".repeat(992)];
  expect([free, shallow, few, short].map(({ received }) => received)).toEqual([
    [strong, wide, text, strong],
    [wide, text],
    [strong, text],
    [strong, wide],
  ]);
  expect([free, shallow, few, short].map(({ codes }) => codes)).toEqual([
    [],
    ["P3D_ERR_BAD_DATA"],
    ["P3D_ERR_BAD_DATA"],
    ["P3D_ERR_PACKET_TOO_LARGE"],
  ]);
});

test.each([0, 1, 64])("packets in pieces on several connections do not mix, with %d idle ones", (idle) => {
  const ends = clients([{}, {}, {}], { idleDecoders: idle });
  const sent = ends.map((_, index) =>
    packet(64, concat(new Uint8Array([0xa5]), Buffer.from(`text${index}`))),
  );
  for (let at = 0; at < 17; at += 3) {
    for (const [index, end] of ends.entries()) end.receive((sent[index] as Uint8Array).subarray(at, at + 3));
  }
  expect(ends.map(({ received }) => received)).toEqual([["text0"], ["text1"], ["text2"]]);
  expect(ends.flatMap(({ codes }) => codes)).toEqual([]);
});

test("what broke one connection does not reach the next one", () => {
  const [first, second, third] = clients([{}, {}, {}]) as [End, End, End];
  first.receive(packet(64, "01").subarray(0, 9));
  first.connection.markClosed();
  second.receive(packet(64, "02"));
  second.receive(packet(64, "c1"));
  third.receive(packet(64, "03"));
  expect([first.received, second.received, third.received]).toEqual([[], [2], [3]]);
});

test("texts and buffers come from what it is given", () => {
  const lengths: number[] = [];
  const read: string[] = [];
  const [end] = clients([{}], {
    texts: {
      read(bytes, start, finish) {
        const text = Buffer.from(bytes.subarray(start, finish)).toString();
        read.push(text);
        return text;
      },
    },
    allocate(length) {
      lengths.push(length);
      return new Uint8Array(length).fill(0xff);
    },
  }) as [End];
  const sent = packet(64, concat(new Uint8Array([0xd9, 40]), new Uint8Array(40).fill(0x61)));
  end.receive(sent.subarray(0, 20));
  end.receive(sent.subarray(20));
  expect(end.received).toEqual(["a".repeat(40)]);
  expect(read.at(-1)).toBe("a".repeat(40));
  expect(lengths.length).toBeGreaterThan(0);
});

test("a buffer is freed once its packet will never be whole, and not while it may be", () => {
  const made: Uint8Array[] = [];
  const freed: Uint8Array[] = [];
  const [whole, half] = clients([{}, {}], {
    allocate(length) {
      const bytes = new Uint8Array(length);
      made.push(bytes);
      return bytes;
    },
    free: (bytes) => freed.push(bytes),
  }) as [End, End];
  const sent = packet(64, concat(new Uint8Array([0xa5]), Buffer.from("hello")));
  whole.receive(sent.subarray(0, 12));
  whole.receive(sent.subarray(12));
  whole.connection.markClosed();
  half.receive(sent.subarray(0, 12));
  expect(freed).toEqual([]);
  half.connection.markClosed();
  expect([whole.received, freed]).toEqual([["hello"], [made.at(-1)]]);
  expect(freed[0]).toBe(made.at(-1));
});

test("the name that they had before still stands for them", () => {
  expect(ReceiveKit).toBe(ReceiveResources);
});
