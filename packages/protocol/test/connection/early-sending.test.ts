// What is sent before the connection type is known, which a packet with conditions may be.

import { Packet, type PacketRule, SIDE_SERVER, SmartPacket, STATE_WAITTYPE } from "@peng3dnet/protocol";
import { hex, packet } from "../support/bytes.js";
import { End, type FakePeer } from "../support/pair.js";

class Early extends SmartPacket {
  override rule(): PacketRule {
    return { ...super.rule(), state: STATE_WAITTYPE };
  }
}

/** A server's end that has said hello. */
function fresh(type: typeof SmartPacket): End {
  const setUp = (peer: FakePeer): void =>
    void peer.registry.register(new type(peer.registry, peer), "early", 70);
  const server = new End(SIDE_SERVER, { setUp });
  server.connection.open();
  server.take();
  return server;
}

test("is told to the host alone", () => {
  const server = fresh(Early);
  expect(server.connection.send("early", 1)).toBe(true);
  expect(hex(server.take())).toBe(hex(packet(70, "01")));
  expect(server.host.sentData).toEqual([{ ptype: "early", data: 1 }]);
});

test("is shown to the packet's own hook", () => {
  const seen: string[] = [];
  class Observing extends Early {
    override send(bytes: Uint8Array): void {
      seen.push(hex(bytes));
    }
  }
  const server = fresh(Observing);
  server.connection.send("early", 1);
  expect(seen).toEqual([hex(packet(70, "01"))]);
  expect(server.host.sentData).toEqual([{ ptype: "early", data: 1 }]);
});

test("a packet sent by id alone is named in errors by its name, or else by its id", () => {
  const server = new End(SIDE_SERVER, {
    setUp: (peer) => void peer.registry.register(new Packet(peer.registry, peer), "demo:named", 70),
  });
  expect(() => server.connection.sendRaw(70, () => 1)).toThrow(/"demo:named"/);
  expect(() => server.connection.sendRaw(71, () => 1)).toThrow(/"71"/);
});
