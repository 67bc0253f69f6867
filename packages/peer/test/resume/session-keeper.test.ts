// A program that saves its session, and another one that goes on with it.

import {
  ConnectionClosedError,
  InvalidStateError,
  RequestClosedError,
  RequestError,
  ResumeError,
  SessionKeeper,
  STATE_ACTIVE,
} from "@peng3dnet/peer";
import {
  Ask,
  Own,
  type Program,
  packets,
  Reloading,
  Said,
  saved,
  Told,
  WINDOW,
} from "./support/reloading.js";

function numbersUpTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Sends numbers in both directions. */
function talk({ server }: Reloading, { client }: Pick<Program, "client">, from: number, to: number): void {
  for (let n = from; n <= to; n++) {
    server.broadcast(Told, n);
    client.sendMessage(Said, n);
  }
}

describe("a session that was saved", () => {
  test("goes on in the next program where it was", async () => {
    const world = new Reloading();
    const one = await world.started();
    const { remote } = world;
    const joined: unknown[] = [];
    world.server.on("handshakecomplete", (client) => joined.push(client));
    remote.mode = 7;
    one.client.mode = 8;
    talk(world, one, 1, 5);
    await world.net.settle();
    talk(world, one, 6, 10);
    const text = saved(one);
    await world.net.settle();
    expect(one.events).toEqual(["connect", "handshakecomplete", "close saved"]);
    world.server.broadcast(Told, 11);

    const two = await world.started(text);
    talk(world, two, 12, 12);
    await world.net.settle();
    expect([...one.told, ...two.told]).toEqual(numbersUpTo(12));
    expect(world.said).toEqual([...numbersUpTo(10), 12]);
    expect(two.events).toEqual(["connect", "handshakecomplete", "resume"]);
    expect(world.remote).toBe(remote);
    expect([world.remote.mode, two.client.mode]).toEqual([7, 8]);
    expect(joined).toEqual([]);
  });

  test("goes on with a mode that has a fraction", async () => {
    const world = new Reloading();
    const one = await world.started();
    one.client.mode = 1.5;
    const two = await world.started(saved(one));
    expect([two.client.mode, two.client.active]).toEqual([1.5, true]);
  });

  test("tells what it sent again, and how long it took to go on", async () => {
    const world = new Reloading();
    const one = await world.started();
    talk(world, one, 1, 2);
    await world.net.settle();
    world.net.clock.advance(2);
    await world.net.settle();
    // What was sent is acknowledged up to here.
    one.link().toServer.freeze();
    for (const n of [3, 4, 5]) one.client.sendMessage(Said, n);
    await world.net.settle();
    const text = saved(one);
    world.net.clock.advance(5);
    await world.net.settle();
    const two = world.program(text);
    const resumed = new Promise((resolve) => two.client.on("resume", resolve));
    const started = two.client.start();
    world.net.clock.advance(0);
    await started;
    expect(await resumed).toEqual({ resumed: true, seconds: 0, packets: 3, bytes: expect.any(Number) });
  });

  test("has nothing unsent in the program that it was left by", async () => {
    const world = new Reloading({ "net.resume.bytes": 1 << 20 });
    const one = await world.started(undefined, { cfg: { "net.resume.bytes": 1 << 20 } });
    const { client } = one;
    const link = one.link();
    link.toServer.capacity = 1000;
    link.toServer.freeze();
    for (let n = 1; n <= 300; n++) client.sendMessage(Said, n);
    await world.net.settle();
    const { unsent } = client.metrics;
    for (let n = 301; n <= 310; n++) client.sendMessage(Said, n);
    const all = client.metrics.unsent;
    expect(all).toBeGreaterThan(unsent);
    const flushed = client.flush();
    saved(one);
    await expect(flushed).rejects.toThrow(`ended with ${all} bytes not handed over (saved)`);
    expect(client.metrics.unsent).toBe(0);
  });

  test("that another server refuses leaves nothing behind for the session that follows", async () => {
    const text = saved(await new Reloading().started());
    const world = new Reloading();
    const two = world.program(text, { reconnect: { delay: 0.05 } });
    const started = two.client.start();
    for (let round = 0; round < 10; round++) {
      world.net.clock.advance(0.1);
      await world.net.settle();
    }
    await started;
    expect(two.events).toEqual(["connect", "handshakecomplete"]);
    two.link().cut();
    await world.net.settle();
    world.net.clock.advance(1);
    await world.net.settle();
    expect(two.events.slice(2)).toEqual(["suspend", "resume"]);
  });

  test("is given up with the client, when the caller of start() loses patience", async () => {
    const world = new Reloading();
    const text = saved(await world.started());
    let dialled = 0;
    const connector = {
      connect: () => {
        dialled++;
        return new Promise<never>(() => {});
      },
    };
    const two = world.program(text, { connector });
    const started = two.client.start({ timeout: 1 });
    started.catch(() => {});
    world.net.clock.advance(0);
    await world.net.settle();
    world.net.clock.advance(1);
    await expect(started).rejects.toMatchObject({ name: "TimedOutError" });
    await world.net.settle();
    expect([two.client.active, two.client.suspended, two.events]).toEqual([
      false,
      false,
      ["close socketclose"],
    ]);
    world.net.clock.advance(30);
    await world.net.settle();
    expect(dialled).toBe(1);
  });

  test("tells no resume where a listener of connect has closed the client", async () => {
    const world = new Reloading();
    const two = world.program(saved(await world.started()));
    two.client.on("connect", () => void two.client.close("enough"));
    two.client.start().catch(() => {});
    world.net.clock.advance(0);
    await world.net.settle();
    expect(two.events).toEqual(["connect", "close enough"]);
  });

  test("is given up for good, with reconnect, too", async () => {
    const world = new Reloading();
    const one = await world.started(undefined, { reconnect: { when: () => true } });
    const { dialled } = world;
    saved(one);
    await world.net.settle();
    world.net.clock.advance(10);
    await world.net.settle();
    expect(one.events).toEqual(["connect", "handshakecomplete", "close saved"]);
    expect(world.dialled).toBe(dialled);
  });

  test("keeps its state", async () => {
    const world = new Reloading();
    const one = await world.started();
    one.client.state = STATE_ACTIVE + 3;
    const two = await world.started(saved(one));
    expect(two.client.state).toBe(STATE_ACTIVE + 3);
  });

  test("is saved as often as it likes, also before it has a line again", async () => {
    const world = new Reloading();
    const one = await world.started();
    talk(world, one, 1, 3);
    const two = world.program(saved(one));
    const started = two.client.start();
    two.client.sendMessage(Said, 4);
    world.server.broadcast(Told, 4);
    const text = saved(two);
    await expect(started).rejects.toMatchObject({ reason: "saved" });
    const three = await world.started(text);
    talk(world, three, 5, 6);
    await world.net.settle();
    expect([...one.told, ...two.told, ...three.told]).toEqual(numbersUpTo(6));
    expect(world.said).toEqual(numbersUpTo(6));
    expect(three.events).toEqual(["connect", "handshakecomplete", "resume"]);
  });

  test("is saved while the line is broken", async () => {
    const world = new Reloading();
    const one = await world.started();
    one.link().cut();
    await world.net.settle();
    talk(world, one, 1, 3);
    const two = await world.started(saved(one));
    await world.net.settle();
    expect(two.told).toEqual(numbersUpTo(3));
    expect(world.said).toEqual(numbersUpTo(3));
  });

  test("goes on with connect() alone", async () => {
    const world = new Reloading();
    const two = world.program(saved(await world.started()));
    await two.client.connect();
    expect([two.client.suspended, two.events]).toEqual([true, []]);
    two.client.processAsync();
    world.net.clock.advance(0);
    await two.client.waitForConnection();
    expect(two.events).toEqual(["connect", "handshakecomplete", "resume"]);
  });

  test("outlives a line that breaks in the next program", async () => {
    const world = new Reloading();
    const two = await world.started(saved(await world.started()));
    two.link().cut();
    await world.net.settle();
    talk(world, two, 1, 3);
    world.net.clock.advance(1);
    await world.net.settle();
    expect(two.told).toEqual(numbersUpTo(3));
    expect(world.said).toEqual(numbersUpTo(3));
    expect(two.events.slice(2)).toEqual(["resume", "suspend", "resume"]);
  });

  test("keeps the packets that wait for process()", async () => {
    const world = new Reloading();
    const one = world.program();
    await one.client.runAsync();
    await one.client.waitForConnection();
    talk(world, one, 1, 4);
    await world.net.settle();
    expect(one.told).toEqual([]);
    const two = await world.started(saved(one));
    await world.net.settle();
    expect(two.told).toEqual(numbersUpTo(4));
  });

  test("has the packet behind it that the handler works on that saves", async () => {
    const world = new Reloading();
    const one = await world.started();
    let text = "";
    one.client.on(Told, (n) => {
      if (n === 3) text = saved(one);
    });
    talk(world, one, 1, 6);
    await world.net.settle();
    const two = await world.started(text);
    await world.net.settle();
    expect([one.told, two.told]).toEqual([numbersUpTo(3), [4, 5, 6]]);
    expect(world.said).toEqual(numbersUpTo(6));
  });

  test("keeps the ids of packets, and which of them the server does not have", async () => {
    const world = new Reloading();
    const one = await world.started();
    const ids = one.client.registry.toMap();
    const two = world.program(saved(one), { packets: [...packets].reverse() });
    const started = two.client.start();
    world.net.clock.advance(0);
    await started;
    expect(two.client.registry.toMap()).toEqual(ids);
    expect(() => two.client.sendMessage(Own, 1)).toThrow(
      expect.objectContaining({ code: "P3D_ERR_NOT_REGISTERED" }),
    );
  });

  test("keeps what the sides agreed on of compression and heartbeats", async () => {
    const world = new Reloading({
      "net.compress.accept": false,
      "net.heartbeat.interval": 1,
      "net.heartbeat.timeout": 4,
    });
    const cfg = { "net.compress.threshold": 1 };
    const two = await world.started(saved(await world.started(undefined, { cfg })), { cfg });
    talk(world, two, 1, 3);
    for (let second = 0; second < 20; second++) {
      world.net.clock.advance(1);
      await world.net.settle();
    }
    expect(world.said).toEqual(numbersUpTo(3));
    expect(two.client.rtt).toBeDefined();
    expect(two.events).toEqual(["connect", "handshakecomplete", "resume"]);
  });
});

describe("requests of a session that was saved", () => {
  test("fail in the program that asked, and their answers settle none of the next one", async () => {
    const world = new Reloading();
    const answers: ((answer: string) => void)[] = [];
    const aborted: string[] = [];
    world.server.answer(Ask, (question, { signal }) => {
      signal.addEventListener("abort", () => aborted.push(question));
      return new Promise((resolve) => answers.push((answer) => resolve(answer)));
    });
    const one = await world.started();
    const asked = one.client.request(Ask, "one");
    await world.net.settle();
    const text = saved(one);
    await expect(asked).rejects.toMatchObject({
      name: RequestClosedError.name,
      reason: "saved",
      outcome: "unknown",
    });
    const two = await world.started(text);
    answers[0]?.("answer to one");
    const next = two.client.request(Ask, "two");
    await world.net.settle();
    expect(aborted).toEqual(["one"]);
    answers[1]?.("answer to two");
    await expect(next).resolves.toBe("answer to two");
  });

  test("of which the answer is under way have ids of their own", async () => {
    const world = new Reloading();
    world.server.answer(Ask, (question) => `answer to ${question}`);
    const one = await world.started();
    one.link().toClient.freeze();
    const asked = one.client.request(Ask, "one");
    asked.catch(() => {});
    await world.net.settle();
    const two = world.program(saved(one));
    const started = two.client.start();
    // It is sent before the other answer can come.
    const next = two.client.request(Ask, "two");
    world.net.clock.advance(0);
    await started;
    await expect(next).resolves.toBe("answer to two");
  });

  test("of the server are answered with an error", async () => {
    const world = new Reloading();
    const one = await world.started();
    one.client.answer(Ask, () => new Promise(() => {}));
    const asked = world.remote.request(Ask, "anybody there?");
    const failed = expect(asked).rejects.toMatchObject({ name: RequestError.name, code: "internalerror" });
    await world.net.settle();
    const text = saved(one);
    await world.started(text);
    await failed;
  });
});

describe("a session that calls the program while it is saved", () => {
  test("has no packet in the text that was processed meanwhile", async () => {
    const world = new Reloading();
    const one = world.program();
    const { client } = one;
    client.answer(Ask, () => new Promise<string>(() => {}));
    const running = client.runAsync();
    world.net.clock.advance(0);
    await running;
    await world.net.settle();
    world.remote.request(Ask, "still there?").catch(() => {});
    await world.net.settle();
    client.process();
    for (const n of [1, 2, 3]) world.server.broadcast(Told, n);
    await world.net.settle();
    client.onSend = () => void client.process();
    const two = await world.started(saved(one));
    world.server.broadcast(Told, 4);
    await world.net.settle();
    expect([one.told, two.told]).toEqual([[1, 2, 3], [4]]);
  });

  test("is not continued with the packet whose getter saves it", async () => {
    const world = new Reloading();
    const one = await world.started();
    one.client.sendMessage(Said, 1);
    let text = "";
    const saving = {
      get n() {
        text ||= saved(one);
        return 2;
      },
    };
    expect(() => one.client.sendMessage(Said, saving as unknown as number)).toThrow(ConnectionClosedError);
    const two = await world.started(text);
    two.client.sendMessage(Said, 3);
    await world.net.settle();
    expect(world.said).toEqual([1, 3]);
  });
});

describe("requests whose handler saves the session", () => {
  test.each([
    ["at once", (answer: () => string) => answer()],
    ["in a function that is asynchronous", async (answer: () => string) => answer()],
    [
      "and then waits",
      (answer: () => string) => {
        answer();
        return new Promise<string>(() => {});
      },
    ],
    [
      "and then fails",
      (answer: () => string) => {
        answer();
        throw new RequestError("late");
      },
    ],
  ])(
    "are answered with an error: %s",
    async (_, handler: (answer: () => string) => string | Promise<string>) => {
      const world = new Reloading();
      const one = await world.started();
      let text = "";
      one.client.answer(Ask, () =>
        handler(() => {
          text = saved(one);
          return "never";
        }),
      );
      const asked = world.remote.request(Ask, "will you go?");
      const failed = expect(asked).rejects.toMatchObject({ name: RequestError.name, code: "internalerror" });
      await world.net.settle();
      await world.started(text);
      await failed;
    },
  );

  test("are the last ones that are answered so: the next one is asked in the next program", async () => {
    const world = new Reloading();
    const one = await world.started();
    let text = "";
    one.client.answer(Ask, (question) => `one: ${question}`);
    one.client.on(Told, () => {
      text = saved(one);
    });
    const first = world.remote.request(Ask, "first");
    world.server.broadcast(Told, 1);
    const second = world.remote.request(Ask, "second");
    await world.net.settle();
    const two = world.program(text);
    two.client.answer(Ask, (question) => `two: ${question}`);
    const started = two.client.start();
    world.net.clock.advance(0);
    await started;
    await expect(Promise.all([first, second])).resolves.toEqual(["one: first", "two: second"]);
  });
});

describe("a session that cannot go on", () => {
  test("is refused to the second program that has the same text, and the first one goes on", async () => {
    const world = new Reloading();
    const text = saved(await world.started());
    const two = await world.started(text);
    const three = world.program(text);
    const started = three.client.start();
    world.net.clock.advance(0);
    await expect(started).rejects.toMatchObject({
      name: ConnectionClosedError.name,
      reason: "resumeunknown",
      cause: expect.any(ResumeError),
    });
    talk(world, two, 1, 3);
    await world.net.settle();
    expect(two.told).toEqual(numbersUpTo(3));
    expect(world.said).toEqual(numbersUpTo(3));
  });

  test("is followed by a fresh one with reconnect", async () => {
    const world = new Reloading();
    const text = saved(await world.started());
    await world.net.settle();
    world.net.clock.advance(WINDOW + 1);
    const two = world.program(text, { reconnect: true });
    const started = two.client.start();
    world.net.clock.advance(0);
    await world.net.settle();
    expect(two.events).toEqual([]);
    world.net.clock.advance(1);
    await started;
    expect(two.events).toEqual(["connect", "handshakecomplete"]);
    expect([...world.server.clients.keys()]).toEqual([3]);
  });

  test("ends when the server cannot be reached for as long as it waits", async () => {
    const world = new Reloading();
    const text = saved(await world.started());
    const two = world.program(text, {
      connector: { connect: () => Promise.reject(new Error("no network")) },
    });
    const started = two.client.start();
    const failed = expect(started).rejects.toMatchObject({ reason: "resumeexpired" });
    world.net.clock.advance(WINDOW);
    await failed;
    expect(two.events).toEqual(["close resumeexpired"]);
  });

  test("is refused before connecting where the packets are others", async () => {
    const world = new Reloading();
    const text = saved(await world.started());
    const { client } = world.program(text, { packets: packets.slice(0, -1) });
    const before = world.dialled;
    await expect(client.start()).rejects.toMatchObject({ code: "P3D_ERR_RESUME", reason: "resumeregistry" });
    expect(world.dialled).toBe(before);
    await expect(client.waitForClose()).resolves.toMatchObject({ reason: "resumeregistry" });
  });

  test("is refused before connecting where the connection type is another one", async () => {
    const world = new Reloading();
    const text = saved(await world.started());
    const { client } = world.program(text, { conntype: "other" });
    const before = world.dialled;
    await expect(client.start()).rejects.toMatchObject({ reason: "resumeunreadable" });
    expect(world.dialled).toBe(before);
  });
});

describe("nothing is saved, and nothing happens,", () => {
  test("without a session", async () => {
    const world = new Reloading();
    const { client, keeper } = world.program();
    expect([new SessionKeeper().save(), keeper.save()]).toEqual([undefined, undefined]);
    await client.start();
    await client.close();
    expect(keeper.save()).toBeUndefined();
  });

  test("where the server keeps no sessions", async () => {
    const world = new Reloading({ "net.resume.window": 0 });
    const { client, keeper } = await world.started();
    expect(keeper.save()).toBeUndefined();
    expect(client.active).toBe(true);
  });

  test.each(["sent", "received"])("where more was %s than a session keeps", async (direction) => {
    const world = new Reloading();
    const one = world.program();
    await one.client.runAsync();
    await one.client.waitForConnection();
    if (direction === "sent") one.link().toServer.freeze();
    for (let n = 1; n <= 400; n++) {
      if (direction === "sent") one.client.sendMessage(Said, n);
      else world.server.broadcast(Told, n);
    }
    await world.net.settle();
    expect(one.keeper.save()).toBeUndefined();
    one.link().toServer.thaw();
    one.client.processAsync();
    await world.net.settle();
    expect([one.told.length, world.said.length]).toEqual(direction === "sent" ? [0, 400] : [400, 0]);
  });
});

test("a keeper is for one client", () => {
  const world = new Reloading();
  const { keeper } = world.program();
  expect(() => world.program(undefined, { resume: { keeper } })).toThrow(InvalidStateError);
});
