// The recordings of Python peers that all implementations share, received and sent by a connection in a browser.

import { Packet } from "@peng3dnet/peer";
import datesAndMaps from "../../../../../vectors/dates-and-maps.json" with { type: "json" };
import edgeValues from "../../../../../vectors/edge-values.json" with { type: "json" };
import largeValues from "../../../../../vectors/large-values.json" with { type: "json" };
import malformed from "../../../../../vectors/malformed.json" with { type: "json" };
import values from "../../../../../vectors/values.json" with { type: "json" };
import { hex } from "../../../../protocol/test/support/bytes.js";
import { activeServer, type FakePeer } from "../../../../protocol/test/support/pair.js";
import { parseVectors, type Vector } from "../../../../protocol/test/support/vector-file.js";
import { zlib } from "../../../../protocol/test/support/zlib.js";
import type { Case } from "./case.js";
import { expectSame } from "./same.js";

class EchoPacket extends Packet {
  override readonly name = "echo:echo";
}

class OtherPacket extends Packet {
  override readonly name = "game:other";
}

function setUp(peer: FakePeer): void {
  peer.registry.registerObject(new OtherPacket(peer.registry, peer));
  peer.registry.registerObject(new EchoPacket(peer.registry, peer));
}

/** What a packet is cut into: whole, byte by byte where it is short, and at some places. */
function* cuts({ bytes }: Vector): Generator<Uint8Array[]> {
  const { length } = bytes;
  yield [bytes];
  if (length < 10_000) yield Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  for (const at of [1, 4, 9, 10, 11, length >> 1, length - 1]) {
    if (at < length) yield [bytes.subarray(0, at), bytes.subarray(at)];
  }
}

const FILES = {
  values,
  "edge-values": edgeValues,
  "large-values": largeValues,
  "dates-and-maps": datesAndMaps,
};

const accepted = Object.entries(FILES).flatMap(([file, json]) => {
  const { packets, settings } = parseVectors(json);
  return packets.map(
    (vector): Case => ({
      name: `${file}, ${vector.name}: received in pieces, and sent`,
      run: () => {
        const end = activeServer(setUp, { cfg: settings });
        for (const chunks of cuts(vector)) {
          end.host.messages.length = 0;
          for (const chunk of chunks) end.receive(chunk.slice());
          if (end.errors.length > 0) throw end.errors[0];
          expectSame(end.received, [vector.value], `in ${chunks.length} pieces`);
        }
        end.take();
        end.connection.send(vector.id, vector.value);
        const again = end.take();
        if (vector.flags === 0) expectSame(hex(again), hex(vector.reencoded), "the bytes that are sent");
        else {
          // Another zlib writes another stream for the same content.
          const inflated = (packet: Uint8Array): string => hex(zlib.inflate(packet.subarray(10), 2 ** 24));
          expectSame(inflated(again), inflated(vector.bytes), "the content that is sent");
        }
      },
    }),
  );
});

const refused = parseVectors(malformed).packets.map(
  ({ name, bytes, error }): Case => ({
    name: `malformed, ${name}: ${error}`,
    run: () => {
      const whole = activeServer(setUp);
      whole.receive(bytes);
      expectSame(whole.codes, [error], "whole");
      expectSame(whole.received, []);
      const split = activeServer(setUp);
      for (const byte of bytes) if (split.errors.length === 0) split.receive(Uint8Array.of(byte));
      expectSame(split.codes, [error], "byte by byte");
    },
  }),
);

export const vectorCases: readonly Case[] = [...accepted, ...refused];
