// Bodies without their packet: what one side encoded goes on under another id.

import { bodyOf, encodePacket, FLAG_COMPRESSED, Packet, packetOf } from "@peng3dnet/protocol";
import { encodeUncompressed } from "../../src/packets/encode-packet.js";
import { Pair } from "../support/pair.js";

test.each([
  ["as it is", "short", 0],
  ["compressed", "long".repeat(5000), FLAG_COMPRESSED],
])("a body that is sent %s is the same under another id", (_, value, flags) => {
  const pair = new Pair();
  const packet = encodePacket(pair.server.context, 70, value);
  const body = bodyOf(packet);
  expect(body.flags).toBe(flags);
  expect(packetOf(70, body)).toEqual(packet);
  const other = packetOf(0x0102_0304, body);
  expect(bodyOf(other)).toEqual(body);
  expect(other.subarray(4, 8)).toEqual(new Uint8Array([1, 2, 3, 4]));
  const { bodies } = pair.server.context;
  expect(bodies.decode(other, 10, other.length, flags, true, 1e6)).toBe(value);
});

test.each([
  [64, '(a of "test:a")'],
  [70, '(a of "70")'],
])("what cannot be sent under the id %d is an error that says %s", (id, text) => {
  const { context, peer } = new Pair().server;
  peer.registry.register(new Packet(peer.registry, peer), "test:a", 64);
  expect(() => encodePacket(context, id, { a: () => {} })).toThrow(text);
});

test("the writer of values keeps nothing of a packet that may hold a secret", () => {
  const { context } = new Pair().server;
  encodePacket(context, 70, "open");
  expect(context.writer.bytes.length).toBeGreaterThan(0);
  encodeUncompressed(context, 70, "secret");
  expect(context.writer.bytes).toHaveLength(0);
});
