// What is saved of a session comes back from a place that others may write to: damaged, of another version, or made up.

import { type Client, ResumeError, SessionKeeper } from "@peng3dnet/peer";
import { type Program, Reloading, Said, saved } from "./support/reloading.js";

const PREFIX = "peng3dnet-session-1.";
const SUM = 8;

/** FNV-1a, as docs/guides/reloads.md does not promise; for texts that are made up well. */
function sum(json: string): string {
  let value = 0x811c9dc5;
  for (const char of json) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193);
  return (value >>> 0).toString(16).padStart(SUM, "0");
}

const withSum = (json: string): string => PREFIX + sum(json) + json;
const base64 = (length: number): string => Buffer.alloc(length).toString("base64");

type Change = (session: Record<string, unknown>) => void;

/** A saved session that was changed by somebody who knows how. */
function forged(text: string, change: Change): string {
  const session = JSON.parse(text.slice(PREFIX.length + SUM)) as Record<string, unknown>;
  change(session);
  return withSum(JSON.stringify(session));
}

let world: Reloading;
let text: string;
/** What is secret in it. */
let ticket: string;

beforeEach(async () => {
  world = new Reloading();
  const one: Program = await world.started();
  one.link().toServer.freeze();
  one.client.sendMessage(Said, 1);
  text = saved(one);
  ticket = (JSON.parse(text.slice(PREFIX.length + SUM)) as { ticket: string }).ticket;
  await world.net.settle();
});

/** What `start()` says to a text, without a connection. */
async function refusal(bad: string): Promise<ResumeError> {
  const before = world.dialled;
  const { client } = world.program(bad);
  const error = await client.start().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(world.dialled).toBe(before);
  expect(client.metrics.bytesOut).toBe(0);
  if (!(error instanceof ResumeError)) throw new Error(`it was not refused: ${String(error)}`);
  expect(await client.waitForClose()).toMatchObject({ reason: error.reason, clean: false, error });
  return error;
}

/** All that can be read of an error, as a log would show it. */
function shown(error: unknown): string {
  const { message, stack, cause } = error as Error;
  return [message, stack, cause === undefined ? "" : shown(cause)].join("\n");
}

test.each([
  ["empty", () => ""],
  ["another text", () => "hello"],
  ["of another version", () => text.replace(PREFIX, "peng3dnet-session-2.")],
  ["cut", () => text.slice(0, -1)],
  ["cut to its beginning", () => PREFIX],
  ["longer", () => `${text} `],
  ["no JSON", () => withSum(`{"ticket":"${ticket}"`)],
  ["the ticket alone", () => withSum(`!${ticket}`)],
  ["of another kind", () => withSum("null")],
  ["a list", () => withSum("[]")],
  ["a text in JSON", () => withSum(JSON.stringify(ticket))],
])("a text that is %s is refused before connecting, and not shown", async (_name, make) => {
  const error = await refusal(make());
  expect([error.code, error.reason, error.closeReason]).toEqual([
    "P3D_ERR_RESUME",
    "resumeunreadable",
    "resumeunreadable",
  ]);
  expect(shown(error)).not.toContain(ticket.slice(0, 8));
});

test.each([
  ["the null of a storage", () => null],
  ["the promise of another one", () => Promise.resolve(text)],
  ["the bytes of a file", () => Buffer.from(text)],
  ["a number", () => 42],
])("what is no text is refused as well: %s", async (_name, make) => {
  const error = await refusal(make() as unknown as string);
  expect([error.code, error.reason]).toEqual(["P3D_ERR_RESUME", "resumeunreadable"]);
  expect(shown(error)).not.toContain(ticket.slice(0, 8));
});

test("a text with any one character changed is refused", async () => {
  for (let at = 0; at < text.length; at += 7) {
    const other = text[at] === "A" ? "B" : "A";
    const error = await refusal(text.slice(0, at) + other + text.slice(at + 1));
    expect(error.reason).toBe("resumeunreadable");
    expect(shown(error)).not.toContain(ticket.slice(8, 16));
  }
});

const CHANGES: readonly [string, Change][] = [
  ["no ticket", (session) => delete session.ticket],
  ["a ticket of 15 bytes", (session) => (session.ticket = base64(15))],
  ["a ticket of 129 bytes", (session) => (session.ticket = base64(129))],
  ["a ticket that is no base64", (session) => (session.ticket = "!")],
  ["a ticket that is a list", (session) => (session.ticket = [1])],
  ["no window", (session) => delete session.window],
  ["a window of 0", (session) => (session.window = 0)],
  ["a window that is text", (session) => (session.window = "60")],
  ["a negative offset", (session) => (session.received = -1)],
  ["an offset that is no integer", (session) => (session.received = 1.5)],
  ["an offset beyond all", (session) => (session.received = 2 ** 53)],
  ["more input than came", (session) => Object.assign(session, { received: 1, pending: base64(2) })],
  ["more output than was sent", (session) => Object.assign(session, { sent: 1, kept: base64(2) })],
  [
    "a packet before what is kept",
    (session) => Object.assign(session, { sent: 10, kept: base64(5), packetAt: 4 }),
  ],
  ["a packet behind what is kept", (session) => (session.packetAt = (session.sent as number) + 1)],
  ["a request id beyond the last", (session) => (session.lastRequest = 2 ** 30)],
  ["no connection", (session) => delete session.connection],
  ["a connection that is null", (session) => (session.connection = null)],
  ["a state that is not active", (session) => Object.assign(session.connection as object, { state: 4 })],
  ["a state that is text", (session) => Object.assign(session.connection as object, { state: "64" })],
  ["a mode that is text", (session) => Object.assign(session.connection as object, { mode: "1" })],
  [
    "a connection type that is a number",
    (session) => Object.assign(session.connection as object, { conntype: 1 }),
  ],
  [
    "another connection type",
    (session) => Object.assign(session.connection as object, { conntype: "other" }),
  ],
  ["extensions that are a list", (session) => Object.assign(session.connection as object, { declared: [1] })],
  [
    "an extension that is none",
    (session) =>
      Object.assign(session.connection as object, { peerExtensions: { heartbeat: { interval: "1" } } }),
  ],
  ["ids that are a number", (session) => (session.ids = 1)],
  ["an id below 0", (session) => Object.assign((session.ids as [string, number][])[0] as object, { 1: -1 })],
  [
    "an id twice",
    (session) => (session.ids = (session.ids as [string, number][]).map(([name]) => [name, 70])),
  ],
  ["lacking names that are none of it", (session) => (session.lacking = ["nobody"])],
];

test.each(CHANGES)("a session with %s is refused", async (_name, change) => {
  const error = await refusal(forged(text, change));
  expect(error.reason).toBe("resumeunreadable");
  expect(shown(error)).not.toContain(ticket.slice(0, 8));
});

test.each([
  ["fewer", (ids: [string, number][]) => ids.slice(0, -1)],
  ["more", (ids: [string, number][]) => [...ids, ["__proto__", 5000]]],
])("a session with %s packets is one of another program", async (_name, change) => {
  const bad = forged(text, (session) => {
    session.ids = change(session.ids as [string, number][]);
    session.lacking = [];
  });
  expect((await refusal(bad)).reason).toBe("resumeregistry");
});

test("what is refused changes nothing of the packets, and a fresh session follows with reconnect", async () => {
  const program = (saved?: string): Client => world.program(saved, { reconnect: true }).client;
  const fresh = program();
  await fresh.start();
  const client = program(
    forged(text, (session) => Object.assign(session.connection as object, { declared: [1] })),
  );
  client.initialize();
  const before = client.registry.toMap();
  const started = client.start();
  expect(client.registry.toMap()).toEqual(before);
  world.net.clock.advance(1);
  await started;
  expect(client.active).toBe(true);
});

test.each([
  ["received", "resumegap", (session: Record<string, unknown>) => (session.received = 2 ** 40)],
  [
    "received",
    "resumegap",
    (session: Record<string, unknown>) => Object.assign(session, { received: 0, pending: "" }),
  ],
  [
    "sent",
    "resumegap",
    (session: Record<string, unknown>) => Object.assign(session, { sent: 2 ** 40, packetAt: 2 ** 40 }),
  ],
  ["ticket", "resumeunknown", (session: Record<string, unknown>) => (session.ticket = base64(32))],
])("a made-up %s ends in the server's refusal or the client's own: %s", async (_name, reason, change) => {
  const { client } = world.program(forged(text, change));
  const started = client.start();
  world.net.clock.advance(0);
  await expect(started).rejects.toMatchObject({ reason });
});

test("a text that was not used yet is what is saved", async () => {
  expect(new SessionKeeper(text).save()).toBe(text);
  const { keeper } = world.program(text);
  expect(keeper.save()).toBe(text);
  await world.started(text);
  await world.net.settle();
  expect(world.said).toEqual([1]);
});
