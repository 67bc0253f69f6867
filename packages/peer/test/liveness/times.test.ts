// Round trips and the server's time, and what a peer may not do with heartbeats.

import { BEAT_ANSWER_ID, BEAT_ID, Client, type Connection, observe } from "@peng3dnet/peer";
import { ManualClock, TestNetwork } from "@peng3dnet/peer/testing";
import { meanWith, NO_TRIP, roundTrip, tripOf } from "../../src/liveness/round-trip.js";
import { ServerClock } from "../../src/liveness/server-clock.js";

async function pair(interval = 1) {
  const net = new TestNetwork();
  const cfg = { "net.heartbeat.interval": interval, "net.heartbeat.timeout": 0 };
  net.clock.advance(7);
  const server = net.server({ cfg });
  net.clock.advance(5);
  const client = net.client({ cfg });
  const link = net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  return { net, server, client, link, remote: [...server.clients.values()][0]! };
}

/** Lets a direction wait, and the clock go on meanwhile. */
async function delayed(
  { net, link }: Awaited<ReturnType<typeof pair>>,
  toClient: number,
  toServer: number,
): Promise<void> {
  link.toClient.freeze();
  link.toServer.freeze();
  net.clock.advance(1);
  await net.settle();
  net.clock.advance(toClient);
  link.toClient.thaw();
  await net.settle();
  net.clock.advance(toServer);
  link.toServer.thaw();
  await net.settle();
}

test("both sides know the round trip a moment after the handshake, and the client the server's time", async () => {
  const { server, client, remote } = await pair();
  expect([client.rtt, remote.rtt, remote.conn.rtt]).toEqual(Array(3).fill({ latest: 0, smoothed: 0 }));
  // The server was made five seconds ago.
  expect([server.serverTime(), client.serverTime()]).toEqual(Array(2).fill({ time: 5, error: 0 }));
});

test("the first beat and its answer leave with the handshake: no side writes anything for them alone", async () => {
  const net = new TestNetwork();
  const [server, client] = [net.server(), net.client()];
  const writes = { server: 0, client: 0 };
  net.connect(client, server, {
    prepare: (link) => {
      for (const side of ["server", "client"] as const) {
        const write = link[side].write.bind(link[side]);
        link[side].write = (bytes) => {
          writes[side]++;
          return write(bytes);
        };
      }
    },
  });
  await client.waitForConnection();
  await net.settle();
  expect([client.rtt, [...server.clients.values()][0]?.rtt]).toEqual(
    Array(2).fill({ latest: 0, smoothed: 0 }),
  );
  // Hello, and the registry with the beat; settype, and accept with the answer.
  expect(writes).toEqual({ server: 2, client: 2 });
});

test("the client's first round trip is that of settype, without what the server took for it", async () => {
  const net = new TestNetwork();
  const [server, client] = [net.server(), net.client()];
  const link = net.connect(client, server, { prepare: (made) => made.toServer.freeze() });
  await net.settle();
  net.clock.advance(0.2);
  link.toClient.freeze();
  link.toServer.thaw();
  await net.settle();
  net.clock.advance(0.3);
  link.toClient.thaw();
  await net.settle();
  expect(client.rtt?.latest).toBeCloseTo(0.5);
  const remote = [...server.clients.values()][0];
  expect(remote?.rtt?.latest).toBeCloseTo(0.3);
  const { time, error } = client.serverTime()!;
  expect(Math.abs(time - server.serverTime().time)).toBeLessThanOrEqual(error + 1e-9);
  // The next beat comes at once, and says when the answer to this one did.
  net.clock.advance(5);
  await net.settle();
  expect(error).toBeGreaterThan(0.1);
  expect(client.serverTime()?.error).toBeLessThan(0.01);
});

test("observers are told each round trip in seconds", async () => {
  const { net, server, client, link, remote } = await pair();
  const told: Record<string, number[]> = { server: [], client: [] };
  observe(server, { roundTrip: (seconds) => void told.server?.push(seconds) });
  observe(client, { roundTrip: (seconds) => void told.client?.push(seconds) });
  await delayed({ net, server, client, link, remote }, 0.1, 0.3);
  expect(told.server).toEqual([expect.closeTo(0.4, 3)]);
  expect(told.client).toHaveLength(1);
});

test("nobody knows anything before there is a connection", () => {
  const net = new TestNetwork();
  const client = net.client();
  expect([client.rtt, client.serverTime()]).toEqual([undefined, undefined]);
});

test("round trips are measured there and back on the server, and by the next beat on the client", async () => {
  const scene = await pair();
  await delayed(scene, 0.1, 0.3);
  expect(scene.remote.rtt?.latest).toBeCloseTo(0.4);
  expect(scene.remote.rtt?.smoothed).toBeCloseTo(0.05);
  scene.net.clock.advance(0.6);
  await scene.net.settle();
  // Its answer and the next beat: what the server waited in between does not count.
  expect(scene.client.rtt?.latest).toBeCloseTo(0.3);
  expect(scene.remote.rtt?.latest).toBeCloseTo(0);
});

test("the server's time is never off by more than it says", async () => {
  const scene = await pair();
  const { net, server, client } = scene;
  for (const [there, back] of [
    [2, 0],
    [0, 3],
    [0.5, 0.5],
    [4, 4],
  ] as const) {
    await delayed(scene, there, back);
    const { time, error } = client.serverTime()!;
    expect(Math.abs(time - server.serverTime().time)).toBeLessThanOrEqual(error + 1e-9);
    net.clock.advance(1000);
    const later = client.serverTime()!;
    expect(Math.abs(later.time - server.serverTime().time)).toBeLessThanOrEqual(later.error + 1e-9);
    // Clocks may drift apart meanwhile.
    expect(later.error).toBeGreaterThan(error);
    await net.settle();
  }
});

test("the mean moves an eighth of the way, and a round trip is no less than none", () => {
  expect(roundTrip(NO_TRIP, NO_TRIP)).toBeUndefined();
  const first = tripOf(80);
  const mean = meanWith(NO_TRIP, first);
  expect(roundTrip(first, mean)).toEqual({ latest: 0.08, smoothed: 0.08 });
  expect(roundTrip(0, meanWith(mean, 0))).toEqual({ latest: 0, smoothed: 0.07 });
  expect(tripOf(-5)).toBe(0);
});

test("the mean comes to a round trip that stays the same, to the microsecond", () => {
  let mean = meanWith(NO_TRIP, tripOf(90));
  for (let count = 0; count < 200; count++) mean = meanWith(mean, tripOf(0.007));
  expect(roundTrip(7, mean)?.smoothed).toBeCloseTo(7e-6, 6);
});

describe("the estimate of a clock", () => {
  test("wants a message in both directions", () => {
    const clock = new ServerClock();
    expect(clock.at(0)).toBeUndefined();
    clock.received(1000, 10);
    expect(clock.at(10)).toBeUndefined();
    clock.arrived(10, 1000, 20);
    expect(clock.at(20)?.time).toBeCloseTo(1.01);
  });

  test("keeps the best bounds of all, which loosen with time", () => {
    const clock = new ServerClock();
    // The server's clock is 5,000 ahead; 10 there, 30 back.
    clock.received(5000, 10);
    clock.arrived(10, 5040, 50);
    expect(clock.at(50)).toEqual({ time: expect.closeTo(5.06, 4), error: expect.closeTo(0.02, 4) });
    // A slow message tells nothing new.
    clock.received(5100, 900);
    clock.arrived(800, 5900, 900);
    expect(clock.at(900)?.error).toBeCloseTo(0.02, 3);
    expect(clock.at(100_050)?.error).toBeCloseTo(0.04, 3);
    // A quick one does.
    clock.received(105_050, 100_051);
    clock.arrived(100_051, 105_052, 100_053);
    expect(clock.at(100_053)?.error).toBeCloseTo(0.001, 4);
  });

  test("begins anew where a clock was set", () => {
    const clock = new ServerClock();
    clock.received(5000, 0);
    clock.arrived(0, 5001, 2);
    clock.received(9000, 10);
    expect(clock.at(10)).toBeUndefined();
    clock.arrived(10, 9001, 12);
    expect(clock.at(12)?.time).toBeCloseTo(9.0025, 4);
    clock.arrived(20, 20, 22);
    expect(clock.at(22)).toBeUndefined();
    clock.received(24, 24);
    expect(clock.at(24)?.time).toBeCloseTo(0.024, 4);
  });
});

describe("a machine that has slept", () => {
  /** Beats of a server whose clock shows so much more than the client's, at the times of the client's; 5 there and 5 back. */
  function estimates(differences: readonly [before: number, after: number]): (number | undefined)[] {
    const clock = new ServerClock();
    let answered: number | undefined;
    let arrived = 0;
    return [0, 1000, 2000, 3000, 4000].map((now) => {
      const difference = differences[now > 1000 ? 1 : 0] as number;
      clock.received(now - 5 + difference, now);
      if (answered !== undefined) clock.arrived(answered, arrived, now);
      answered = now;
      arrived = now + 5 + difference;
      const estimate = clock.at(now);
      return estimate && Math.round(1000 * estimate.time - now);
    });
  }

  test("of a client: nothing is known of the server's time for one beat", () => {
    expect(estimates([50_000, 90_000])).toEqual([undefined, 50_000, undefined, 90_000, 90_000]);
  });

  test("of a server: the estimate is off until the second beat, and nothing is known up to the next one", () => {
    expect(estimates([50_000, 10_000])).toEqual([undefined, 50_000, 50_000, undefined, 10_000]);
  });
});

test("a beat that says nothing of the answer before changes neither round trip nor the server's time", async () => {
  const { net, server, client } = await pair();
  net.clock.advance(0.3);
  const connection = server.getConnection([...server.clients.keys()][0]!) as Connection;
  connection.sendHeartbeat(BEAT_ID, [Math.round(server.serverTime().time * 1e6), null]);
  await net.settle();
  expect(client.rtt).toEqual({ latest: 0, smoothed: 0 });
  expect(client.serverTime()?.time).toBeCloseTo(5.3, 3);
});

describe("a peer that goes beyond what was agreed on is refused", () => {
  /** What came of bytes that one side made up. */
  async function forged(side: "server" | "client", send: (connection: Connection, time: number) => void) {
    const { net, server, client } = await pair();
    const cid = [...server.clients.keys()][0]!;
    const reasons: unknown[] = [];
    server.on("close", (_client, { error }) => reasons.push(error));
    client.on("close", ({ error }) => reasons.push(error));
    const connection = (side === "server" ? server.getConnection(cid) : client.getConnection()) as Connection;
    send(connection, Math.round(server.serverTime().time * 1e6));
    await net.settle();
    return reasons.filter((reason) => reason !== undefined);
  }
  const many = (count: number, send: () => void): void => {
    for (let index = 0; index < count; index++) send();
  };

  test.each<
    [
      string,
      "server" | "client",
      (connection: Connection, time: number) => void,
      code: string,
      message: string,
    ]
  >([
    [
      "beats of a client",
      "client",
      (c) => c.sendHeartbeat(BEAT_ID, null),
      "UNEXPECTED_PACKET",
      "the client sent a heartbeat, which only a server may send",
    ],
    [
      "answers of a server",
      "server",
      (c) => c.sendHeartbeat(BEAT_ANSWER_ID, null),
      "UNEXPECTED_PACKET",
      "the server sent an answer to a heartbeat, which only a client may send",
    ],
    [
      "an answer to no beat",
      "client",
      (c, time) => c.sendHeartbeat(BEAT_ANSWER_ID, time),
      "UNEXPECTED_PACKET",
      "the client answered a heartbeat that it was not sent",
    ],
    [
      "beats without end",
      "server",
      (c, time) => many(9, () => c.sendHeartbeat(BEAT_ID, [time, null])),
      "UNEXPECTED_PACKET",
      "more heartbeats than it said",
    ],
    [
      "beats without a question",
      "server",
      (c) => many(9, () => c.sendHeartbeat(BEAT_ID, null)),
      "UNEXPECTED_PACKET",
      "more heartbeats than it said",
    ],
    [
      "signs of life without end",
      "client",
      (c) => many(9, () => c.sendHeartbeat(BEAT_ANSWER_ID, null)),
      "UNEXPECTED_PACKET",
      "the client sends signs of life without end",
    ],
    ["a beat that is none", "server", (c) => c.sendHeartbeat(BEAT_ID, "now"), "BAD_DATA", ""],
    ["an answer that is none", "client", (c) => c.sendHeartbeat(BEAT_ANSWER_ID, [1]), "BAD_DATA", ""],
    ["a long one", "client", (c) => c.sendHeartbeat(BEAT_ANSWER_ID, "x".repeat(5000)), "BAD_DATA", ""],
  ])("%s", async (_, side, send, code, message) => {
    // The other side may have found something to refuse as well, such as answers to these.
    expect(await forged(side, send)).toContainEqual(
      expect.objectContaining({ code: `P3D_ERR_${code}`, message: expect.stringContaining(message) }),
    );
  });

  test("a wrong answer to a beat", async () => {
    const { net, server, client, link } = await pair();
    let code: unknown;
    server.on("close", (_client, { error }) => {
      code = (error as { code?: string } | undefined)?.code;
    });
    link.toClient.freeze();
    net.clock.advance(1);
    await net.settle();
    client.getConnection()?.sendHeartbeat(BEAT_ANSWER_ID, 1);
    await net.settle();
    net.clock.advance(6);
    await net.settle();
    expect(code).toBe("P3D_ERR_UNEXPECTED_PACKET");
  });

  test("but not one whose beats wake a machine again and again, the clock of which stands still in between", async () => {
    const net = new TestNetwork();
    const clock = new ManualClock();
    const cfg = { "net.heartbeat.interval": 1 };
    const server = net.server({ cfg });
    const client = net.run(new Client({ cfg, clock }));
    net.connect(client, server);
    await client.waitForConnection();
    for (let second = 0; second < 100; second++) {
      clock.advance(0.05);
      net.clock.advance(1);
      await net.settle();
    }
    expect([client.active, server.clients.get(1)?.active]).toEqual([true, true]);
  });

  test("a server that turns its clock ahead gets no more answers than one that may beat as often as any", async () => {
    const net = new TestNetwork();
    const clock = new ManualClock();
    const cfg = { "net.heartbeat.interval": 5 };
    const server = net.server({ cfg });
    const client = net.run(new Client({ cfg, clock }));
    let code: unknown;
    client.on("close", ({ error }) => {
      code = (error as { code?: string } | undefined)?.code;
    });
    const link = net.connect(client, server);
    await client.waitForConnection();
    await net.settle();
    const connection = server.getConnection([...server.clients.keys()][0]!) as Connection;
    // What the client answers is seen, and not judged.
    let answers = 0;
    link.server.takeData = () => void answers++;
    connection.sendHeartbeat(BEAT_ID, [Number.MAX_SAFE_INTEGER, 0]);
    await net.settle();
    answers = 0;
    for (let second = 0; second < 10; second++) {
      clock.advance(1);
      // Twenty in a second: two in the shortest interval that there is.
      for (let beat = 0; beat < 20; beat++) {
        connection.sendHeartbeat(BEAT_ID, [1, null]);
        await net.settle();
      }
    }
    expect([answers, client.active]).toEqual([200, true]);
    for (let beat = 0; beat < 20 && client.active; beat++) {
      connection.sendHeartbeat(BEAT_ID, [Number.MAX_SAFE_INTEGER, 0]);
      await net.settle();
    }
    expect(answers).toBeLessThanOrEqual(208);
    // The server's end is deaf here, so that the close takes its longest.
    clock.advance(60);
    await net.settle();
    expect([client.active, code]).toEqual([false, "P3D_ERR_UNEXPECTED_PACKET"]);
  });

  test("eight beats may come at once, the first one of the connection included", async () => {
    const { net, server, client } = await pair();
    const connection = server.getConnection([...server.clients.keys()][0]!) as Connection;
    many(7, () => connection.sendHeartbeat(BEAT_ID, null));
    await net.settle();
    expect(client.active).toBe(true);
    connection.sendHeartbeat(BEAT_ID, null);
    await net.settle();
    expect(client.active).toBe(false);
  });

  test("a server that has long been there may beat no more often than any other", async () => {
    const net = new TestNetwork();
    const cfg = { "net.heartbeat.interval": 5 };
    const server = net.server({ cfg });
    net.clock.advance(1000);
    const client = net.client({ cfg });
    let message: string | undefined;
    client.on("close", ({ error }) => {
      message = error?.message;
    });
    net.connect(client, server);
    await client.waitForConnection();
    await net.settle();
    for (let second = 0; second < 10; second++) {
      net.clock.advance(1);
      await net.settle();
    }
    const connection = server.getConnection([...server.clients.keys()][0]!) as Connection;
    // Eight, and two in each of two intervals.
    many(12, () => connection.sendHeartbeat(BEAT_ID, null));
    await net.settle();
    expect(message).toMatch("the server sends more heartbeats than it said that it would");
  });

  test("but not one whose beats have waited for long on their way", async () => {
    const { net, client, link } = await pair();
    link.toClient.freeze();
    for (let second = 0; second < 100; second++) {
      net.clock.advance(1);
      await net.settle();
    }
    link.toClient.thaw();
    await net.settle();
    expect(client.active).toBe(true);
  });
});
