// Packets of an extension's own on a connection: which ids are theirs, and from when on.

import { BEAT_ID, Packet } from "@peng3dnet/protocol";
import { packet } from "../support/bytes.js";
import { activePair, type End, type FakePeer, Pair } from "../support/pair.js";

const setUp = (peer: FakePeer): void => void peer.registry.register(new Packet(peer.registry, peer), "a");

const BEATS = { heartbeats: true, cfg: { "net.heartbeat.interval": 1 } };
const BEAT = packet(BEAT_ID, "c0");

/** Takes a packet as a driver does that works packets off later. */
function receiveLater(end: End, bytes: Uint8Array): void {
  end.connection.push(bytes);
  expect(end.connection.next()).toBe(true);
  const raw = end.connection.rawPacket();
  expect(end.connection.next()).toBe(false);
  end.connection.dispatchRaw(raw);
}

const ways: [string, (end: End, bytes: Uint8Array) => void][] = [
  [
    "at once",
    ({ connection }, bytes) => {
      connection.push(bytes);
      while (connection.next()) connection.dispatch();
    },
  ],
  ["later", receiveLater],
];

describe.each(ways)("processed %s", (_way, receive) => {
  test("a beat is one where both sides agreed on heartbeats", () => {
    const { client } = activePair(setUp, BEATS, { heartbeats: true });
    receive(client, BEAT);
    expect(client.host.beats).toEqual([[BEAT_ID, null, BEAT.length]]);
    expect(client.connection.packetsIn).toBe(2);
  });

  test("where they did not, it is unknown", () => {
    const { client } = activePair(setUp);
    expect(() => receive(client, BEAT)).toThrow(/17/);
    expect(client.host.beats).toEqual([]);
  });

  test("any other id that is registered for nothing is unknown", () => {
    const { client } = activePair(setUp, { resume: { window: 60 } }, { resume: {} });
    expect(client.connection.agreed("resume")).toBe(true);
    expect(() => receive(client, packet(99, "01"))).toThrow(/99/);
  });

  test("a packet that was registered with the id in the meantime goes to its handler", () => {
    const { client } = activePair(setUp, BEATS, { heartbeats: true });
    client.peer.registry.register(new Packet(client.peer.registry, client.peer), "late", BEAT_ID);
    receive(client, packet(BEAT_ID, "07"));
    expect(client.received).toEqual([7]);
    expect(client.host.beats).toEqual([]);
  });
});

test("whether the current packet is one", () => {
  const at = ({ connection }: End, bytes: Uint8Array): boolean => {
    connection.push(bytes);
    connection.next();
    return connection.atControl;
  };
  const extended = (): End =>
    activePair(setUp, { ...BEATS, resume: { window: 60 } }, { heartbeats: true, resume: {} }).client;
  expect(at(extended(), BEAT)).toBe(true);
  expect(at(extended(), packet(99, "01"))).toBe(false);
  expect(at(extended(), packet(64, "01"))).toBe(false);
  expect(at(activePair(setUp).client, BEAT)).toBe(false);
});

test("a ticket is taken before the connection is active, and a beat is not", () => {
  const open = (send: (server: End) => void): Pair => {
    const pair = new Pair(
      { setUp, ...BEATS, resume: { window: 60 } },
      { setUp, heartbeats: true, resume: {} },
    );
    Object.assign(pair.server.host, { settypeExchanged: () => send(pair.server) });
    return pair.open();
  };
  const { client } = open(({ connection }) => connection.sendTicket(new Uint8Array(16).fill(7), 60));
  expect(client.codes).toEqual([]);
  expect(client.host.tickets).toEqual([[new Uint8Array(16).fill(7), 60, expect.any(Number)]]);
  expect(client.connection.active).toBe(true);
  const { client: other } = open(({ connection }) => connection.sendHeartbeat(BEAT_ID, null));
  expect(other.host.beats).toEqual([]);
  expect(other.connection.active).toBe(false);
});
