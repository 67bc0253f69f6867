// What goes on, waits and ends while a session is suspended.

import { ResumeError, STATE_ACTIVE } from "@peng3dnet/peer";
import type { MemoryLink } from "@peng3dnet/peer/testing";
import { sessionOf } from "../../../core/test/support/session.js";
import { comeBack, tap, ticketsIn } from "./raw-client.js";
import { Double, Droppable, Filled, Number_, openScene, quickNetwork, range, type Scene } from "./scene.js";

function numbers(scene: Scene, from: number, to: number): void {
  for (const number of range(from, to)) {
    scene.client.sendMessage(Number_, number);
    scene.remote.sendMessage(Number_, number);
  }
}

test("the client on the server stays who it is: id, data, mode, state, groups", async () => {
  const scene = await openScene();
  const { server, remote, client } = scene;
  remote.data = { name: "Ada" };
  remote.mode = 42;
  remote.state = 127;
  client.mode = 43;
  server.group("room").add(remote);
  await scene.cut();
  expect([...server.clients.values()]).toEqual([remote]);
  expect(server.group("room").has(remote)).toBe(true);
  await scene.pass(0.001);
  expect([...server.clients.values()]).toEqual([remote]);
  expect([remote.cid, remote.data, remote.mode, remote.state, client.mode]).toEqual([
    1,
    { name: "Ada" },
    42,
    127,
    43,
  ]);
  expect([...server.group("room")]).toEqual([remote]);
  remote.state = STATE_ACTIVE;
  expect(server.group("room").broadcast(Number_, 0)).toBe(1);
  await scene.settle();
  expect(scene.atClient.numbers).toEqual([0]);
});

test("it comes back as well if somebody waits for its close", async () => {
  const scene = await openScene();
  const closed = [scene.client.conn, scene.remote.conn].map((conn) => sessionOf(conn).waitForClose({}));
  await scene.cutAndResume();
  expect([scene.atServer.events, scene.atClient.events]).toEqual([
    ["suspend", "resume"],
    ["suspend", "resume"],
  ]);
  await scene.client.close("bye");
  await expect(Promise.all(closed)).resolves.toMatchObject([{ reason: "bye" }, { reason: "bye" }]);
});

test("a client that noticed the break late may have said all the while that it is there", async () => {
  const beats = { "net.heartbeat.interval": 1, "net.heartbeat.timeout": 3 };
  const scene = await openScene({ cfg: beats, clientCfg: beats });
  scene.client.conn?.pause();
  // Only the server learns that nothing passes.
  scene.link.toClient.freeze();
  scene.link.toServer.freeze();
  scene.link.server.takeClose(new Error("read ETIMEDOUT"));
  // A client that does not listen says so once in an interval.
  await scene.pass(20, 1);
  await scene.cutAndResume();
  scene.client.conn?.resume();
  scene.client.sendMessage(Number_, 1);
  await scene.settle();
  expect([scene.atServer.events, scene.atClient.events]).toEqual([
    ["suspend", "resume"],
    ["suspend", "resume"],
  ]);
  expect(scene.atServer.numbers).toEqual([1]);
});

test("events tell how long it took, and what was sent again", async () => {
  const scene = await openScene();
  const told: unknown[] = [];
  scene.server.on("suspend", (_, info) => void told.push(info));
  scene.server.on("resume", (_, info) => void told.push(info));
  scene.client.on("resume", (info) => void told.push(info));
  scene.online = false;
  scene.link.toClient.freeze();
  for (const number of range(0, 3)) scene.remote.sendMessage(Number_, number);
  await scene.settle();
  await scene.cut();
  await scene.pass(2);
  scene.online = true;
  await scene.pass(5, 0.1);
  expect(told).toEqual([
    { error: expect.objectContaining({ code: "ECONNRESET" }) },
    { resumed: true, seconds: expect.any(Number), packets: 3, bytes: 33 },
    { resumed: true, seconds: expect.any(Number), packets: 0, bytes: 0 },
  ]);
  expect((told[1] as { seconds: number }).seconds).toBeGreaterThan(2);
});

test("requests that are under way are answered once, whichever way was cut", async () => {
  const scene = await openScene();
  const { server, client } = scene;
  let runs = 0;
  const answers: ((value: number) => void)[] = [];
  server.answer(Double, (number) => {
    runs++;
    return new Promise<number>((resolve) => answers.push(() => resolve(2 * number)));
  });
  client.answer(Double, (number) => 2 * number);
  const asked = [client.request(Double, 1, { timeout: 60 })];
  await scene.settle();
  scene.online = false;
  await scene.cut();
  answers[0]?.(0);
  asked.push(
    client.request(Double, 2, { timeout: 60 }),
    server.request(Double, 3, scene.remote, { timeout: 60 }),
  );
  await scene.pass(5, 1);
  scene.online = true;
  await scene.pass(6, 0.5);
  answers[1]?.(0);
  await scene.settle();
  await expect(Promise.all(asked)).resolves.toEqual([2, 4, 6]);
  expect(runs).toBe(2);
});

test("a request whose time is over meanwhile ends as ever, and its answer is for nobody", async () => {
  const scene = await openScene();
  scene.server.answer(Double, (number) => 2 * number);
  scene.online = false;
  await scene.cut();
  const asked = scene.client.request(Double, 1, { timeout: 3 });
  const outcome = asked.catch((error: { code: string }) => error.code);
  await scene.pass(3.1);
  await expect(outcome).resolves.toBe("P3D_ERR_TIMED_OUT");
  scene.online = true;
  await scene.pass(6, 0.5);
  numbers(scene, 0, 1);
  await scene.settle();
  expect([scene.atServer.numbers, scene.atClient.closes]).toEqual([[0], []]);
});

test("handlers learn that nobody waits for an answer any more as soon as the line is back", async () => {
  const scene = await openScene();
  const { server, client } = scene;
  const begun: number[] = [];
  const aborted: number[] = [];
  server.answer(Double, (number, { signal }) => {
    begun.push(number);
    return new Promise<number>((resolve) =>
      signal.addEventListener("abort", () => {
        aborted.push(number);
        resolve(0);
      }),
    );
  });
  const codeOf = (error: { code: string }) => error.code;
  const before = client.request(Double, 1, { timeout: 3 }).catch(codeOf);
  await scene.settle();
  scene.online = false;
  await scene.cut();
  const meanwhile = client.request(Double, 2, { timeout: 2 }).catch(codeOf);
  await scene.pass(4, 1);
  await expect(Promise.all([before, meanwhile])).resolves.toEqual(["P3D_ERR_TIMED_OUT", "P3D_ERR_TIMED_OUT"]);
  expect([begun, aborted]).toEqual([[1], []]);
  scene.online = true;
  await scene.pass(6, 0.5);
  // What was asked while there was no line is carried out all the same, and given up at once.
  expect([begun, aborted]).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(scene.atClient.closes).toEqual([]);
});

test("flush and iterators wait, and go on", async () => {
  const scene = await openScene();
  const seen: unknown[] = [];
  const stream = scene.server.messages(Filled);
  void (async () => {
    for await (const { msg } of stream) seen.push(msg[0]);
  })();
  scene.online = false;
  await scene.cut();
  scene.client.sendMessage(Filled, [7, new Uint8Array(10)]);
  let flushed = false;
  const flush = scene.client.flush().then(() => {
    flushed = true;
  });
  await scene.settle();
  expect([flushed, seen]).toEqual([false, []]);
  scene.online = true;
  await scene.pass(6, 0.5);
  await flush;
  await scene.settle();
  expect(seen).toEqual([7]);
});

test("droppable packets are dropped past the high-water mark, as ever", async () => {
  const scene = await openScene({
    cfg: { "net.limits.unsent.highwater": 2000, "net.limits.unsent.policy": "drop" },
  });
  let came = 0;
  scene.client.on(Droppable, () => void came++);
  scene.online = false;
  await scene.cut();
  const sent = range(0, 1000).filter((number) => scene.remote.sendMessage(Droppable, number)).length;
  expect(sent).toBeLessThan(300);
  scene.online = true;
  await scene.pass(6, 0.5);
  expect(came).toBeGreaterThanOrEqual(sent);
  expect(came).toBeLessThan(sent + 3);
});

test("nor are they taken since much was sent in the turn in which the line broke", async () => {
  const scene = await openScene({
    cfg: { "net.limits.unsent.highwater": 2000, "net.limits.unsent.policy": "drop" },
  });
  scene.online = false;
  expect(scene.remote.sendMessage(Filled, [0, new Uint8Array(3000)])).toBe(false);
  // All of it is with the line that breaks.
  await scene.remote.flush();
  await scene.cut();
  expect(scene.remote.suspended).toBe(true);
  const taken = range(0, 1000).filter((number) => scene.remote.trySend(Droppable, number) !== "dropped");
  expect(taken.length).toBeLessThan(300);
});

test("once the line is back, what waits for it has not waited since an earlier turn", async () => {
  const scene = await openScene({
    cfg: { "net.limits.unsent.highwater": 2000, "net.limits.unsent.policy": "drop" },
    prepare: ({ toClient }) => {
      toClient.capacity = 1000;
    },
  });
  const { remote } = scene;
  scene.client.conn?.pause();
  for (const number of [0, 1]) {
    remote.sendMessage(Filled, [number, new Uint8Array(3000)]);
    await scene.settle();
  }
  expect(remote.trySend(Droppable, 0)).toBe("dropped");
  await scene.cutAndResume();
  expect([remote.suspended, scene.links.length]).toEqual([false, 2]);
  expect(remote.conn.metrics.unsent).toBeGreaterThan(3000);
  expect(remote.trySend(Droppable, 1)).toBe("behind");
  await scene.settle();
  expect(remote.trySend(Droppable, 2)).toBe("dropped");
});

describe("who flushes", () => {
  const LONG = new Uint8Array(100_000);

  /** What has become of a call of `flush`, so far. */
  function watch(flushed: Promise<void>): { is: string } {
    const state = { is: "waiting" };
    flushed.then(
      () => {
        state.is = "flushed";
      },
      (error: unknown) => {
        state.is = String(error);
      },
    );
    return state;
  }

  test("while it is suspended waits for what the line had not taken that broke", async () => {
    const scene = await openScene();
    const { client, link } = scene;
    link.toServer.capacity = 1000;
    link.toServer.freeze();
    client.sendMessage(Filled, [0, LONG]);
    await scene.settle();
    const before = watch(client.flush());
    scene.online = false;
    await scene.cut();
    const meanwhile = watch(client.flush());
    await scene.settle();
    expect([before.is, meanwhile.is]).toEqual(["waiting", "waiting"]);
    scene.online = true;
    await scene.pass(6, 0.5);
    expect([before.is, meanwhile.is]).toEqual(["flushed", "flushed"]);
    expect(scene.atServer.numbers).toEqual([0]);
    const after = watch(client.flush());
    await scene.settle();
    expect(after.is).toBe("flushed");
  });

  test("while the line had taken all need not wait", async () => {
    const scene = await openScene();
    scene.link.toServer.freeze();
    scene.client.sendMessage(Number_, 0);
    await scene.settle();
    await scene.cut();
    const flushed = watch(scene.client.flush());
    await scene.settle();
    expect(flushed.is).toBe("flushed");
  });

  test("while it is being sent again over a slow line waits for that", async () => {
    const scene = await openScene({
      prepare: ({ toClient }) => {
        toClient.capacity = 1000;
      },
    });
    const { remote, server } = scene;
    scene.link.toClient.freeze();
    remote.sendMessage(Filled, [0, LONG]);
    await scene.settle();
    server.on("resume", () => scene.link.toClient.freeze());
    await scene.cutAndResume();
    expect(scene.atServer.events).toEqual(["suspend", "resume"]);
    const flushed = watch(remote.flush());
    await scene.settle();
    expect([flushed.is, scene.atClient.numbers]).toEqual(["waiting", []]);
    scene.link.toClient.thaw();
    await scene.settle();
    expect([flushed.is, scene.atClient.numbers]).toEqual(["flushed", [0]]);
  });

  test("while it is being sent again in several turns waits for the last of them", async () => {
    const longer = new Uint8Array(200_000);
    const net = quickNetwork();
    const { clock } = net;
    const scene = await openScene({
      net,
      prepare: ({ toClient }, index) => {
        if (index === 0) toClient.capacity = 1000;
        else {
          // From now on, all takes so long that others have a turn after each piece.
          let looks = 0;
          const now = clock.now();
          jest.spyOn(clock, "now").mockImplementation(() => now + 100 * ++looks);
        }
      },
    });
    const { remote, server } = scene;
    scene.link.toClient.freeze();
    remote.sendMessage(Filled, [0, longer]);
    await scene.settle();
    // It gets there later than the server hands it to the line.
    server.on("resume", () => scene.link.toClient.freeze());
    const onLine: number[] = [];
    const flushed = remote.flush().then(() => void onLine.push(scene.link.toClient.waiting));
    await scene.cutAndResume();
    expect(scene.atServer.events).toEqual(["suspend", "resume"]);
    await flushed;
    expect(onLine[0]).toBeGreaterThanOrEqual(longer.length);
    scene.link.toClient.thaw();
    await scene.settle();
    expect(scene.atClient.numbers).toEqual([0]);
  });

  test("in vain learns how much was left", async () => {
    const scene = await openScene();
    scene.link.toServer.capacity = 1000;
    scene.link.toServer.freeze();
    scene.client.sendMessage(Filled, [0, LONG]);
    await scene.settle();
    scene.online = false;
    await scene.cut();
    const flushed = watch(scene.client.flush());
    await scene.pass(40, 5);
    const after = watch(scene.client.flush());
    await scene.settle();
    const lost = expect.stringMatching(
      /^ConnectionLostError: the connection ended with (99|100)\d{3} bytes not handed over/,
    );
    expect([flushed.is, after.is]).toEqual([lost, lost]);
  });
});

describe("what piles up", () => {
  test("drain is told when it has left, and not before", async () => {
    const scene = await openScene({ clientCfg: { "net.limits.unsent.highwater": 1000 } });
    let drains = 0;
    scene.client.on("drain", () => void drains++);
    scene.online = false;
    await scene.cut();
    expect(scene.client.sendMessage(Filled, [0, new Uint8Array(2000)])).toBe(false);
    await scene.settle();
    expect(drains).toBe(0);
    scene.online = true;
    await scene.pass(6, 0.5);
    expect([drains, scene.atServer.numbers]).toEqual([1, [0]]);
  });

  test("past net.resume.bytes it ends, on both sides, with what to do about it", async () => {
    const scene = await openScene({ clientCfg: { "net.resume.bytes": 200_000 } });
    await scene.cut();
    scene.client.sendMessage(Filled, [0, new Uint8Array(190_000)]);
    await scene.settle();
    expect(scene.atClient.closes).toEqual([]);
    scene.client.sendMessage(Filled, [1, new Uint8Array(20_000)]);
    await scene.settle();
    expect(scene.atClient.closes).toMatchObject([{ reason: "resumeoverflow" }]);
    const { error } = scene.atClient.closes[0] as { error: Error };
    expect(error).toBeInstanceOf(ResumeError);
    expect(error.message).toContain("net.resume.bytes");
    await scene.pass(31);
    expect(scene.atServer.closes).toMatchObject([{ reason: "resumeexpired" }]);
  });

  describe("and past net.limits.unsent", () => {
    const limits = { "net.limits.unsent": 100_000, "net.limits.unsent.highwater": 10_000 };
    const clientCfg = { ...limits, "net.resume.bytes": 200_000 };
    const narrow = (link: MemoryLink): void => {
      link.toServer.capacity = link.toClient.capacity = 2000;
    };
    const send = (scene: Scene, from: number, to: number): void => {
      for (const number of range(from, to)) scene.client.sendMessage(Filled, [number, new Uint8Array(1000)]);
    };

    test("it goes on, and all of it arrives, from either side", async () => {
      const scene = await openScene({ cfg: limits, clientCfg, prepare: narrow });
      await scene.cut();
      send(scene, 0, 180);
      for (const number of range(0, 500)) scene.remote.sendMessage(Filled, [number, new Uint8Array(1000)]);
      await scene.pass(6, 0.5);
      expect([scene.atClient.closes, scene.atServer.closes]).toEqual([[], []]);
      expect(scene.atServer.numbers).toEqual(range(0, 180));
      expect(scene.atClient.numbers).toEqual(range(0, 500));
    });

    test("what is sent with the line back counts as ever", async () => {
      const scene = await openScene({ clientCfg, prepare: narrow });
      scene.client.on("resume", () => scene.link.toServer.freeze());
      await scene.cut();
      send(scene, 0, 180);
      await scene.pass(0.5);
      send(scene, 180, 270);
      await scene.settle();
      expect([scene.client.suspended, scene.atClient.closes]).toEqual([false, []]);
      scene.client.sendMessage(Filled, [270, new Uint8Array(20_000)]);
      await scene.settle();
      expect(scene.atClient.closes).toMatchObject([{ reason: "slowconsumer" }]);
    });

    test("who comes back and reads nothing, again and again, has no more than net.resume.bytes of it", async () => {
      const scene = await openScene({ clientCfg, prepare: narrow });
      scene.client.on("resume", () => scene.link.toServer.freeze());
      await scene.cut();
      send(scene, 0, 180);
      await scene.pass(0.5);
      expect([scene.client.suspended, scene.atClient.closes]).toEqual([false, []]);
      await scene.cut();
      send(scene, 180, 360);
      await scene.settle();
      expect(scene.atClient.closes).toEqual([]);
      await scene.pass(0.5);
      expect(scene.atClient.closes).toMatchObject([{ reason: "slowconsumer" }]);
    });

    test("a close meanwhile is clean", async () => {
      const scene = await openScene({ clientCfg, prepare: narrow });
      await scene.cut();
      send(scene, 0, 180);
      const closing = scene.client.close("enough");
      await scene.pass(2, 0.5);
      await expect(closing).resolves.toMatchObject({ reason: "enough", clean: true });
      expect(scene.atServer.numbers).toEqual(range(0, 180));
    });
  });

  test("nor more, however much the line that broke had not taken", async () => {
    const scene = await openScene({ clientCfg: { "net.resume.bytes": 200_000 } });
    scene.online = false;
    scene.link.toServer.freeze();
    scene.link.toServer.capacity = 1000;
    scene.client.sendMessage(Filled, [0, new Uint8Array(190_000)]);
    await scene.settle();
    expect(scene.client.conn?.metrics.unsent).toBeGreaterThan(50_000);
    await scene.cut();
    scene.client.sendMessage(Filled, [1, new Uint8Array(190_000)]);
    await scene.settle();
    expect(scene.atClient.closes).toEqual([]);
    scene.client.sendMessage(Filled, [2, new Uint8Array(20_000)]);
    await scene.settle();
    expect(scene.atClient.closes).toMatchObject([{ reason: "resumeoverflow" }]);
  });

  test("who stops at the first false does not come near that, however much was under way", async () => {
    const scene = await openScene({ clientCfg: { "net.resume.bytes": 200_000 } });
    for (const number of range(0, 50)) scene.client.sendMessage(Filled, [number, new Uint8Array(10_000)]);
    await scene.cut();
    let sent = 50;
    while (scene.client.sendMessage(Filled, [sent, new Uint8Array(1000)])) sent++;
    expect(sent).toBeGreaterThan(90);
    await scene.settle();
    expect(scene.client.suspended).toBe(true);
    expect(scene.atClient.closes).toEqual([]);
    await scene.pass(6, 0.5);
    expect(scene.atServer.numbers).toEqual(range(0, sent + 1));
    expect(scene.client.sendMessage(Filled, [sent + 1, new Uint8Array(1000)])).toBe(true);
  });

  test("what was under way when the line broke is none of it", async () => {
    const scene = await openScene({ clientCfg: { "net.resume.bytes": 10_000 } });
    scene.online = false;
    scene.link.toServer.freeze();
    for (const number of range(0, 40)) scene.client.sendMessage(Filled, [number, new Uint8Array(1000)]);
    await scene.settle();
    await scene.cut();
    for (const number of range(40, 48)) scene.client.sendMessage(Filled, [number, new Uint8Array(1000)]);
    await scene.settle();
    scene.online = true;
    await scene.pass(6, 0.5);
    expect([scene.atServer.numbers, scene.atClient.closes]).toEqual([range(0, 48), []]);
  });

  test("a packet of 4 MB that is cut in its middle goes on there, and others can be sent meanwhile", async () => {
    const long = { "net.limits.packetlength": 5_000_000 };
    const scene = await openScene({ cfg: long, clientCfg: long });
    const bytes = Uint8Array.from({ length: 4_000_000 }, (_, i) => (i * 7) % 251);
    let came: Uint8Array | undefined;
    scene.client.on(Filled, ([, filled]) => {
      came = filled.slice();
    });
    for (const at of [1, 300_000, 1_500_000, 1_500_003, 3_900_000]) {
      came = undefined;
      scene.link.toClient.cutAfter(scene.link.toClient.delivered + at);
      scene.remote.sendMessage(Filled, [at, bytes]);
      await scene.settle();
      expect([came, scene.remote.suspended]).toEqual([undefined, true]);
      scene.remote.sendMessage(Number_, at);
      await scene.settle();
      await scene.pass(1, 0.2);
      expect(Buffer.compare(came ?? new Uint8Array(0), bytes)).toBe(0);
      expect(scene.atClient.numbers.slice(-2)).toEqual([at, at]);
    }
    expect(scene.atClient.closes).toEqual([]);
    expect(scene.links).toHaveLength(6);
  });

  test("acknowledgements go between packets, also where more of one is under way than may be kept", async () => {
    const scene = await openScene({ clientCfg: { "net.resume.bytes": 100_000 } });
    scene.link.toServer.freeze();
    scene.client.sendMessage(Filled, [0, new Uint8Array(1_000_000)]);
    await scene.settle();
    for (const number of range(0, 10)) scene.remote.sendMessage(Filled, [number, new Uint8Array(10_000)]);
    await scene.settle();
    scene.link.toServer.thaw();
    await scene.settle();
    expect([scene.atServer.numbers, scene.atClient.numbers]).toEqual([[0], range(0, 10)]);
    expect([scene.atServer.events, scene.atClient.events]).toEqual([[], []]);
  });
});

describe("who is not listened to", () => {
  test.each(["client", "server"] as const)("a paused %s gets all of it when it goes on", async (who) => {
    const scene = await openScene();
    const peer = who === "client" ? scene.client : scene.remote;
    peer.conn?.pause();
    numbers(scene, 0, 50);
    await scene.cutAndResume();
    numbers(scene, 50, 100);
    await scene.settle();
    expect(scene[who === "client" ? "atClient" : "atServer"].numbers).toEqual([]);
    peer.conn?.resume();
    await scene.settle();
    await scene.pass(1, 0.2);
    expect([scene.atClient.numbers, scene.atServer.numbers]).toEqual([range(0, 100), range(0, 100)]);
  });

  test("both sides paused, with more under way than is kept at first, do not wait for each other", async () => {
    const cfg = { "net.resume.bytes": 20_000 };
    const scene = await openScene({ cfg, clientCfg: cfg });
    scene.client.conn?.pause();
    scene.remote.conn?.pause();
    for (const number of range(0, 100)) {
      scene.client.sendMessage(Filled, [number, new Uint8Array(1000)]);
      scene.remote.sendMessage(Filled, [number, new Uint8Array(1000)]);
      if (number % 10 === 0) await scene.settle();
    }
    await scene.settle();
    await scene.cutAndResume();
    scene.client.conn?.resume();
    await scene.pass(1, 0.2);
    scene.remote.conn?.resume();
    await scene.pass(3, 0.2);
    expect([scene.atClient.numbers, scene.atServer.numbers]).toEqual([range(0, 100), range(0, 100)]);
  });

  test("who came to wait for acknowledgements, and then does not listen, goes on writing", async () => {
    const scene = await openScene({ clientCfg: { "net.resume.bytes": 5000 } });
    scene.link.toClient.freeze();
    for (const number of range(0, 20)) scene.client.sendMessage(Filled, [number, new Uint8Array(1000)]);
    await scene.settle();
    expect(scene.atServer.numbers.length).toBeLessThan(20);
    scene.client.conn?.pause();
    await scene.settle();
    expect(scene.atServer.numbers).toEqual(range(0, 20));
  });

  test("with process() by hand, packets that wait are worked off whenever, once and in order", async () => {
    const scene = await openScene({ manual: true });
    for (const number of range(0, 30)) scene.client.sendMessage(Number_, number);
    await scene.settle();
    expect(scene.server.process()).toBe(30);
    for (const number of range(30, 60)) scene.client.sendMessage(Number_, number);
    await scene.cut();
    expect(scene.atServer.numbers).toEqual(range(0, 30));
    await scene.pass(0.001);
    await scene.cutAndResume();
    for (const number of range(60, 90)) scene.client.sendMessage(Number_, number);
    await scene.settle();
    while (scene.server.process() > 0);
    expect(scene.atServer.numbers).toEqual(range(0, 90));
    expect(scene.atServer.events).toEqual(["suspend", "resume", "suspend", "resume"]);
  });

  test("what came before the client stayed away is worked off before the close", async () => {
    const scene = await openScene();
    scene.server.on(Number_, (number) => void (number === 0 && scene.remote.conn.pause()));
    for (const number of range(0, 10)) scene.client.sendMessage(Number_, number);
    await scene.settle();
    scene.online = false;
    await scene.cut();
    await scene.pass(31);
    expect([scene.atServer.numbers, scene.atServer.closes]).toEqual([[0], []]);
    scene.remote.conn?.resume();
    await scene.settle();
    expect(scene.atServer.numbers).toEqual(range(0, 10));
    expect(scene.atServer.closes).toMatchObject([{ reason: "resumeexpired" }]);
  });
});

describe("broadcasts", () => {
  test("share their bytes, and reach those whose line breaks in their middle", async () => {
    const scenes = [await openScene(), await openScene()];
    for (const { server } of scenes) server.group("all");
    const [scene] = scenes as [Scene];
    const bytes = new Uint8Array(50_000).fill(3);
    scene.server.group("all").add(scene.remote);
    scene.link.toClient.cutAfter(scene.link.toClient.delivered + 60_000);
    for (const number of range(0, 3)) scene.server.group("all").broadcast(Filled, [number, bytes]);
    await scene.settle();
    for (const number of range(3, 5)) scene.server.broadcast(Filled, [number, bytes]);
    await scene.settle();
    await scene.pass(1, 0.2);
    expect(scene.atClient.numbers).toEqual(range(0, 5));
    expect(scene.atClient.events).toEqual(["suspend", "resume"]);
  });
});

describe("heartbeats", () => {
  const cfg = { "net.heartbeat.interval": 1, "net.heartbeat.timeout": 3 };

  test("a line over which nothing passes any more is given up by both, and another one is taken", async () => {
    const scene = await openScene({ cfg, clientCfg: cfg });
    await scene.pass(5, 0.5);
    const before = [scene.client.rtt?.smoothed ?? 0, scene.remote.rtt?.smoothed ?? 0];
    scene.link.toClient.freeze();
    scene.link.toServer.freeze();
    numbers(scene, 0, 10);
    await scene.pass(10, 0.5);
    expect(scene.atClient.events).toEqual(["suspend", "resume"]);
    expect(scene.atServer.events).toEqual(["suspend", "resume"]);
    expect([scene.atClient.numbers, scene.atServer.numbers]).toEqual([range(0, 10), range(0, 10)]);
    await scene.pass(5, 0.5);
    // The time without a line is part of no round trip.
    expect(before).toEqual([0, 0]);
    expect([scene.client.rtt?.smoothed, scene.remote.rtt?.smoothed]).toEqual([0, 0]);
    const { time, error } = scene.client.serverTime() ?? { time: Number.NaN, error: 0 };
    expect(Math.abs(time - scene.server.serverTime().time)).toBeLessThanOrEqual(error + 0.001);
  });

  test("a ghost is fenced off: when its client is back over another line, nothing of it is heard or told", async () => {
    const scene = await openScene({ cfg, clientCfg: cfg });
    const ghost = scene.link;
    ghost.toServer.freeze();
    ghost.toClient.freeze();
    scene.client.sendMessage(Number_, 0);
    queueMicrotask(() => ghost.client.takeClose(new Error("only the client notices")));
    await scene.settle();
    await scene.pass(0.001);
    expect(scene.atServer.events).toEqual(["suspend", "resume"]);
    const told = ghost.toClient.delivered;
    ghost.toServer.thaw();
    ghost.toClient.thaw();
    numbers(scene, 1, 5);
    await scene.settle();
    expect(scene.atServer.numbers).toEqual(range(0, 5));
    expect(scene.atClient.numbers).toEqual(range(1, 5));
    expect(ghost.toClient.delivered).toBe(told);
    expect(ghost.server.isClosed).toBe(true);
  });

  test("nobody is ended as idle for the time without a line, and everybody afterwards", async () => {
    const scene = await openScene({ cfg: { "net.timeout.idle": 5 } });
    scene.online = false;
    await scene.cut();
    await scene.pass(20, 1);
    scene.online = true;
    await scene.pass(5, 0.2);
    expect(scene.atServer.events).toEqual(["suspend", "resume"]);
    await scene.pass(6, 0.5);
    expect(scene.atServer.closes).toMatchObject([{ reason: "timeout" }]);
  });
});

describe("ends", () => {
  test.each(["client", "server"] as const)(
    "the %s closes while it is suspended: all arrives, and the reason",
    async (who) => {
      const scene = await openScene();
      scene.online = false;
      await scene.cut();
      numbers(scene, 0, 5);
      const closing = who === "client" ? scene.client.close("enough") : scene.remote.close("enough");
      await scene.settle();
      scene.online = true;
      await scene.pass(5, 0.2);
      await expect(closing).resolves.toMatchObject({ reason: "enough", clean: true });
      const { atClient, atServer } = scene;
      expect([atClient.closes[0]?.reason, atServer.closes[0]?.reason]).toEqual(["enough", "enough"]);
      expect((who === "client" ? atServer : atClient).numbers).toEqual(range(0, 5));
      expect([atClient.events, atServer.events]).toEqual([
        ["suspend", "resume", "close"],
        ["suspend", "resume", "close"],
      ]);
    },
  );

  test("a close waits for net.timeout.close at most for a line", async () => {
    const scene = await openScene({ cfg: { "net.timeout.close": 4 } });
    scene.online = false;
    await scene.cut();
    const closing = scene.remote.close("kicked");
    await scene.pass(5, 1);
    await expect(closing).resolves.toMatchObject({ reason: "kicked", clean: false });
    scene.online = true;
    await scene.pass(6, 0.5);
    expect(scene.atClient.closes).toMatchObject([{ reason: "kicked" }]);
  });

  test("a session that closes is not judged for its silence once its line is back", async () => {
    const left: number[] = [];
    for (const idle of [0, 5]) {
      let tapped: ReturnType<typeof tap> | undefined;
      const scene = await openScene({
        cfg: { "net.timeout.idle": idle, "net.timeout.close": 60 },
        prepare: (link, index) => {
          if (index === 0) tapped = tap(link);
        },
      });
      const [ticket] = ticketsIn(tapped?.toClient ?? []);
      const received = scene.link.toClient.delivered;
      scene.link.toClient.freeze();
      const closing = scene.remote.close("enough");
      await scene.settle();
      scene.online = false;
      await scene.cut();
      expect(scene.remote.suspended).toBe(true);
      const attempt = comeBack(scene, ticket as Uint8Array, received);
      await scene.settle();
      expect([attempt.error, scene.remote.suspended, scene.remote.active]).toEqual([undefined, false, false]);
      left.push(scene.net.clock.timers);
      attempt.link.cut();
      await scene.pass(61, 1);
      await expect(closing).resolves.toMatchObject({ reason: "enough" });
    }
    expect(left[1]).toBe(left[0]);
  });

  test("a close of much that waits for acknowledgements is clean", async () => {
    const cfg = { "net.resume.bytes": 20_000 };
    const scene = await openScene({ cfg, clientCfg: cfg });
    for (const number of range(0, 200)) {
      scene.client.sendMessage(Filled, [number, new Uint8Array(1000)]);
      scene.remote.sendMessage(Filled, [number, new Uint8Array(1000)]);
    }
    const closing = scene.client.close("enough");
    await scene.settle();
    await expect(Promise.race([closing, scene.pass(1)])).resolves.toMatchObject({ clean: true });
    expect(scene.atServer.numbers).toEqual(range(0, 200));
  });

  test("shutdown ends suspended ones at once, and waits for nobody who cannot come back", async () => {
    const scene = await openScene();
    scene.online = false;
    await scene.cut();
    const down = scene.server.shutdown();
    await scene.settle();
    await expect(Promise.race([down, scene.pass(1)])).resolves.toEqual({ clean: 0, unclean: 1 });
    expect(scene.atServer.closes).toMatchObject([{ reason: "servershutdown" }]);
    await scene.pass(31, 1);
    expect(scene.atClient.closes).toMatchObject([{ reason: "resumeexpired" }]);
  });

  test("a line that breaks within a shutdown is not waited for", async () => {
    const scene = await openScene();
    scene.link.toClient.freeze();
    const down = scene.server.shutdown();
    await scene.settle();
    await scene.cut();
    await expect(Promise.race([down, scene.pass(1)])).resolves.toEqual({ clean: 0, unclean: 1 });
  });

  test("a client that is told of the shutdown does not come back", async () => {
    const scene = await openScene();
    const down = scene.server.shutdown();
    await scene.settle();
    await expect(down).resolves.toEqual({ clean: 1, unclean: 0 });
    await scene.pass(10, 1);
    expect([scene.atClient.closes, scene.links.length]).toMatchObject([[{ reason: "servershutdown" }], 1]);
  });

  test("stop ends them, too, on either side, and no timer is left", async () => {
    for (const who of ["server", "client"] as const) {
      const scene = await openScene();
      numbers(scene, 0, 3);
      await scene.settle();
      scene.online = false;
      await scene.cut();
      scene[who].stop();
      await scene.settle();
      expect(scene[who === "server" ? "atServer" : "atClient"].closes).toMatchObject([
        { reason: "socketclose" },
      ]);
      scene[who === "server" ? "client" : "server"].stop();
      await scene.settle();
      expect(scene.net.clock.timers).toBe(0);
    }
  });

  test("no timer is left of a session that ends while something was to be acknowledged", async () => {
    const scene = await openScene();
    numbers(scene, 0, 3);
    await scene.settle();
    void scene.client.close();
    await scene.settle();
    expect(scene.net.clock.timers).toBe(0);
  });

  test("a handler of suspend that kicks its client while that comes back leaves nothing open", async () => {
    const scene = await openScene();
    scene.server.on("suspend", () => scene.server.stop());
    const ghost = scene.link;
    ghost.toServer.freeze();
    queueMicrotask(() => ghost.client.takeClose(new Error("only the client notices")));
    await scene.settle();
    await scene.pass(0.001);
    expect(scene.server.stopped).toBe(true);
    expect(scene.links.map(({ server }) => server.isClosed)).toEqual([true, true]);
    expect(scene.atServer.events).toEqual(["suspend", "close"]);
  });

  test("drain lets those go on who were there, and waits for those who are away", async () => {
    const scene = await openScene();
    scene.online = false;
    await scene.cut();
    let drained = false;
    void scene.server.drain().then(() => {
      drained = true;
    });
    scene.online = true;
    await scene.pass(5, 0.2);
    numbers(scene, 0, 2);
    await scene.settle();
    expect([drained, scene.atServer.numbers]).toEqual([false, [0, 1]]);
    scene.online = false;
    await scene.cut();
    await scene.pass(31);
    expect(drained).toBe(true);
  });
});

test("one who came back and whose answer was lost can come back once more", async () => {
  const taps: ReturnType<typeof tap>[] = [];
  const scene = await openScene({ prepare: (link) => void taps.push(tap(link)) });
  const at = scene.link.toClient.delivered;
  scene.online = false;
  await scene.cut();
  const [ticket] = ticketsIn((taps[0] as ReturnType<typeof tap>).toClient) as [Uint8Array];
  for (let i = 0; i < 5; i++) {
    const attempt = comeBack(scene, ticket, at, (link: MemoryLink) => {
      const { write } = link.server;
      let writes = 0;
      link.server.write = (bytes) => (++writes === 1 ? write.call(link.server, bytes) : true);
    });
    await scene.settle();
    expect(attempt.result).toBeUndefined();
    attempt.link.cut();
    await scene.settle();
  }
  scene.online = true;
  await scene.pass(6, 0.2);
  numbers(scene, 0, 3);
  await scene.settle();
  expect([scene.atServer.numbers, scene.atClient.numbers, scene.atClient.closes]).toEqual([
    [0, 1, 2],
    [0, 1, 2],
    [],
  ]);
});

test("who flushes after the session expired learns that what was sent meanwhile is lost", async () => {
  const scene = await openScene();
  scene.online = false;
  await scene.cut();
  numbers(scene, 0, 3);
  const before = [scene.client.flush(), scene.remote.flush()].map((flushed) => flushed.catch(String));
  await scene.pass(40, 5);
  expect([scene.atClient.closes, scene.atServer.closes]).toMatchObject([
    [{ reason: "resumeexpired" }],
    [{ reason: "resumeexpired" }],
  ]);
  const lost = expect.stringMatching(
    /^ConnectionLostError: the connection ended with \d+ bytes not handed over/,
  );
  expect(await Promise.all(before)).toEqual([lost, lost]);
  const after = [scene.client.flush(), scene.remote.flush()].map((flushed) => flushed.catch(String));
  expect(await Promise.all(after)).toEqual([lost, lost]);
});
