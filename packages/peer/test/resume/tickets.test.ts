// Who comes with a ticket that is stolen, old, guessed or from elsewhere, and who says what cannot be.

import { inspect } from "node:util";
import { definePacket, payload, SSLSEC_BOTHAUTH, SSLSEC_NONE, type SslSecLevel } from "@peng3dnet/peer";
import type { MemoryLink } from "@peng3dnet/peer/testing";
import { newTicket, nextTicket, sameTicket, sessionName } from "../../src/resume/ticket.js";
import { comeBack, reasonOf, tap, ticketsIn } from "./raw-client.js";
import { Number_, openScene, range, type Scene, type SceneOptions } from "./scene.js";

/** A scene whose lines are listened to. */
async function tapped({
  prepareLink,
  ...options
}: SceneOptions & { prepareLink?: (link: MemoryLink) => void } = {}) {
  const taps: ReturnType<typeof tap>[] = [];
  const prepare = (link: MemoryLink): void => {
    taps.push(tap(link));
    prepareLink?.(link);
  };
  const scene = await openScene({ ...options, prepare });
  return { scene, tickets: () => taps.flatMap(({ toClient }) => ticketsIn(toClient)) };
}

/** The session still works as it should, over the line that it had or another one. */
async function expectUnharmed(scene: Scene): Promise<void> {
  const { client, remote, atClient, atServer } = scene;
  const from = atServer.numbers.length;
  for (const number of range(from, from + 5)) {
    client.sendMessage(Number_, number);
    remote.sendMessage(Number_, number);
  }
  await scene.settle();
  await scene.pass(1, 0.1);
  expect(atServer.numbers).toEqual(range(0, from + 5));
  expect(atClient.numbers).toEqual(range(0, from + 5));
  expect([client.suspended, remote.suspended, atClient.closes, atServer.closes]).toEqual([
    false,
    false,
    [],
    [],
  ]);
  expect(scene.faults).toEqual([]);
}

const received = (scene: Scene): number => scene.link.toClient.delivered;

describe("tickets", () => {
  test("have 32 bytes of chance; the next one has the name and another secret", () => {
    const ticket = newTicket();
    const next = nextTicket(ticket);
    expect([ticket.length, next.length]).toEqual([32, 32]);
    expect(sessionName(next)).toBe(sessionName(ticket));
    expect(next.subarray(16)).not.toEqual(ticket.subarray(16));
    expect(sessionName(newTicket())).not.toBe(sessionName(ticket));
    expect(sessionName(ticket.subarray(1))).toBeUndefined();
  });

  test("are compared whole", () => {
    const ticket = newTicket();
    expect(sameTicket(ticket, ticket.slice())).toBe(true);
    expect(sameTicket(ticket, ticket.subarray(1))).toBe(false);
    for (let at = 0; at < ticket.length; at++) {
      const other = ticket.slice();
      other[at] = (other[at] as number) ^ 1;
      expect(sameTicket(ticket, other)).toBe(false);
    }
  });
});

test.each(["whose line works", "that is suspended"])(
  "wrong tickets do no harm to a session %s",
  async (how) => {
    const { scene, tickets } = await tapped();
    const [ticket] = tickets() as [Uint8Array];
    scene.online = how === "whose line works";
    if (!scene.online) await scene.cut();
    const guessed = newTicket();
    const half = nextTicket(ticket);
    const other = await tapped();
    const attempts = [guessed, half, ...other.tickets()].map((wrong) => comeBack(scene, wrong, 0));
    const short = comeBack(scene, ticket.subarray(0, 16), 0);
    await scene.settle();
    expect([...attempts, short].map(reasonOf)).toEqual(Array.from({ length: 4 }, () => "resumeunknown"));
    expect([...attempts, short].every(({ result }) => result === undefined)).toBe(true);
    scene.online = true;
    await expectUnharmed(scene);
  },
);

test("a ticket is worth nothing once its client has come back with it, and its successor is", async () => {
  const { scene, tickets } = await tapped();
  const [first] = tickets() as [Uint8Array];
  await scene.cutAndResume();
  await scene.cutAndResume();
  expect(scene.atClient.events.filter((event) => event === "resume")).toHaveLength(2);
  const all = tickets();
  expect(all).toHaveLength(3);
  const stale = [first, all[1] as Uint8Array].map((ticket) => comeBack(scene, ticket, 0));
  await scene.settle();
  expect(stale.map(reasonOf)).toEqual(["resumeunknown", "resumeunknown"]);
  await expectUnharmed(scene);
});

test("a resumption that is replayed byte by byte is refused", async () => {
  const taps: ReturnType<typeof tap>[] = [];
  const scene = await openScene({ prepare: (link) => void taps.push(tap(link)) });
  await scene.cutAndResume();
  const [settype] = (taps[1] as ReturnType<typeof tap>).toServer as [Uint8Array];
  const replay = comeBack(scene, newTicket(), 0, (link) => {
    const { write } = link.client;
    link.client.write = () => write.call(link.client, settype);
  });
  await scene.settle();
  expect(reasonOf(replay)).toBe("resumeunknown");
  await expectUnharmed(scene);
});

test.each([
  ["more than was sent", 1],
  ["more than could be", Number.MAX_SAFE_INTEGER],
  ["less than was acknowledged", -200],
])("a resumption that claims to have received %s is refused, and the right one is not", async (_, off) => {
  const { scene, tickets } = await tapped();
  for (const number of range(0, 100)) scene.remote.sendMessage(Number_, number);
  for (const number of range(0, 100)) scene.client.sendMessage(Number_, number);
  await scene.settle();
  await scene.pass(1.1);
  const sent = scene.link.toClient.delivered;
  scene.online = false;
  await scene.cut();
  const claimed = off === Number.MAX_SAFE_INTEGER ? off : off > 0 ? sent + off : off + sent;
  const attempt = comeBack(scene, tickets()[0] as Uint8Array, claimed);
  await scene.settle();
  expect(reasonOf(attempt)).toBe("resumegap");
  scene.online = true;
  await expectUnharmed(scene);
});

test("an acknowledgement of more than was sent ends the session that it came for, and no other one", async () => {
  const { scene, tickets } = await tapped();
  scene.online = false;
  const at = received(scene);
  await scene.cut();
  const attempt = comeBack(scene, tickets()[0] as Uint8Array, at);
  await scene.settle();
  expect(attempt.error).toBeUndefined();
  // [length][id 19][flags][uint32]
  attempt.link.client.write(Uint8Array.of(0, 0, 0, 11, 0, 0, 0, 19, 0, 0, 0xce, 0x7f, 0, 0, 0));
  await scene.settle();
  attempt.link.client.end();
  await scene.settle();
  expect(scene.atServer.closes.map(({ reason }) => reason)).toEqual(["baddata"]);
  expect(scene.server.stopped).toBe(false);
});

test("of two that come at once the later one has the session, and the client of it can come back again", async () => {
  const { scene, tickets } = await tapped();
  scene.online = false;
  const at = received(scene);
  await scene.cut();
  const [ticket] = tickets() as [Uint8Array];
  const one = comeBack(scene, ticket, at);
  const other = comeBack(scene, ticket, at);
  await scene.settle();
  expect([one.error, other.error]).toEqual([undefined, undefined]);
  expect([one.closed, other.closed]).toEqual([true, false]);
  // The client of either has a ticket that is good: it cannot know which one of them came last.
  other.link.cut();
  await scene.settle();
  const again = comeBack(scene, (one.result as { ticket: Uint8Array }).ticket, at);
  await scene.settle();
  expect(again.error).toBeUndefined();
  expect(scene.atServer.closes).toEqual([]);
});

test("a session that somebody comes back to over and over is given 32 times at once, and then 8 times a second", async () => {
  const { scene, tickets } = await tapped();
  scene.online = false;
  const at = received(scene);
  await scene.cut();
  const [ticket] = tickets() as [Uint8Array];
  // Until bytes come over a line, all of them have a ticket that is good.
  const attempts = Array.from({ length: 40 }, () => comeBack(scene, ticket, at));
  const gone = attempts[35] as (typeof attempts)[number];
  const given = (): number => attempts.filter(({ result }) => result !== undefined).length;
  await scene.settle();
  expect(given()).toBe(32);
  const { timers } = scene.net.clock;
  gone.link.cut();
  await scene.settle();
  // Of one that is gone, neither the wait is left nor the deadline of its handshake.
  expect(scene.net.clock.timers).toBe(timers - 2);
  await scene.pass(0.5, 0.125);
  // One of them did not wait that long.
  expect(given()).toBe(35);
  // Bytes come over the line of now: the ticket is worth nothing any more, for those either who still wait.
  const last = attempts[34] as (typeof attempts)[number];
  last.link.client.write(Uint8Array.of(0, 0, 0, 7, 0, 0, 0, 19, 0, 0, 1));
  await scene.settle();
  await scene.pass(1, 0.125);
  expect(attempts.slice(36).map(reasonOf)).toEqual(Array.from({ length: 4 }, () => "resumeunknown"));
  expect([given(), last.closed, scene.atServer.closes]).toEqual([35, false, []]);
  await scene.pass(5, 1);
  const again = comeBack(scene, (last.result as { ticket: Uint8Array }).ticket, at);
  await scene.settle();
  expect([again.error, again.result === undefined]).toEqual([undefined, false]);
});

test("a client that gives up sooner than it would be its time is let in nevertheless, 8 times a second", async () => {
  const { scene, tickets } = await tapped();
  scene.online = false;
  const at = received(scene);
  await scene.cut();
  const [ticket] = tickets() as [Uint8Array];
  for (const _ of range(0, 32)) comeBack(scene, ticket, at);
  await scene.settle();
  let given = 0;
  // Twenty attempts a second, each of which is over after 50 ms.
  for (const _ of range(0, 60)) {
    const attempt = comeBack(scene, ticket, at);
    await scene.settle();
    await scene.pass(0.05);
    if (attempt.result !== undefined) given++;
    attempt.link.cut();
    await scene.settle();
  }
  expect(given).toBeGreaterThanOrEqual(12);
  expect(given).toBeLessThanOrEqual(24);
});

test("a session does not expire while its client is there, and waits until it is its time", async () => {
  const { scene, tickets } = await tapped({ cfg: { "net.resume.window": 2 } });
  scene.online = false;
  const at = received(scene);
  await scene.cut();
  const [ticket] = tickets() as [Uint8Array];
  const attempts = range(0, 56).map(() => comeBack(scene, ticket, at));
  await scene.settle();
  const last = attempts.at(-1) as (typeof attempts)[number];
  for (const attempt of attempts) if (attempt !== last) attempt.link.cut();
  await scene.settle();
  expect([scene.remote.suspended, last.result]).toEqual([true, undefined]);
  await scene.pass(1.9, 0.1);
  expect(last.result).toBeUndefined();
  await scene.pass(0.2, 0.1);
  expect([last.error, last.result === undefined, scene.remote.suspended]).toEqual([undefined, false, false]);
  await scene.pass(10, 1);
  expect([last.closed, scene.atServer.closes]).toEqual([false, []]);
  // Where nobody is there, it expires as ever.
  last.link.cut();
  await scene.settle();
  await scene.pass(2.1, 0.1);
  expect(scene.atServer.closes.map(({ reason }) => reason)).toEqual(["resumeexpired"]);
});

describe("authorizeResume", () => {
  test("is told who comes, and lets in with true alone", async () => {
    const asked: unknown[] = [];
    const scene = await openScene({
      server: {
        authorizeResume: (attempt) => {
          asked.push(attempt);
          return true;
        },
      },
    });
    await scene.cutAndResume();
    expect(asked).toEqual([{ client: scene.remote, addr: ["memory-client", 1], peerCertificate: undefined }]);
    await expectUnharmed(scene);
  });

  test.each([
    ["false", () => false],
    ["something true", () => "yes" as unknown as boolean],
    ["a promise of nothing", (async () => {}) as unknown as () => Promise<boolean>],
    ["a promise of false", async () => false],
    ["an error", () => Promise.reject(new Error("no data base"))],
  ])("%s: refused, and the session waits for its time", async (what, authorizeResume) => {
    const rule = "TypeError: the option authorizeResume has to return true or false, or a promise of it";
    const faults: Record<string, string> = {
      "something true": `${rule}, and returned yes`,
      "a promise of nothing": `${rule}, and returned undefined`,
      "an error": "Error: no data base",
    };
    const scene = await openScene({ server: { authorizeResume } });
    await scene.cutAndResume();
    expect(scene.atClient.closes).toMatchObject([
      { reason: "resumerefused", error: { code: "P3D_ERR_RESUME" } },
    ]);
    expect(scene.attempts).toEqual(["resumerefused"]);
    expect(scene.faults.map(String)).toEqual(what in faults ? [faults[what]] : []);
    expect(scene.remote.suspended).toBe(true);
    await scene.pass(31, 5);
    expect(scene.atServer.closes).toMatchObject([{ reason: "resumeexpired" }]);
  });

  test("that never answers: the handshake's deadline ends the attempt, and the client tries again", async () => {
    let answers = false;
    const scene = await openScene({
      cfg: { "net.timeout.handshake": 2 },
      clientCfg: { "net.timeout.handshake": 3 },
      server: { authorizeResume: () => (answers ? true : new Promise(() => {})) },
    });
    await scene.cutAndResume();
    expect(scene.client.suspended).toBe(true);
    await scene.pass(2.5, 0.1);
    expect(scene.attempts).toEqual(["handshaketimeout"]);
    answers = true;
    await scene.pass(6, 0.1);
    await expectUnharmed(scene);
  });

  test("two at once, with answers that take their time: the later answer has it", async () => {
    const answer: ((allowed: boolean) => void)[] = [];
    const { scene, tickets } = await tapped({
      server: { authorizeResume: () => new Promise((resolve) => answer.push(resolve)) },
    });
    scene.online = false;
    const at = received(scene);
    await scene.cut();
    const [ticket] = tickets() as [Uint8Array];
    const [one, other] = [comeBack(scene, ticket, at), comeBack(scene, ticket, at)];
    await scene.settle();
    answer[1]?.(true);
    await scene.settle();
    expect([one.result, other.result === undefined]).toEqual([undefined, false]);
    // Bytes of its client come: it has the new ticket, and the old one is worth nothing.
    other.link.client.write(Uint8Array.of(0, 0, 0, 7, 0, 0, 0, 19, 0, 0, 1));
    await scene.settle();
    answer[0]?.(true);
    await scene.settle();
    expect(reasonOf(one)).toBe("resumeunknown");
    expect([other.closed, scene.remote.suspended]).toEqual([false, false]);
  });

  test("an answer that comes when the session is over, or in the same moment, leaves nothing open", async () => {
    const answer: ((allowed: boolean) => void)[] = [];
    const { scene, tickets } = await tapped({
      server: { authorizeResume: () => new Promise((resolve) => answer.push(resolve)) },
    });
    scene.online = false;
    const at = received(scene);
    await scene.cut();
    const attempt = comeBack(scene, tickets()[0] as Uint8Array, at);
    await scene.settle();
    void scene.remote.close("banned", { timeout: 1 }).catch(() => {});
    scene.net.clock.advance(20);
    answer[0]?.(true);
    await scene.settle();
    expect(attempt.result).toBeUndefined();
    expect(scene.atServer.closes).toHaveLength(1);
    await scene.pass(10);
    expect(attempt.closed).toBe(true);
    expect(scene.server.clients.size).toBe(0);
  });
});

test("a newcomer that sends more before it is let in is refused", async () => {
  const { scene, tickets } = await tapped({ server: { authorizeResume: () => new Promise(() => {}) } });
  scene.online = false;
  const at = received(scene);
  await scene.cut();
  const attempt = comeBack(scene, tickets()[0] as Uint8Array, at);
  await scene.settle();
  attempt.link.client.write(Uint8Array.of(0, 0, 0, 7, 0, 0, 0, 64, 0, 0, 1));
  await scene.settle();
  expect(scene.attempts).toEqual(["unexpectedpacket"]);
  expect(scene.remote.suspended).toBe(true);
});

test("a line that is less secure than the one before is refused, and its own client comes back", async () => {
  let level: SslSecLevel = SSLSEC_BOTHAUTH;
  const { scene, tickets } = await tapped({
    prepareLink: (link) => void Object.assign(link.server, { sslSeclevel: level }),
  });
  level = SSLSEC_NONE;
  scene.online = false;
  const at = received(scene);
  await scene.cut();
  const attempt = comeBack(scene, tickets()[0] as Uint8Array, at);
  await scene.settle();
  expect(reasonOf(attempt)).toBe("resumerefused");
  level = SSLSEC_BOTHAUTH;
  scene.online = true;
  await scene.pass(6, 0.5);
  await expectUnharmed(scene);
});

test("a registry that has changed since the session began is another one", async () => {
  const scene = await openScene();
  scene.server.register(definePacket({ name: "resume:late", schema: payload<number>() }));
  await scene.cutAndResume();
  expect(scene.atClient.closes).toMatchObject([{ reason: "resumeregistry" }]);
});

test("no error, log, event, metric or inspection shows a ticket", async () => {
  const lines: unknown[] = [];
  const log = (...values: unknown[]): void => void lines.push(values);
  const logger = { debug: log, info: log, warn: log, error: log };
  const peng = { sendEvent: log };
  const { scene, tickets } = await tapped({
    server: { logger, peng },
    client: { logger, peng },
    cfg: { "net.debug.print.recv": true, "net.debug.print.send": true, "net.debug.print.connect": true },
  });
  const seen: unknown[] = [lines];
  const see = (...told: unknown[]): void => void seen.push(told);
  for (const event of ["connection", "suspend", "resume", "close", "drop", "handlerError"] as const)
    scene.server.on(event, see);
  for (const event of ["suspend", "resume", "close", "handlerError"] as const) scene.client.on(event, see);
  await scene.cutAndResume();
  comeBack(scene, tickets()[0] as Uint8Array, 0);
  await scene.cutAndResume();
  seen.push(
    scene.server.metrics,
    scene.client.metrics,
    scene.client,
    scene.server,
    scene.remote,
    scene.remote.conn,
  );
  const text = inspect(seen, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null });
  const dump = text.replace(/\s+/g, "");
  expect(tickets()).toHaveLength(3);
  for (const ticket of tickets()) {
    const secret = ticket.subarray(16, 24);
    for (const form of [
      [...secret].join(),
      Buffer.from(secret).toString("hex"),
      Buffer.from(secret).toString("base64").slice(0, 10),
      [...secret].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    ])
      expect(dump.includes(form)).toBe(false);
  }
});
