// A connection that another program goes on with: what is saved of it, and what it is made of again.

import {
  BadDataError,
  InvalidStateError,
  Packet,
  type SavedConnection,
  SIDE_CLIENT,
  STATE_ACTIVE,
  STATE_WAITTYPE,
  UnknownConnectionTypeError,
} from "@peng3dnet/protocol";
import { concat, hex } from "../support/bytes.js";
import { activePair, End, type EndOptions, type FakePeer } from "../support/pair.js";
import { zlib } from "../support/zlib.js";

const setUp = (peer: FakePeer): void => {
  peer.registry.register(new Packet(peer.registry, peer), "test:packet", 70);
};
const CLIENT: EndOptions = { setUp, resume: {}, heartbeats: true, compression: zlib };
const SERVER: EndOptions = { setUp, resume: { window: 60 }, heartbeats: true, compression: zlib };

function other(options: EndOptions = CLIENT): End {
  return new End(SIDE_CLIENT, options);
}

test("it is as it was: state, mode, type, and what the sides agreed on", () => {
  const { client } = activePair(setUp, SERVER, CLIENT);
  client.connection.state = STATE_ACTIVE + 1;
  client.connection.mode = 9;
  const saved = JSON.parse(JSON.stringify(client.connection.saved)) as SavedConnection;
  const { connection, host } = other();
  connection.restore(saved);
  expect(connection.saved).toEqual(client.connection.saved);
  expect([connection.state, connection.mode, connection.conntype]).toEqual([STATE_ACTIVE + 1, 9, "classic"]);
  expect([connection.agreed("resume"), connection.agreed("heartbeat"), connection.active]).toEqual([
    true,
    true,
    true,
  ]);
  // Nothing is said of it, and there is no handshake.
  expect([connection.hasOutput, host.completed]).toEqual([false, 0]);
});

test("it goes on between two bytes of a packet", () => {
  const { client, server } = activePair(setUp, SERVER, CLIENT);
  server.connection.send("test:packet", "one");
  server.connection.send("test:packet", "two");
  const bytes = server.take();
  for (let cut = 0; cut <= bytes.length; cut++) {
    const first = other();
    first.connection.restore(client.connection.saved);
    first.receive(bytes.subarray(0, cut));
    const second = other();
    second.connection.restore(first.connection.saved);
    second.connection.push(first.connection.pendingInput);
    second.receive(bytes.subarray(cut));
    expect([...first.host.messages, ...second.host.messages].map(({ msg }) => msg)).toEqual(["one", "two"]);
  }
});

test("what waits is all that was not looked at, a part of a packet before it included", () => {
  const { client, server } = activePair(setUp, SERVER, CLIENT);
  server.connection.send("test:packet", "one");
  const bytes = server.take();
  const { connection } = client;
  expect(connection.pendingInput).toEqual(new Uint8Array(0));
  connection.push(bytes.subarray(0, 6));
  expect(connection.next()).toBe(false);
  connection.push(concat(bytes.subarray(6), bytes));
  expect(hex(connection.pendingInput)).toBe(hex(concat(bytes, bytes)));
  expect(connection.next()).toBe(true);
  expect(hex(connection.pendingInput)).toBe(hex(bytes));
});

test("it does not compress where the other side declined that", () => {
  const declines = { ...SERVER, cfg: { "net.compress.accept": false } };
  const { client } = activePair(setUp, declines, { ...CLIENT, cfg: { "net.compress.threshold": 1 } });
  const { connection } = other({ ...CLIENT, cfg: { "net.compress.threshold": 1 } });
  connection.restore(client.connection.saved);
  connection.send("test:packet", "x".repeat(100));
  // The flags behind length and id.
  expect(hex(connection.output().subarray(8, 10))).toBe("0000");
});

test.each<[string, Partial<SavedConnection>, new (...args: never[]) => Error]>([
  ["a connection type that is not there", { conntype: "none" }, UnknownConnectionTypeError],
  ["a state that is not active", { state: STATE_WAITTYPE }, InvalidStateError],
  ["a state that is no integer", { state: 64.5 }, InvalidStateError],
  ["extensions of its own that are none", { declared: [] as never }, BadDataError],
  ["extensions of the other side that are none", { peerExtensions: { resume: 1 as never } }, BadDataError],
])("it is refused with %s", (_name, change, error) => {
  const { client } = activePair(setUp, SERVER, CLIENT);
  const { connection } = other();
  expect(() => connection.restore({ ...client.connection.saved, ...change })).toThrow(error);
});
