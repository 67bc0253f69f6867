// What a client does to come back: one attempt at a time, for a bounded time, and none once it is over.

import { Client, ConnectError, type Connector, type ResumeOptions } from "@peng3dnet/peer";
import { MemoryLink } from "@peng3dnet/peer/testing";
import { Filled, Number_, openScene, packets, range, type Scene } from "./scene.js";

/** Whether an end of a link was closed, by which side ever. */
function isClosed({ client }: MemoryLink): boolean {
  return client.isClosed;
}

async function suspendedScene(options: Parameters<typeof openScene>[0] = {}): Promise<Scene> {
  const scene = await openScene(options);
  scene.online = false;
  await scene.cut();
  return scene;
}

describe("a transport that was attached while the client is suspended, and is silent", () => {
  test.each(["stop", "close"] as const)("ends with %s()", async (how) => {
    const scene = await suspendedScene();
    const silent = new MemoryLink();
    scene.client.attach(silent.client);
    await scene.settle();
    expect(isClosed(silent)).toBe(false);
    void scene.client[how]();
    await scene.pass(6);
    await scene.client.waitForClose();
    expect(isClosed(silent)).toBe(true);
  });

  test("is given up like one that was dialled", async () => {
    const scene = await suspendedScene();
    const silent = new MemoryLink();
    scene.client.attach(silent.client);
    await scene.pass(5.1);
    expect([isClosed(silent), scene.client.suspended]).toEqual([true, true]);
  });

  test("gives way to another one", async () => {
    const scene = await suspendedScene();
    const [first, second] = [new MemoryLink(), new MemoryLink()];
    scene.client.attach(first.client);
    scene.client.attach(second.client);
    scene.server.accept(second.server);
    await scene.settle();
    expect([isClosed(first), scene.client.suspended]).toEqual([true, false]);
  });
});

test("attached transports that fail make no attempts beside those that are dialled", async () => {
  let dials = 0;
  let online = true;
  const links: MemoryLink[] = [];
  const connector: Connector = {
    async connect({ established }) {
      dials++;
      if (!online) throw new ConnectError("there is no network");
      const link = new MemoryLink();
      links.push(link);
      scene.server.accept(link.server);
      established(link.client);
    },
  };
  const scene = await openScene();
  const client = scene.net.client({ packets, resume: { delay: 1, maxDelay: 1 }, connector });
  const events: string[] = [];
  client.on("suspend", () => void events.push("suspend"));
  client.on("resume", () => void events.push("resume"));
  await client.connect();
  await client.waitForConnection();
  await scene.settle();
  online = false;
  links[0]?.cut();
  await scene.pass(0.01);
  for (let count = 0; count < 5; count++) {
    const bad = new MemoryLink();
    client.attach(bad.client);
    bad.cut();
    await scene.settle();
  }
  dials = 0;
  await scene.pass(10, 0.5);
  expect(dials).toBeLessThanOrEqual(20);
  online = true;
  await scene.pass(5, 0.5);
  expect(events).toEqual(["suspend", "resume"]);
});

test("an attempt that hangs is given up where the handshake has no deadline, too", async () => {
  const scene = await openScene({
    clientCfg: { "net.timeout.handshake": 0 },
    client: { resume: { attemptTimeout: 1 } },
    prepare: (link, index) => {
      if (index === 1) link.toClient.freeze();
    },
  });
  await scene.cut();
  await scene.pass(0.01);
  expect([scene.links.length, scene.client.suspended]).toEqual([2, true]);
  await scene.pass(2, 0.5);
  expect([scene.links.length, scene.client.suspended]).toEqual([3, false]);
});

describe("options", () => {
  const wrong: [string, unknown, string][] = [
    ["attemptTimeout", { attemptTimeout: Number.NaN }, "attemptTimeout"],
    ["attemptTimeout 0", { attemptTimeout: 0 }, "attemptTimeout"],
    ["delay", { delay: -1 }, "delay"],
    ["attemptTimeout as a text", { attemptTimeout: "3" }, 'above 0, and not "3"'],
    ["delay as a text", { delay: "1" }, 'above 0, and not "1"'],
    ["keeper", { keeper: {} }, "keeper"],
    ["keeper null", { keeper: null }, "keeper is a SessionKeeper"],
    ["null", null, "resume is true, false or an object"],
    ["a text", "yes", "resume is true, false or an object"],
  ];
  test.each(wrong)("of resume that are none are refused: %s", (_name, resume, message) => {
    expect(() => new Client({ resume: resume as ResumeOptions })).toThrow(message);
  });

  test.each([[null], ["yes"], [0]])("of reconnect that are none are refused: %s", (reconnect) => {
    expect(() => new Client({ reconnect: reconnect as never })).toThrow(
      "reconnect is true, false or an object",
    );
  });

  test("a delay that no timer can hold is a long one, and not none", async () => {
    const scene = await suspendedScene({ client: { resume: { delay: 1e7, maxDelay: 1e7 } } });
    await scene.pass(0.01);
    const links = scene.links.length;
    scene.online = true;
    await scene.pass(20, 1);
    expect(scene.links.length).toBe(links);
  });
});

test("what came before the line broke is handled, also if too much piles up then", async () => {
  const scene = await openScene({ manual: true, cfg: { "net.resume.bytes": 10_000 } });
  for (const number of range(0, 5)) scene.client.sendMessage(Number_, number);
  await scene.settle();
  scene.online = false;
  await scene.cut();
  const send = (): void => {
    for (const number of range(0, 20)) scene.remote.sendMessage(Filled, [number, new Uint8Array(1000)]);
  };
  expect(send).toThrow("resumeoverflow");
  await scene.settle();
  expect(scene.atServer.closes).toEqual([]);
  scene.server.process();
  await scene.settle();
  expect(scene.atServer.numbers).toEqual(range(0, 5));
  expect(scene.atServer.closes).toMatchObject([{ reason: "resumeoverflow" }]);
});

test("a client that was closed before it connected takes no transport", async () => {
  const scene = await openScene();
  const client = scene.net.client({});
  await client.close("never");
  expect(() => client.attach(new MemoryLink().client)).toThrow("a client connects once");
});

test("a server that lets it in and cuts the line at once is not stormed", async () => {
  const scene = await openScene({ client: { resume: true } });
  scene.client.on("resume", () => scene.link.cut());
  await scene.cut();
  await scene.pass(20, 0.05);
  // At once, and then after pauses that double: 0.25, 0.5, 1, 2, 4, 5 and 5 s, of which half is left to chance.
  expect(scene.links.length).toBeLessThan(14);
  expect(scene.client.suspended || scene.client.active).toBe(true);
});
