// The clients of a server: how they are found, what is left of them, and how they are closed together.

import { ConnectionClosedError, type ServerOptions } from "@peng3dnet/peer";
import { sessionOf } from "../../../core/test/support/session.js";
import { accept, closeconn, packet, settype } from "../../../core/test/support/wire.js";
import { ScriptedTransport } from "../resume/scripted.js";
import { NOTE, Note, scene } from "../session/scripted-client.js";

/** One more client, whose handshake is complete. */
function join({ server }: ReturnType<typeof scene>) {
  const transport = new ScriptedTransport("another");
  const client = server.accept(transport);
  const handler = transport.handler as NonNullable<typeof transport.handler>;
  handler.ready();
  handler.data(Buffer.concat([settype(), accept()]));
  return { client, transport, handler };
}

test("a client is found by its id, for as long as it is there", () => {
  const first = scene();
  const second = join(first);
  const { server } = first;
  expect([...server.clients.keys()]).toEqual([first.client.cid, second.client.cid]);
  for (const { cid } of [first.client, second.client, second.client, first.client])
    expect(server.sendMessage(Note, 1, cid)).toBe(true);
  second.handler.data(closeconn("bye"));
  second.handler.ended();
  second.handler.closed(undefined);
  expect([...server.clients.keys()]).toEqual([first.client.cid]);
  for (const cid of [second.client.cid, 4711]) {
    const sends = (): unknown => server.sendMessage(Note, 1, cid);
    expect(sends).toThrow(ConnectionClosedError);
    expect(sends).toThrow(`there is no client with the cid ${cid}; it may be closed`);
  }
  expect(server.sendMessage(Note, 1, first.client.cid)).toBe(true);
});

test("whoever sends to a client that has just left is told why it was closed", async () => {
  const { server, client, handler } = scene();
  handler.data(closeconn("bye"));
  handler.ended();
  handler.closed(undefined);
  const told = expect.objectContaining({ code: "P3D_ERR_CONNECTION_CLOSED", reason: "bye" });
  expect(() => client.sendMessage(Note, 1)).toThrow(told);
  expect(() => server.sendMessage(Note, 1, client.cid)).toThrow(told);
  await expect(server.flush(client.cid)).rejects.toEqual(told);
});

test("one that was found last is not found any more once it is closed", () => {
  const { server, client, handler } = scene();
  expect(server.sendMessage(Note, 1, client.cid)).toBe(true);
  handler.closed(new Error("reset"));
  expect(() => server.sendMessage(Note, 1, client.cid)).toThrow("there is no client");
});

test("a client in the place of its id is a mistake that is named", () => {
  const { server, client } = scene();
  const cid = client as unknown as number;
  expect(() => server.sendMessage(Note, 1, cid)).toThrow(TypeError);
  expect(() => server.sendMessage(Note, 1, cid)).toThrow(
    "a client is named here by its cid; give its cid, as in client.cid, and not the client itself",
  );
  expect(() => server.sendMessage(Note, 1, null as unknown as number)).toThrow(ConnectionClosedError);
});

test("none is meant where no id is given, be it the only one, and an id as text is none", async () => {
  const { server, client } = scene();
  expect(client.cid).toBe(1);
  for (const cid of [undefined, null])
    expect(() => server.sendMessage(Note, 1, cid as unknown as number)).toThrow(
      `there is no client with the cid ${cid}`,
    );
  expect(() => server.sendMessage(Note, 1, "1" as unknown as number)).toThrow(
    'a client is named here by its cid, a number, and not by "1"',
  );
  await expect(server.closeConnection("1" as unknown as number)).rejects.toThrow(TypeError);
});

test("what the close of one came to that has left is told to whoever closes it then", async () => {
  const { server, client, handler, closes } = scene();
  handler.data(closeconn("bye"));
  handler.ended();
  handler.closed(undefined);
  expect(closes).toHaveLength(1);
  expect(await server.closeConnection(client.cid)).toEqual(closes[0]);
  expect((await server.closeConnection(4711)).error).toBeInstanceOf(ConnectionClosedError);
});

test("all are gone once the last one is", async () => {
  const made = scene();
  const { server, client, handler, net } = made;
  const other = join(made);
  let empty = false;
  server.stop();
  const joined = server.join().then(() => {
    empty = true;
  });
  handler.closed(undefined);
  await net.settle();
  expect([empty, server.clients.has(client.cid)]).toEqual([false, false]);
  other.handler.closed(undefined);
  await joined;
});

test("a server that listens to nothing has an end to wait for while it has clients, be it one that leaves", async () => {
  const waits = async (made: ReturnType<typeof scene>): Promise<boolean> => {
    let waiting = true;
    void made.server.join().then(() => {
      waiting = false;
    });
    await made.net.settle();
    return waiting;
  };
  const made = scene({ manual: true });
  const { server, handler, send } = made;
  server.process();
  expect(await waits(made)).toBe(true);
  // Its packet waits, while its connection is gone.
  send(packet(NOTE, 1));
  handler.closed(undefined);
  expect([server.clients.size, await waits(made)]).toEqual([0, true]);
  server.process();
  expect(await waits(made)).toBe(false);
});

test("one whose packets wait is found while it leaves, and counts", () => {
  const made = scene({ manual: true });
  const { server, client, handler, send } = made;
  server.process();
  send(packet(NOTE, 1), packet(NOTE, 2));
  const other = join(made);
  handler.closed(undefined);
  expect([...server.clients.keys()]).toEqual([other.client.cid]);
  expect(server.metrics).toMatchObject({ queued: 2, packetsIn: 4 });
  expect(() => server.sendMessage(Note, 1, client.cid)).toThrow(
    expect.objectContaining({ reason: "socketclose" }) as Error,
  );
  // It is the one with the lowest id, and not meant where there is none.
  expect(server.getConnection(undefined)).toBeUndefined();
  expect(server.getConnection(client.cid)?.peer).toBe(server);
  server.process();
  expect(server.metrics).toMatchObject({ queued: 0, packetsIn: 6, rejectedBy: {} });
  expect(() => server.sendMessage(Note, 1, client.cid)).toThrow("there is no client");
});

test("a broadcast reaches those whose handshake is complete and who do not close, and says how many", () => {
  const made = scene();
  const { server, client } = made;
  const other = join(made);
  const early = new ScriptedTransport("early");
  server.accept(early);
  early.handler?.ready();
  expect(server.broadcast(Note, 1)).toBe(2);
  const notes = (): number[] => [client, other.client].map(({ conn }) => conn.metrics.packetsOut);
  const [first, second] = notes() as [number, number];
  expect(server.broadcast(Note, 1, { except: other.client })).toBe(1);
  expect(notes()).toEqual([first + 1, second]);
  void sessionOf(client.conn).close("bye");
  expect(server.broadcast(Note, 1)).toBe(1);
});

describe("a server that shuts down", () => {
  const cfg: ServerOptions["cfg"] = { "net.timeout.close": 3 };

  test("tells all, waits for them, and says how many closes were clean", async () => {
    const made = scene({ cfg });
    const { net, server, transport, handler } = made;
    const silent = join(made);
    const shutdown = server.shutdown();
    await net.settle();
    for (const { calls } of [transport, silent.transport]) expect(calls).toContain("closing servershutdown");
    handler.ended();
    handler.closed(undefined);
    await net.settle();
    net.clock.advance(3);
    expect(silent.transport.calls.at(-1)).toBe("destroy");
    silent.handler.closed(undefined);
    expect(await shutdown).toEqual({ clean: 1, unclean: 1 });
  });

  test("waits for no longer than it is told to, and cuts those that are left", async () => {
    const { net, server, transport } = scene({ cfg: { "net.timeout.close": 60 } });
    const shutdown = server.shutdown({ timeout: 2 });
    await net.settle();
    expect(transport.calls).not.toContain("destroy");
    net.clock.advance(2);
    await net.settle();
    expect(transport.calls).toContain("destroy");
    transport.handler?.closed(undefined);
    expect(await shutdown).toEqual({ clean: 0, unclean: 1 });
  });
});
