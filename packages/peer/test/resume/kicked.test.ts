// A session that the server's application has closed while its client could not be told: it is told when it comes back.

import { isFinalClose } from "@peng3dnet/peer";
import { closeconn, frame } from "../../../core/test/support/wire.js";
import { EndedSessions } from "../../src/resume/ended-sessions.js";
import { newTicket, nextTicket, sessionName } from "../../src/resume/ticket.js";
import { comeBack, reasonOf, tap, ticketsIn } from "./raw-client.js";
import { openScene, packets } from "./scene.js";

test("a close with a reason is final for a client that was away, and told when it comes back", async () => {
  const scene = await openScene();
  scene.online = false;
  await scene.cut();
  const closing = scene.remote.close("kicked");
  await scene.pass(6, 0.5);
  expect(await closing).toMatchObject({ reason: "kicked", clean: false });
  scene.online = true;
  await scene.pass(10, 0.5);
  expect(scene.atClient.closes).toMatchObject([{ reason: "kicked" }]);
  expect(isFinalClose(scene.atClient.closes[0]!)).toBe(true);
});

test("a close without a reason says nothing, and nothing is remembered of it", async () => {
  const scene = await openScene();
  scene.online = false;
  await scene.cut();
  scene.remote.close().catch(() => {});
  await scene.pass(6, 0.5);
  scene.online = true;
  await scene.pass(10, 0.5);
  expect(scene.atClient.closes).toMatchObject([{ reason: "resumeunknown" }]);
});

test.each(["timeout", "serverfull", "socketclose"])(
  "a close with %s, for which a client tries again, leaves it with no session to try for",
  async (reason) => {
    const scene = await openScene();
    scene.online = false;
    await scene.cut();
    scene.remote.close(reason).catch(() => {});
    await scene.pass(12, 0.5);
    scene.online = true;
    await scene.pass(6, 0.5);
    expect(scene.atClient.closes).toMatchObject([{ reason: "resumeunknown" }]);
  },
);

test.each(["the server", "its client", "an error"])(
  "a session that %s has closed while both were there is not remembered",
  async (who) => {
    const taps: ReturnType<typeof tap>[] = [];
    const scene = await openScene({ prepare: (link) => void taps.push(tap(link)) });
    await scene.pass(1, 0.5);
    const ticket = taps.flatMap(({ toClient }) => ticketsIn(toClient)).at(-1);
    if (ticket === undefined) throw new Error("there was no ticket");
    if (who === "the server") await scene.remote.close("bye");
    if (who === "its client") await scene.client.close("bye");
    if (who === "an error") scene.links[0]?.client.write(Uint8Array.of(0, 0, 0, 1, 0));
    await scene.pass(1, 0.5);
    expect(scene.atServer.closes).toHaveLength(1);
    // Another client shows how one connects; it comes with the ticket of the first.
    const client = scene.net.client({ packets });
    scene.net.connect(client, scene.server);
    await client.waitForConnection();
    const attempt = comeBack(Object.assign(Object.create(scene), { client }), ticket, 0);
    await scene.pass(1, 0.5);
    expect(reasonOf(attempt)).toBe("resumeunknown");
  },
);

test("nor is one that both have closed when the line breaks: nobody waits for another line", async () => {
  const scene = await openScene();
  const { toServer } = scene.link;
  scene.online = false;
  toServer.cutAfter(toServer.delivered + closeconn("bye").length);
  scene.remote.close("kicked").catch(() => {});
  scene.client.close("bye").catch(() => {});
  await scene.settle();
  expect(scene.atServer.closes).toMatchObject([{ reason: "kicked", clean: false }]);
  expect([scene.atServer.events, scene.atClient.events]).toEqual([["close"], ["suspend"]]);
  scene.online = true;
  await scene.pass(6, 0.5);
  expect(scene.attempts).toEqual(["resumeunknown"]);
});

test("nor is one that has ended with an error meanwhile", async () => {
  const scene = await openScene({ manual: true });
  const { server } = scene;
  scene.online = false;
  // It is worked off only once the client is away.
  scene.link.client.write(frame(64, Uint8Array.of(0xc1)));
  await scene.settle();
  await scene.cut();
  while (server.process() > 0);
  expect([scene.remote.suspended, scene.remote.conn.open]).toEqual([true, false]);
  await scene.pass(6, 0.5);
  expect(scene.atServer.closes).toMatchObject([{ reason: "baddata" }]);
  scene.online = true;
  await scene.pass(6, 0.5);
  expect(scene.attempts).toEqual(["resumeunknown"]);
});

test("with reconnect, it begins no other session", async () => {
  const scene = await openScene({ client: { reconnect: true } });
  scene.online = false;
  await scene.cut();
  scene.remote.close("kicked").catch(() => {});
  await scene.pass(6, 0.5);
  scene.online = true;
  await scene.pass(20, 0.5);
  expect(scene.atClient.closes).toMatchObject([{ reason: "kicked" }]);
  expect(scene.server.clients.size).toBe(0);
  // One link for the session, and one on which it was told.
  expect(scene.links).toHaveLength(2);
});

describe("what is remembered", () => {
  const LIMITS = { sessions: 4, perAddress: 2 };
  const add = (ended: EndedSessions, address: string, now = 0, until = 30_000): Uint8Array => {
    const ticket = newTicket();
    ended.add(
      sessionName(ticket) as string,
      { tickets: [ticket], reason: "kicked", until },
      address,
      LIMITS,
      now,
    );
    return ticket;
  };

  test("is found with the ticket of the session alone, until its time is over", () => {
    const ended = new EndedSessions();
    const ticket = add(ended, "a");
    expect(ended.find(ticket, 29_999)?.reason).toBe("kicked");
    expect(ended.find(nextTicket(ticket), 0)).toBeUndefined();
    expect(ended.find(new Uint8Array(3), 0)).toBeUndefined();
    expect(ended.find(ticket, 30_000)).toBeUndefined();
  });

  test("is bounded, of one address and in all: the oldest of the address with most goes", () => {
    const ended = new EndedSessions();
    const own = [1, 2, 3].map(() => add(ended, "a"));
    expect(own.map((ticket) => ended.find(ticket, 0) !== undefined)).toEqual([false, true, true]);
    const others = ["b", "c", "d"].map((address) => add(ended, address));
    expect(ended.size).toBe(4);
    expect(own.map((ticket) => ended.find(ticket, 0) !== undefined)).toEqual([false, false, true]);
    expect(others.every((ticket) => ended.find(ticket, 0) !== undefined)).toBe(true);
  });

  test("is as much of the reason as a client takes", () => {
    const ended = new EndedSessions();
    const ticket = newTicket();
    const reason = `${"x".repeat(255)}\u00e9${"y".repeat(1000)}`;
    const session = { tickets: [ticket], reason, until: 1 };
    ended.add(sessionName(ticket) as string, session, "a", LIMITS, 0);
    expect(ended.find(ticket, 0)?.reason).toBe("x".repeat(255));
  });

  test("is freed once its time is over, when the next one comes", () => {
    const ended = new EndedSessions();
    add(ended, "a");
    add(ended, "b");
    add(ended, "c", 30_000, 60_000);
    expect(ended.size).toBe(1);
  });
});
