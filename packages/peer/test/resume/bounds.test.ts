// What suspended sessions, unacknowledged bytes and connections that come and go cost at most.

import {
  type Acceptor,
  type Client,
  type ClientOnServer,
  ConfigError,
  type ConfigOverrides,
  ConnectError,
  type ListenRequest,
  type Server,
} from "@peng3dnet/peer";
import { ManualClock, MemoryLink, type TestNetwork } from "@peng3dnet/peer/testing";
import { backOff, checkBackOff } from "../../src/resume/back-off.js";
import {
  type AdmittingServer,
  type ResumableEntry,
  ResumeAdmission,
} from "../../src/resume/resume-admission.js";
import { SuspendedSessions } from "../../src/resume/suspended-sessions.js";
import type { Session } from "../../src/session/session.js";
import { OUTPUT_SLICE } from "../../src/session/session-output.js";
import { stepsOf } from "../support/steps.js";
import { Filled, Number_, packets, quickNetwork, range } from "./scene.js";

interface Member {
  readonly client: Client;
  readonly remote: ClientOnServer;
  readonly link: () => MemoryLink;
  readonly reasons: (string | null)[];
}

/** A server with any number of clients, each from an address of its own. */
class Hall {
  readonly net: TestNetwork = quickNetwork();
  readonly server: Server;
  online = true;
  /** Addresses whose clients have no network. */
  readonly away = new Set<string>();
  /** Reasons for which clients on the server ended, by cid, without those that brought somebody back. */
  readonly ended: [number, string | null][] = [];
  readonly dropped: string[] = [];

  constructor(cfg: ConfigOverrides = {}) {
    this.server = this.net.server({
      packets,
      cfg: { "net.heartbeat.interval": 0, "net.compress.enabled": false, "net.resume.window": 30, ...cfg },
    }) as unknown as Server;
    this.server.on("close", ({ cid }, { reason }) => {
      if (reason !== "resumed") this.ended.push([cid, reason]);
    });
    this.server.on("drop", ({ reason }) => void this.dropped.push(reason));
  }

  async join(
    address = `10.0.0.${this.server.clients.size + 1}`,
    clientCfg: ConfigOverrides = {},
  ): Promise<Member> {
    let link!: MemoryLink;
    const client = this.net.client({
      packets,
      resume: true,
      cfg: { "net.heartbeat.interval": 0, "net.compress.enabled": false, ...clientCfg },
      connector: {
        connect: async ({ established }) => {
          if (!this.online || this.away.has(address)) throw new ConnectError("there is no network");
          link = new MemoryLink();
          Object.assign(link.server, { remoteAddress: [address, 1] });
          this.server.accept(link.server);
          established(link.client);
        },
      },
    }) as unknown as Client;
    client.on(Number_, () => {});
    client.on(Filled, () => {});
    const reasons: (string | null)[] = [];
    client.on("close", ({ reason }) => void reasons.push(reason));
    await client.connect();
    await client.waitForConnection();
    await this.net.settle();
    const remote = [...this.server.clients.values()].at(-1) as ClientOnServer;
    return { client, remote, link: () => link, reasons };
  }

  async pass(seconds: number, step = seconds): Promise<void> {
    for (let left = seconds; left > 1e-9; left -= step) {
      this.net.clock.advance(Math.min(step, left));
      for (let i = 0; i < 4; i++) await this.net.settle();
    }
  }

  async cut(members: readonly Member[]): Promise<void> {
    for (const { link } of members) link().cut();
    for (let i = 0; i < 4; i++) await this.net.settle();
  }
}

async function join(hall: Hall, count: number, address?: string): Promise<Member[]> {
  const members: Member[] = [];
  for (let i = 0; i < count; i++) members.push(await hall.join(address));
  return members;
}

const suspendedOf = (members: readonly Member[]): boolean[] => members.map(({ remote }) => remote.suspended);

describe("too many that are suspended", () => {
  test("the oldest goes, however many come at once", async () => {
    const hall = new Hall({ "net.resume.sessions": 3 });
    const members = await join(hall, 8);
    hall.online = false;
    await hall.cut(members);
    expect(suspendedOf(members)).toEqual([false, false, false, false, false, true, true, true]);
    expect(hall.ended).toEqual(range(1, 6).map((cid) => [cid, "resumeevicted"]));
    hall.online = true;
    await hall.pass(6, 0.5);
    expect(suspendedOf(members)).toEqual(members.map(() => false));
    expect(members.map(({ client }) => client.active)).toEqual(members.map((_, i) => i >= 5));
    expect(members.slice(0, 5).flatMap(({ reasons }) => reasons)).toEqual(
      range(0, 5).map(() => "resumeunknown"),
    );
  });

  test("of one address, the oldest of it", async () => {
    const hall = new Hall({ "net.resume.sessions.address": 2 });
    const others = await join(hall, 2);
    const same = await join(hall, 4, "192.168.0.1");
    hall.online = false;
    await hall.cut([...others, ...same]);
    expect(suspendedOf([...others, ...same])).toEqual([true, true, false, false, true, true]);
  });

  test("who comes back before its break was noticed takes nobody's place", async () => {
    const hall = new Hall({ "net.resume.sessions": 1 });
    const away = await hall.join("10.0.0.1");
    const ghost = await hall.join("10.0.0.2");
    hall.away.add("10.0.0.1");
    await hall.cut([away]);
    ghost.link().toServer.freeze();
    const { client } = ghost.link();
    queueMicrotask(() => client.takeClose(new Error("only the client notices")));
    await hall.net.settle();
    await hall.pass(0.001);
    expect([ghost.remote.suspended, ghost.client.suspended]).toEqual([false, false]);
    expect([away.remote.suspended, hall.ended]).toEqual([true, []]);
  });

  test("the order is that in which they were suspended, and those that went on are out of it", () => {
    const suspended = new SuspendedSessions<string>();
    const limits = { sessions: 3, perAddress: 2 };
    expect(["a1", "b1", "a2"].map((one) => suspended.add(one, one[0] as string, limits))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(suspended.addressOf("a2")).toBe("a");
    suspended.delete("b1");
    expect(suspended.add("a3", "a", limits)).toBe("a1");
    expect(suspended.add("b2", "b", limits)).toBeUndefined();
    expect(suspended.add("c1", "c", limits)).toBe("a2");
    expect([suspended.size, suspended.addressOf("a2")]).toEqual([3, undefined]);
    for (const one of ["a3", "b2", "c1", "c1", "x"]) suspended.delete(one);
    expect(suspended.size).toBe(0);
  });
});

test("addresses that have many suspended sessions push out their own, and not that of somebody else", () => {
  const suspended = new SuspendedSessions<string>();
  const limits = { sessions: 100, perAddress: 10 };
  expect(suspended.add("honest", "home", limits)).toBeUndefined();
  const gone: (string | undefined)[] = [];
  for (let address = 0; address < 30; address++) {
    for (let n = 0; n < 10; n++) gone.push(suspended.add(`${address}/${n}`, String(address), limits));
  }
  expect(suspended.size).toBe(100);
  expect(gone).not.toContain("honest");
  expect(suspended.addressOf("honest")).toBe("home");
});

test("the address that has most is known without a look at the others", () => {
  const suspended = new SuspendedSessions<string>();
  const limits = { sessions: 1000, perAddress: 10 };
  for (const address of range(0, 1000)) suspended.add(`${address}/0`, `${address}`, limits);
  const gone: (string | undefined)[] = [];
  const steps = stepsOf(() => {
    // Of those that have as many, it is the one that has had them for longest.
    gone.push(suspended.add("1000/0", "1000", limits));
    for (const number of range(1, 4)) gone.push(suspended.add(`7/${number}`, "7", limits));
    for (const number of range(1, 3)) gone.push(suspended.add(`8/${number}`, "8", limits));
    suspended.delete("7/3");
    for (const number of range(3, 5)) gone.push(suspended.add(`8/${number}`, "8", limits));
  });
  expect(gone).toEqual(["0/0", "7/0", "7/1", "7/2", "8/0", "8/1", undefined, "8/2"]);
  expect(suspended.size).toBe(1000);
  expect(steps).toBeLessThan(50);
});

test("who waits for a session that is about to expire is found without a look at those who wait for others", () => {
  const clock = new ManualClock();
  const entry = (): ResumableEntry<unknown> =>
    ({ session: {}, limiter: undefined, early: undefined }) as unknown as ResumableEntry<unknown>;
  const [crowded, other] = [entry(), entry()];
  const taken: unknown[] = [];
  const admission = new ResumeAdmission<unknown>(
    { clock, authority: undefined, places: undefined } as unknown as AdmittingServer<unknown>,
    {
      has: () => true,
      closedWith: () => undefined,
      check: (_newcomer, { received }) => (received === 0 ? crowded : other),
      take: (newcomer) => void taken.push(newcomer),
    },
  );
  const comeFor = (which: 0 | 1): Session<unknown> => {
    const newcomer = { open: true } as Session<unknown>;
    admission.asked(newcomer, { ticket: new Uint8Array(1), received: which });
    return newcomer;
  };
  // 32 of each are let in at once.
  for (const _ of range(0, 1032)) comeFor(0);
  const late = range(0, 34)
    .map(() => comeFor(1))
    .slice(32);
  taken.length = 0;
  expect(stepsOf(() => admission.hurry(other))).toBeLessThan(10);
  expect(taken).toEqual(late);
  // Nobody comes twice.
  clock.advance(1);
  expect(taken).toHaveLength(2 + 8);
});

describe("net.limits.unsent.total", () => {
  test("counts what is kept, of suspended sessions, too, and by address", async () => {
    const hall = new Hall({ "net.limits.unsent.total": 400_000, "net.resume.bytes": 300_000 });
    const attackers = await join(hall, 3, "192.168.0.1");
    const honest = await hall.join("10.0.0.9");
    hall.online = false;
    await hall.cut([...attackers, honest]);
    const send = async ({ remote }: Member, bytes: number): Promise<void> => {
      remote.sendMessage(Filled, [0, new Uint8Array(bytes)]);
      await hall.net.settle();
    };
    await send(honest, 150_000);
    // Each of them has less than the honest one, and together they have more.
    for (const one of attackers) await send(one, 100_000);
    expect(hall.ended).toEqual([[expect.any(Number), "slowconsumer"]]);
    expect(honest.remote.suspended).toBe(true);
  });

  /** Clients with a little that is sent to them and not acknowledged, in packets of so many bytes. */
  async function keeping(hall: Hall, count: number, ...lengths: number[]): Promise<Member[]> {
    const members: Member[] = [];
    for (const number of range(0, count)) {
      const member = await hall.join(`10.1.${number}.1`);
      member.link().toServer.freeze();
      for (const length of lengths) member.remote.sendMessage(Filled, [number, new Uint8Array(length)]);
      await hall.net.settle();
      members.push(member);
    }
    return members;
  }

  test("counts what is kept of each of many connections that go on, however little that is", async () => {
    const hall = new Hall({ "net.limits.unsent.total": 300_000 });
    const members = await keeping(hall, 40, 12_000);
    // 12,000 bytes each, in blocks of up to 16 KiB.
    expect(hall.ended.length).toBeGreaterThanOrEqual(15);
    expect(hall.ended.length).toBeLessThanOrEqual(25);
    expect(new Set(hall.ended.map(([, reason]) => reason))).toEqual(new Set(["slowconsumer"]));
    expect(members.filter(({ remote }) => remote.active).length).toBe(40 - hall.ended.length);
  });

  test("forgets what was kept of a session that is given up, also while packets of its client wait", async () => {
    const hall = new Hall({
      "net.limits.unsent.total": 400_000,
      "net.resume.bytes": 300_000,
      "net.resume.window": 5,
    });
    const [away, other] = await join(hall, 2);
    if (away === undefined || other === undefined) throw new Error("nobody joined");
    away.remote.conn.pause();
    away.client.sendMessage(Number_, 1);
    away.remote.sendMessage(Filled, [0, new Uint8Array(250_000)]);
    await hall.net.settle();
    hall.online = false;
    await hall.cut([away]);
    await hall.pass(6, 0.5);
    expect([away.remote.suspended, hall.server.clients.size, hall.ended]).toEqual([false, 1, []]);
    other.link().toServer.freeze();
    other.remote.sendMessage(Filled, [0, new Uint8Array(250_000)]);
    await hall.net.settle();
    expect(hall.ended).toEqual([]);
    away.remote.conn.resume();
    await hall.net.settle();
    expect(hall.ended).toEqual([[1, "resumeexpired"]]);
  });

  test("forgets what was kept once it is acknowledged, however little that was", async () => {
    const hall = new Hall({ "net.limits.unsent.total": 100_000 });
    for (const number of range(0, 40)) {
      const { remote } = await hall.join(`10.1.${number}.1`);
      remote.sendMessage(Filled, [number, new Uint8Array(10_000)]);
      await hall.net.settle();
      await hall.pass(2);
    }
    expect(hall.ended).toEqual([]);
  });

  test("forgets it each time anew, on one connection", async () => {
    // Less than what is acknowledged at once.
    const hall = new Hall({ "net.limits.unsent.total": 30_000 });
    const { remote } = await hall.join("10.1.1.1");
    for (const number of range(0, 10)) {
      remote.sendMessage(Filled, [number, new Uint8Array(10_000)]);
      await hall.net.settle();
      await hall.pass(2);
    }
    expect(hall.ended).toEqual([]);
  });

  test("counts what each of many suspended sessions holds, to the byte", async () => {
    const hall = new Hall({ "net.limits.unsent.total": 100_000 });
    // Some of it is less than is told of a connection that goes on.
    const members = await keeping(hall, 40, 500, 3000);
    hall.online = false;
    expect(hall.ended).toEqual([]);
    await hall.cut(members);
    const left = suspendedOf(members).filter((suspended) => suspended).length;
    // 3,500 bytes each, in blocks of some 4 KiB.
    expect(left).toBeGreaterThanOrEqual(20);
    expect(left).toBeLessThanOrEqual(30);
    expect(new Set(hall.ended.map(([, reason]) => reason))).toEqual(new Set(["slowconsumer"]));
  });

  test("counts nothing twice that had left for a line that broke", async () => {
    const hall = new Hall({ "net.limits.unsent.total": 500_000, "net.resume.bytes": 300_000 });
    const slow = await hall.join("10.0.0.1");
    const other = await hall.join("10.0.0.2");
    // All of it is handed over at once, and waits in the transport.
    slow.link().toClient.capacity = 1000;
    slow.link().toClient.freeze();
    slow.remote.sendMessage(Filled, [0, new Uint8Array(200_000)]);
    await hall.net.settle();
    hall.online = false;
    await hall.cut([slow, other]);
    expect(suspendedOf([slow, other])).toEqual([true, true]);
    // With what is kept of the first one, some 400,000 bytes.
    other.remote.sendMessage(Filled, [0, new Uint8Array(180_000)]);
    await hall.net.settle();
    expect(hall.ended).toEqual([]);
  });

  test("counts nothing any more of what was sent while sessions were suspended, once they have it", async () => {
    const hall = new Hall({ "net.limits.unsent.total": 400_000, "net.resume.bytes": 300_000 });
    const members = await join(hall, 6);
    for (const member of members) {
      hall.online = false;
      await hall.cut([member]);
      member.remote.sendMessage(Filled, [0, new Uint8Array(100_000)]);
      await hall.net.settle();
      expect(member.remote.suspended).toBe(true);
      hall.online = true;
      // It comes back, reads all of it, and says so.
      await hall.pass(8, 0.5);
      expect(member.remote.suspended).toBe(false);
    }
    expect(hall.ended).toEqual([]);
  });

  test("counts what a peer does not acknowledge, which waits at net.resume.bytes, and ends for that", async () => {
    const hall = new Hall({ "net.resume.bytes": 100_000, "net.timeout.unsent": 10 });
    const member = await hall.join();
    // It reads, and says nothing.
    member.link().toServer.freeze();
    const before = member.link().toClient.delivered;
    for (const number of range(0, 60)) {
      member.remote.sendMessage(Filled, [number, new Uint8Array(10_000)]);
      await hall.net.settle();
    }
    expect(member.link().toClient.delivered - before).toBeGreaterThan(90_000);
    expect(member.link().toClient.delivered).toBeLessThan(130_000);
    await hall.pass(25, 1);
    // Its client does not know yet, and comes in vain.
    expect(hall.ended.slice(0, 1)).toEqual([[1, "slowconsumer"]]);
  });
});

test("packets that are as long as what is written at once wait at net.resume.bytes, too", async () => {
  const hall = new Hall({ "net.resume.bytes": 300_000, "net.limits.unsent": 1e9 });
  const member = await hall.join();
  const sent = (): number => hall.server.metrics.bytesOut;
  const start = sent();
  member.remote.sendMessage(Filled, [0, new Uint8Array(100_000)]);
  await hall.net.settle();
  const header = sent() - start - 100_000;
  // It reads, and says nothing.
  member.link().toServer.freeze();
  const before = member.link().toClient.delivered;
  for (const number of range(0, 20)) {
    member.remote.sendMessage(Filled, [number, new Uint8Array(OUTPUT_SLICE - header)]);
    await hall.net.settle();
  }
  expect(member.link().toClient.delivered - before).toBe(2 * OUTPUT_SLICE);
});

test("what had left for a line that broke makes no room for more than net.resume.bytes", async () => {
  const hall = new Hall({ "net.resume.bytes": 100_000 });
  const member = await hall.join();
  member.link().toClient.capacity = 1000;
  member.link().toClient.freeze();
  member.remote.sendMessage(Filled, [0, new Uint8Array(200_000)]);
  await hall.net.settle();
  hall.online = false;
  await hall.cut([member]);
  let sent = 0;
  while (hall.ended.length === 0 && sent < 20) {
    member.remote.sendMessage(Filled, [0, new Uint8Array(20_000)]);
    await hall.net.settle();
    sent++;
  }
  expect([hall.ended, sent]).toEqual([[[1, "resumeoverflow"]], 5]);
});

test("a peer that acknowledges each byte is no other load than its packets are", async () => {
  const hall = new Hall();
  const member = await hall.join();
  // What came in the handshake.
  await hall.pass(1.1);
  const before = member.link().toClient.delivered;
  for (const number of range(0, 100)) member.remote.sendMessage(Number_, number);
  await hall.net.settle();
  const end = member.link().toClient.delivered;
  for (let at = before; at <= end; at++) {
    const [high, low] = [at >> 8, at & 0xff];
    member.link().client.write(Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 19, 0, 0, 0xcd, high, low));
  }
  const written = member.link().toClient.delivered;
  await hall.pass(2, 0.5);
  expect(hall.ended).toEqual([]);
  // None of it was acknowledged in turn.
  expect(member.link().toClient.delivered).toBe(written);
});

describe("limits on connections", () => {
  /** A server that is reached by an acceptor, so that its limits on connections hold. */
  async function door() {
    const hall = new Hall({ "net.limits.connections": 2 });
    let offer!: ListenRequest["offer"];
    await hall.server.addAcceptor(
      {
        listen: async (request) => {
          offer = request.offer;
          return { address: ["memory", 1], close: async () => {} };
        },
      } as Acceptor,
      ["memory", 1],
    );
    const enter = (): { client: Client; link: () => MemoryLink | undefined } => {
      let link: MemoryLink | undefined;
      const client = hall.net.client({
        packets,
        resume: true,
        cfg: { "net.heartbeat.interval": 0, "net.compress.enabled": false },
        connector: {
          connect: async ({ established }) => {
            const next = new MemoryLink();
            let refused = false;
            offer(
              ["10.0.0.1", 1],
              () => next.server,
              () => {
                refused = true;
              },
            );
            if (refused) throw new ConnectError("refused");
            link = next;
            established(next.client);
          },
        },
      }) as unknown as Client;
      return { client, link: () => link };
    };
    return { hall, enter };
  }

  test("one that is given up while its packets wait counts neither as suspended nor as a connection", async () => {
    const { hall, enter } = await door();
    const { client, link } = enter();
    await client.connect();
    await hall.net.settle();
    const remote = hall.server.clients.get(1) as ClientOnServer;
    remote.conn.pause();
    client.sendMessage(Number_, 1);
    await hall.net.settle();
    client.stop();
    link()?.cut();
    await hall.net.settle();
    expect(remote.suspended).toBe(true);
    // Together they are more than net.resume.bytes.
    for (const number of range(0, 2)) remote.sendMessage(Filled, [number, new Uint8Array(600_000)]);
    await hall.net.settle();
    expect([remote.suspended, hall.server.clients.size, hall.ended]).toEqual([false, 0, []]);
    const others = [enter(), enter(), enter()] as const;
    await others[0].client.connect();
    await others[1].client.connect();
    await expect(others[2].client.connect()).rejects.toThrow("refused");
    remote.conn.resume();
    await hall.net.settle();
    expect(hall.ended).toEqual([[1, "resumeoverflow"]]);
  });

  test("a suspended session counts as no connection, and comes back once there is room for one", async () => {
    const { hall, enter } = await door();
    const [first, second, third] = [enter(), enter(), enter()];
    await first.client.connect();
    await second.client.connect();
    await hall.net.settle();
    await expect(third.client.connect()).rejects.toThrow("refused");
    expect(hall.dropped).toEqual(["serverfull"]);
    first.link()?.cut();
    await hall.net.settle();
    const fourth = enter();
    await fourth.client.connect();
    await hall.net.settle();
    await hall.pass(5, 0.5);
    expect([first.client.suspended, hall.server.clients.size]).toEqual([true, 3]);
    await fourth.client.close();
    await hall.pass(6, 0.5);
    expect([first.client.suspended, first.client.active, hall.server.clients.size]).toEqual([false, true, 2]);
  });
});

test("4,096 that come, begin and drop leave behind what net.resume.sessions allows, and that goes in its time", async () => {
  const hall = new Hall({
    "net.resume.sessions": 100,
    "net.resume.sessions.address": 40,
    "net.limits.pending": 5000,
  });
  hall.online = true;
  let most = 0;
  for (let i = 0; i < 4096 / 256; i++) {
    const members = await Promise.all(range(0, 256).map((n) => hall.join(`10.${n % 8}.0.1`)));
    for (const { client } of members) client.stop();
    await hall.net.settle();
    await hall.net.settle();
    most = Math.max(most, hall.server.clients.size);
  }
  expect(most).toBeLessThanOrEqual(100 + 256);
  expect(hall.server.clients.size).toBeLessThanOrEqual(100);
  await hall.pass(31);
  expect(hall.server.clients.size).toBe(0);
  expect(hall.net.clock.timers).toBe(0);
}, 180_000);

describe("the delay before an attempt", () => {
  test("is none at first, then doubles up to the longest, and half of it is left to chance", () => {
    const random = jest.spyOn(Math, "random");
    for (const [chance, part] of [
      [0, 0.5],
      [0.999999, 1],
    ] as const) {
      random.mockReturnValue(chance);
      const delays = range(0, 9).map((attempt) => Math.round(backOff(attempt, {}) / part));
      expect(delays.map((delay) => Math.round(delay / 10) * 10)).toEqual([
        0, 250, 500, 1000, 2000, 4000, 5000, 5000, 5000,
      ]);
    }
    random.mockRestore();
    expect(backOff(1000, {})).toBeLessThanOrEqual(5000);
    expect(backOff(3, { delay: 10, maxDelay: 1 })).toBeLessThanOrEqual(1000);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "1" as never])("%p is none", (delay) => {
    expect(() => checkBackOff({ delay })).toThrow(ConfigError);
    expect(() => checkBackOff({ maxDelay: delay })).toThrow(ConfigError);
  });
});
