// Packets of the handshake that are encoded once for many connections.

import { Packet, SIDE_SERVER, ValueCodec } from "@peng3dnet/protocol";
import { RegistryAnnouncement } from "../../src/handshake/registry-announcement.js";
import { SteadyPacket } from "../../src/handshake/steady-packet.js";
import { hex, packet } from "../support/bytes.js";
import { End } from "../support/pair.js";

const { context } = new End(SIDE_SERVER);

test("a steady packet is encoded again only where its id, its text or what it is about is another one", () => {
  const steady = new SteadyPacket();
  const [one, two] = [{}, {}];
  let made = 0;
  const encoded = (id: number, text: string, about: unknown): Uint8Array =>
    steady.find(id, text, about) ?? steady.encode(context, id, text, about, ++made);
  const first = encoded(0, "", undefined);
  expect(hex(first)).toBe(hex(packet(0, "01")));
  expect(encoded(0, "", undefined)).toBe(first);
  const steps: [number, string, unknown][] = [
    [2, "", undefined],
    [2, "a", undefined],
    [2, "a", one],
    [2, "a", two],
    [2, "b", two],
    [3, "b", two],
  ];
  for (const [at, step] of steps.entries()) {
    const next = encoded(...step);
    expect(hex(next)).toBe(hex(packet(step[0], `0${at + 2}`)));
    expect(encoded(...step)).toBe(next);
  }
});

test("where the application encodes, it is asked each time", () => {
  const { context: own } = new End(SIDE_SERVER, { codec: new ValueCodec() });
  const steady = new SteadyPacket();
  expect(hex(steady.encode(own, 2, "a", undefined, 1))).toBe(hex(packet(2, "01")));
  expect(steady.find(2, "a", undefined)).toBeUndefined();
  expect(hex(steady.encode(own, 2, "a", undefined, 2))).toBe(hex(packet(2, "02")));
});

test("a registry is encoded once until it changes", () => {
  const { context: own, peer } = new End(SIDE_SERVER);
  const announcement = new RegistryAnnouncement();
  const first = announcement.encoded(own);
  expect(announcement.encoded(own)).toBe(first);
  peer.registry.register(new Packet(peer.registry, peer), "example:later");
  const second = announcement.encoded(own);
  expect(announcement.encoded(own)).toBe(second);
  expect([first, second].map((bytes) => Buffer.from(bytes).includes("example:later"))).toEqual([false, true]);
});
