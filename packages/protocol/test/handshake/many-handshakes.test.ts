import {
  type Codec,
  Connection,
  InvalidStateError,
  MsgpackCodec,
  Packet,
  SIDE_CLIENT,
  SIDE_SERVER,
} from "@peng3dnet/protocol";
import { concat } from "../support/bytes.js";
import { End, FakeHost, Pair } from "../support/pair.js";

/** Another connection of the same peer. */
function another(end: End, cid: number | null): Connection {
  const connection = new Connection(end.context, cid, new FakeHost());
  end.peer.connections.set(cid, connection);
  return connection;
}

function take(connection: Connection): Uint8Array {
  const parts: Uint8Array[] = [];
  while (connection.hasOutput) {
    parts.push(connection.output().slice());
    connection.outputTaken(true);
  }
  return concat(...parts);
}

function receive(connection: Connection, chunk: Uint8Array): void {
  connection.push(chunk);
  while (connection.next()) connection.dispatch();
}

/** Another connection of a server goes through its handshake with a client. */
function handshake(server: End, cid: number, client: Connection): readonly Uint8Array[] {
  const connection = another(server, cid);
  connection.open();
  client.open();
  const passed: Uint8Array[] = [];
  const pass = (from: Connection, to: Connection): void => {
    const bytes = take(from);
    passed.push(bytes);
    receive(to, bytes);
  };
  pass(connection, client);
  pass(client, connection);
  pass(connection, client);
  pass(client, connection);
  expect([connection.active, client.active]).toEqual([true, true]);
  return passed;
}

test("handshakes one after another are the same to the byte, and the sides go on with what they agreed on", () => {
  const pair = new Pair({ heartbeats: true }, { heartbeats: true }).open();
  const first = pair.passed.map(({ bytes }) => bytes);
  for (const cid of [2, 3]) {
    const client = another(pair.client, null);
    expect(handshake(pair.server, cid, client)).toEqual(first);
    expect(client.agreed("heartbeat")).toBe(true);
    expect(pair.server.peer.connections.get(cid)).toMatchObject({ conntype: "classic" });
  }
});

test("what a server has to say is another thing once a packet takes the place of an extension's", () => {
  const pair = new Pair({ heartbeats: true }, { heartbeats: true }).open();
  const { registry } = pair.server.peer;
  registry.register(new Packet(registry, pair.server.peer), "game:own", 17);
  const other = new End(SIDE_CLIENT, {
    heartbeats: true,
    setUp: (peer) => void peer.registry.register(new Packet(peer.registry, peer), "game:own"),
  });
  const passed = handshake(pair.server, 2, other.connection);
  expect(passed[0]).not.toEqual(pair.passed[0]?.bytes);
  expect(other.connection.agreed("heartbeat")).toBe(false);
  expect(other.peer.registry.getID("game:own")).toBe(17);
});

test("clients of several types are let in by their types", () => {
  const { server, client } = new Pair().open();
  const seen: string[] = [];
  for (const name of ["one", "two", "one"]) {
    const type = { init: () => {}, receive: () => false, send: () => false, closed: () => {} };
    for (const { peer } of [server, client]) peer.conntypes.set(name, type as never);
    const asking = new Connection(client.context, null, new FakeHost(), name);
    client.peer.connections.set(null, asking);
    const asked = another(server, 2);
    asked.open();
    asking.open();
    receive(asking, take(asked));
    receive(asked, take(asking));
    seen.push(asked.conntype);
  }
  expect(seen).toEqual(["one", "two", "one"]);
});

test.each([
  ["a name", { version: "0.2.0", protoversion: 2, extra: "more" }],
  ["binary data", { version: "0.2.0", protoversion: 2, extra: new Uint8Array([1, 2]) }],
  ["a list", { version: "0.2.0", protoversion: 2, extra: [1] }],
  ["very much", { version: "0.2.0", protoversion: 2, extra: "x".repeat(5000) }],
])("a hello with %s that comes twice is understood twice", (_name, hello) => {
  const server = new End(SIDE_SERVER);
  const { client } = new Pair();
  for (const cid of [1, 2, 3]) {
    const asked = another(server, cid);
    asked.sendRaw(1, hello);
    const asking = another(client, null);
    asking.open();
    receive(asking, take(asked));
    expect(asking.state).toBeGreaterThan(0);
    expect(take(asking).length).toBeGreaterThan(0);
  }
});

test.each([
  [null, "version null of"],
  [undefined, "version undefined of"],
  ["2", 'version "2" of'],
  [{}, "version that is no number of"],
])("a version of the protocol that is %p is refused and shown", (protoversion, text) => {
  const { client, server } = new Pair();
  client.connection.open();
  server.connection.sendRaw(1, { version: "0.2.0", protoversion });
  client.receive(server.take());
  expect(client.codes).toEqual(["P3D_ERR_PROTOVERSION_MISMATCH"]);
  expect(client.errors[0]?.message).toContain(text);
});

test("a packet of the protocol whose connection is gone says so", () => {
  const { peer } = new Pair().server;
  const closing = peer.registry.getObj("peng3dnet:internal.closeconn");
  expect(() => closing._receive({}, 77)).toThrow(new InvalidStateError("the connection is closed"));
});

test("what one protoversion was refused for is refused again", () => {
  const server = new End(SIDE_SERVER);
  const { client } = new Pair();
  for (const cid of [1, 2]) {
    const asked = another(server, cid);
    asked.sendRaw(1, { version: "0.3.0", protoversion: 3 });
    const asking = another(client, null);
    asking.open();
    expect(() => receive(asking, take(asked))).toThrow("version 3 of the protocol");
  }
});

test("a codec of the application is asked for each packet of each handshake, and keeps its values to itself", () => {
  const msgpack = new MsgpackCodec();
  const reused: Record<string, unknown> = {};
  const bodies: string[][] = [];
  const codecOf = (said: string[]): Codec => ({
    encode(value) {
      said.push(`encode ${Object.keys(value as object)[0]}`);
      return msgpack.encode(value);
    },
    decode(bytes, exactly) {
      for (const key of Object.keys(reused)) delete reused[key];
      Object.assign(reused, msgpack.decode(bytes, exactly));
      said.push(`decode ${Object.keys(reused)[0]}`);
      return reused;
    },
  });
  const said: string[] = [];
  const pair = new Pair({ codec: codecOf(said) }, { codec: codecOf(said) });
  pair.open();
  for (const cid of [2, 3]) {
    bodies.push(said.splice(0));
    handshake(pair.server, cid, another(pair.client, null));
  }
  bodies.push(said.splice(0));
  expect(bodies[1]).toEqual(expect.arrayContaining(["encode conntype", "decode conntype", "encode success"]));
  expect(bodies[2]).toEqual(bodies[1]);
});

test("an extension codec is asked for what each handshake says, and nobody makes its values unchangeable", () => {
  const made: object[] = [];
  const extensions = {
    encode: () => undefined,
    decode(type: number) {
      const value = { type };
      made.push(value);
      return value;
    },
  };
  const server = new End(SIDE_SERVER, {
    extensions: { encode: () => ({ type: 7, data: new Uint8Array(1) }), decode: () => 0 },
  });
  const { client } = new Pair({}, { extensions });
  for (const cid of [1, 2]) {
    const asked = another(server, cid);
    asked.sendRaw(1, { version: "0.2.0", protoversion: 2, extra: new (class Extra {})() });
    const asking = another(client, null);
    asking.open();
    receive(asking, take(asked));
  }
  expect(made).toHaveLength(2);
  expect(made.some((value) => Object.isFrozen(value))).toBe(false);
});
