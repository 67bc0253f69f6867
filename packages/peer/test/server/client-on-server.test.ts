// A client as its server sees it: what it tells of its connection, and its own calls.

import {
  AbortedError,
  type ClientOnServer,
  ConfigError,
  ConnectionLostError,
  defineRequest,
  MODE_NOTSET,
  MODE_PLAY,
  type NativeSocket,
  type PeerCertificate,
  payload,
  SIDE_CLIENT,
  SSLSEC_BOTHAUTH,
  STATE_ACTIVE,
  STATE_LOGGEDIN,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { ScriptedTransport } from "../resume/scripted.js";
import { Note, scene } from "../session/scripted-client.js";

test("it tells of its connection what that is", () => {
  const socket = {} as NativeSocket;
  const peerCertificate = { fingerprint256: "00" } as PeerCertificate;
  const transport = Object.assign(new ScriptedTransport("10.0.0.1"), {
    socket,
    peerCertificate,
    sslSeclevel: SSLSEC_BOTHAUTH,
  }) as unknown as ScriptedTransport;
  const { client, server } = scene({ transport, early: true });
  expect([client.conntype, client.active]).toEqual(["", false]);
  expect(client.server).toBe(server);
  expect([client.cid, client.addr, client.suspended]).toEqual([1, ["10.0.0.1", 1], false]);
  expect(client.sock).toBe(socket);
  expect(client.data).toBeUndefined();
  const { client: joined } = scene({ transport });
  expect([joined.conntype, joined.active, joined.state, joined.mode]).toEqual([
    "classic",
    true,
    STATE_ACTIVE,
    MODE_NOTSET,
  ]);
  expect([joined.peerCertificate, joined.sslSeclevel]).toEqual([peerCertificate, SSLSEC_BOTHAUTH]);
  joined.state = STATE_LOGGEDIN;
  joined.mode = MODE_PLAY;
  expect([joined.conn.state, joined.conn.mode]).toEqual([STATE_LOGGEDIN, MODE_PLAY]);
  expect([joined.state, joined.mode]).toEqual([STATE_LOGGEDIN, MODE_PLAY]);
});

test("it tells how long heartbeats take, and whether its line is broken", async () => {
  const net = new TestNetwork();
  const server = net.server({ cfg: { "net.heartbeat.interval": 1, "net.resume.window": 60 } });
  const client = net.client({ resume: true });
  const link = net.connect(client, server, { delay: 10 });
  const [remote] = [...server.clients.values()] as [ClientOnServer];
  expect(remote.rtt).toBeUndefined();
  await net.pass(3);
  expect(remote.rtt).toEqual({ latest: 0.02, smoothed: 0.02 });
  expect(remote.suspended).toBe(false);
  link.cut();
  await net.settle();
  expect([remote.suspended, remote.active]).toEqual([true, true]);
});

test("what it sends is what the server sends it", async () => {
  const { net, client, transport } = scene({
    cfg: { "net.compress.enabled": false, "net.limits.unsent.highwater": 1000 },
  });
  transport.room = transport.written.length + 1;
  expect(client.sendMessage(Note, "first")).toBe(true);
  await net.settle();
  expect(client.trySend(Note, "second")).toBe("sent");
  expect(client.trySend(Note, new Uint8Array(1000))).toBe("behind");
  expect(client.sendMessage(Note, "third")).toBe(false);
  const ended: string[] = [];
  void client.flush().then(() => ended.push("flushed"));
  client.flush({ timeout: 1 }).catch((error: Error) => void ended.push(error.name));
  // Nobody waits for this one.
  void client.flush({ timeout: 1 });
  await expect(client.flush({ timeout: -1 })).rejects.toThrow(ConfigError);
  await net.settle();
  net.clock.advance(1);
  await net.settle();
  expect(ended).toEqual(["TimedOutError"]);
  transport.drain();
  await net.settle();
  expect(ended).toEqual(["TimedOutError", "flushed"]);
  transport.room = transport.written.length + 1;
  client.sendMessage(Note, "last");
  await net.settle();
  client.sendMessage(Note, "never");
  const flushed = client.flush();
  transport.handler?.closed(new Error("reset"));
  await expect(flushed).rejects.toThrow(ConnectionLostError);
});

test("what it is asked is what the server asks it, with the same options", async () => {
  const Ask = defineRequest({ name: "test:ask", response: payload<string>(), side: SIDE_CLIENT });
  const net = new TestNetwork();
  const server = net.server({ packets: [Ask] });
  const client = net.client({ packets: [Ask] });
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const remote = server.clients.get(1) as ClientOnServer;
  client.answer(Ask, (input) => `heard ${input}`);
  expect(await remote.request(Ask, "hello")).toBe("heard hello");
  await expect(remote.request(Ask, "hello", { signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
});

test("it is closed with a reason or without one, once", async () => {
  const { client, transport, handler } = scene();
  const closing = client.close("enough");
  const other = client.close("other");
  await expect(client.close(42 as unknown as string)).rejects.toThrow(TypeError);
  expect(transport.calls.filter((call) => call.startsWith("closing"))).toEqual(["closing enough"]);
  handler.ended();
  handler.closed(undefined);
  const info = { reason: "enough", error: undefined, clean: true };
  expect(await Promise.all([closing, other])).toEqual([info, info]);
  const silent = scene();
  void silent.client.close();
  expect(silent.transport.calls).toContain("closing null");
});
