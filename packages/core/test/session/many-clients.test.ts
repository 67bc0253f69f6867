import { type Client, type ConfigOverrides, Client as CoreClient, SmartPacket } from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { deferred, handle, LOCAL, startServer } from "../support/peers.js";

/** Text that is compressed. */
const LONG = "a".repeat(20_000);

/** A client that asks a server for echoes. */
async function startClient(addr: Client["addr"], cfg: ConfigOverrides = {}) {
  const client = track(new CoreClient({ addr, cfg }));
  let answered: ((msg: unknown) => void) | undefined;
  handle(client, "test:echo", (msg) => answered?.(msg));
  await client.start();
  return {
    client,
    async ask(msg: unknown): Promise<[answer: unknown, bytes: number]> {
      const before = client.metrics.bytesOut;
      const { promise, resolve } = deferred<unknown>();
      answered = resolve;
      client.sendMessage("test:echo", msg);
      return [await promise, client.metrics.bytesOut - before];
    },
  };
}

function fail(why: string): never {
  throw new Error(why);
}

describe("clients with the same options, which have much in common", () => {
  test("do not share what one of their servers declined", async () => {
    const takes = await startServer({ addr: LOCAL });
    const declines = await startServer({ addr: LOCAL, cfg: { "net.compress.accept": false } });
    const first = await startClient(takes.addr);
    const second = await startClient(declines.addr);
    const third = await startClient(takes.addr);
    expect([(await first.ask(LONG))[1] < 1000, (await second.ask(LONG))[1] < 1000]).toEqual([true, false]);
    expect((await third.ask(LONG))[1]).toBeLessThan(1000);
    expect((await first.ask("short"))[0]).toBe("short");
  });

  test("do not share ids that a server has given out", async () => {
    const usual = await startServer({ addr: LOCAL });
    const unusual = await startServer({ addr: LOCAL }, (peer) => {
      handle(peer, "test:echo", (msg, cid) => void peer.sendMessage("test:echo", msg, cid));
      peer.registry.reassignIDs([["test:echo", 9000]]);
    });
    const first = await startClient(usual.addr);
    const second = await startClient(unusual.addr);
    expect([first, second].map(({ client }) => client.registry.getID("test:echo"))).toEqual([64, 9000]);
    expect([(await first.ask(1))[0], (await second.ask(2))[0]]).toEqual([1, 2]);
  });

  test("do not share changes of an option or of a registry", async () => {
    const server = await startServer({ addr: LOCAL });
    const first = await startClient(server.addr, { "net.limits.packetlength": 1000 });
    const second = track(new CoreClient({ addr: server.addr, cfg: { "net.limits.packetlength": 1000 } }));
    second.cfg.set("net.limits.packetlength", 50_000);
    const { promise, resolve } = deferred<unknown>();
    handle(second, "test:echo", resolve);
    await second.start();
    second.registry.registerObject(
      Object.assign(new SmartPacket(second.registry, second), { name: "test:late" }),
    );
    expect(() => first.client.sendMessage("test:echo", new Uint8Array(2000))).toThrow(
      "net.limits.packetlength",
    );
    expect(first.client.registry.has("test:late")).toBe(false);
    second.sendMessage("test:echo", "a".repeat(2000));
    expect(await promise).toBe("a".repeat(2000));
  });

  test("do not share packets of the protocol or connection types", async () => {
    const server = await startServer({ addr: LOCAL });
    for (const { client, ask } of [await startClient(server.addr), await startClient(server.addr)]) {
      expect(client.registry.getObj("peng3dnet:internal.hello").peer).toBe(client);
      expect(client.getConnType("classic")).toMatchObject({ peer: client });
      expect(client.registry.size).toBe(6);
      expect((await ask("still there"))[0]).toBe("still there");
    }
  });
});

test("clients print and log where their own options say, whoever was made before", () => {
  const lines: string[] = [];
  for (const name of ["one", "two", "one"]) {
    const note = (line: string): void => void lines.push(`${name} ${line.split("\n")[0]}`);
    const logger = { debug: note, info: note, warn: note, error: note };
    const client = track(new CoreClient({ print: note, logger, peng: { sendEvent: () => fail(name) } }));
    client.print("text");
    client.sendEvent("own");
  }
  expect(lines).toEqual([
    "one text",
    "one peng3dnet:client.own: Error: one",
    "two text",
    "two peng3dnet:client.own: Error: two",
    "one text",
    "one peng3dnet:client.own: Error: one",
  ]);
});
