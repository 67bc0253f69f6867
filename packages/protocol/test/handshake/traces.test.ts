// The extension `trace` (clause 6.8), by which requests may carry where they are traced, and lengths of single packets.

import { Packet } from "@peng3dnet/protocol";
import { activePair, type EndOptions, type FakePeer, Pair } from "../support/pair.js";

/** Opens a connection on which some sides declare traces. */
function pair(onServer: boolean, onClient: boolean, options: EndOptions = {}): Pair {
  const both = new Pair(options, options);
  if (onServer) both.server.connection.declareTraces();
  if (onClient) both.client.connection.declareTraces();
  return both.open();
}

const said = ({ passed }: Pair): string[] =>
  passed.filter(({ bytes }) => Buffer.from(bytes).includes("trace")).map(({ dir }) => dir);

test.each([
  [true, true, ["S>C", "C>S"]],
  [true, false, ["S>C"]],
  [false, true, []],
  [false, false, []],
])("server %p, client %p: what is said, and that both have to", (onServer, onClient, directions) => {
  const both = pair(onServer, onClient);
  expect(said(both)).toEqual(directions);
  const agreed = [both.server, both.client].map(({ connection }) => connection.agreed("trace"));
  expect(agreed).toEqual([onServer && onClient, onServer && onClient]);
  expect(both.client.connection.active).toBe(true);
});

test("it goes with heartbeats, and each without the other", () => {
  const both = pair(true, true, { heartbeats: true });
  const { connection } = both.client;
  expect([connection.agreed("heartbeat"), connection.agreed("trace")]).toEqual([true, true]);
});

test("nothing is said where depth does not allow it", () => {
  const both = pair(true, true, { cfg: { "net.limits.depth": 2 } });
  expect(said(both)).toEqual([]);
  expect(both.client.connection.active).toBe(true);
});

test("each side can tell how long a packet is on the wire, within what it gives rise to", () => {
  const setUp = (peer: FakePeer): void =>
    void peer.registry.register(new Packet(peer.registry, peer), "echo:echo");
  const both = activePair(setUp);
  const lengths: number[] = [];
  both.client.host.onSent = () => lengths.push(both.client.connection.lastPacketBytes);
  both.server.host.onReceived = () => lengths.push(both.server.connection.packetBytes);
  both.client.connection.send("echo:echo", "hello");
  both.client.connection.send("echo:echo", "a".repeat(100_000));
  both.pump();
  expect(lengths.slice(0, 2)).toEqual([16, lengths[3]]);
  // The long one is compressed.
  expect(lengths[1]).toBeLessThan(1000);
  expect(lengths[2]).toBe(16);
  expect(both.server.connection.packetBytes).toBe(0);
});
