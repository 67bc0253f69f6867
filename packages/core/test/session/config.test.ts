// What config options do, on running servers and clients.

import { deflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import {
  Client,
  Config,
  ConfigError,
  type ConfigKey,
  type ConfigOverrides,
  PacketRegistryMismatchError,
  type Peer,
  Server,
} from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { deferred, echo, handle, LOCAL, next, startPair, startServer } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";
import { frame, packet, value, type WirePacket } from "../support/wire.js";

const quiet = { sendEvent(): void {} };

describe("stacking", () => {
  test.each([
    ["a plain object", { "net.compress.level": 1, "net.server.addr.port": 1234, "game.speed": 3 }],
    ["a Config", new Config({ "net.compress.level": 1, "net.server.addr.port": 1234 })],
    [
      "an object with get",
      { get: (key: string) => ({ "net.compress.level": 1, "net.server.addr.port": 1234 })[key] },
    ],
  ])("own values go over those of the engine, %s, over the defaults", (_, cfg) => {
    const server = new Server({ peng: { ...quiet, cfg }, cfg: { "net.compress.level": 9 } });
    expect(server.cfg.get("net.compress.level")).toBe(9);
    expect(server.cfg.get("net.server.addr.port")).toBe(1234);
    expect(server.cfg.get("net.timeout.close")).toBe(5);
    server.cfg.delete("net.compress.level");
    expect(server.cfg.get("net.compress.level")).toBe(1);
    // What is set here stays here.
    server.cfg.set("net.server.addr.port", 4321);
    expect(new Server({ peng: { ...quiet, cfg } }).cfg.get("net.server.addr.port")).toBe(1234);
  });

  test("a later change of the engine's config is seen", () => {
    const cfg: Record<string, unknown> = {};
    const client = new Client({ peng: { ...quiet, cfg } });
    expect(client.addr).toEqual(["localhost", 8080]);
    cfg["net.client.addr"] = "game.example:4000";
    expect(client.addr).toEqual(["game.example", 4000]);
  });

  test("an engine's value of the wrong type is an error that names the key", () => {
    const server = new Server({ peng: { ...quiet, cfg: { "net.server.addr.port": "80" } } });
    expect(() => server.addr).toThrow('config option "net.server.addr.port" cannot be "80"');
  });
});

describe("addresses", () => {
  test.each<[string, ConfigOverrides & { readonly addr?: string }, [string, number]]>([
    ["the defaults", {}, ["0.0.0.0", 8080]],
    ["host and port", { "net.server.addr.host": "::1", "net.server.addr.port": 9 }, ["::1", 9]],
    [
      "addr before host and port",
      { "net.server.addr": "a:1", "net.server.addr.host": "b", "net.server.addr.port": 2 },
      ["a", 1],
    ],
    ["addr with the port supplied", { "net.server.addr": "a", "net.server.addr.port": 2 }, ["a", 2]],
    ["addr as a pair", { "net.server.addr": ["::1"], "net.server.addr.port": 2 }, ["::1", 2]],
    ["the argument before all", { addr: "c:3", "net.server.addr": "a:1" }, ["c", 3]],
    ["the argument with the port supplied", { addr: "[::1]", "net.server.addr.port": 2 }, ["::1", 2]],
  ])("of a server: %s", (_, { addr, ...cfg }, expected) => {
    expect(new Server({ addr, cfg }).addr).toEqual(expected);
    const client = Object.fromEntries(
      Object.entries(cfg).map(([key, item]) => [key.replace("server", "client"), item]),
    ) as ConfigOverrides;
    const host = expected[0] === "0.0.0.0" ? "localhost" : expected[0];
    expect(new Client({ addr, cfg: client }).addr).toEqual([host, expected[1]]);
  });

  test("are used", async () => {
    const server = await startServer({ addr: undefined, cfg: { "net.server.addr": "localhost:0" } });
    const [, port] = server.addr;
    const client = track(new Client({ cfg: { "net.client.addr.port": port } }));
    echo(client);
    await client.start();
    expect(client.addr).toEqual(["localhost", port]);
  });
});

describe("net.compress", () => {
  /** A server's echo of a text whose body is `length` bytes long. */
  async function echoed(cfg: ConfigOverrides, text: string, compressed = false): Promise<WirePacket> {
    const server = await startServer({ cfg });
    const peer = await RawPeer.activeClient(server.addr);
    const body = encode(text);
    peer.write(compressed ? frame(64, deflateSync(body), 1) : frame(64, body));
    const answer = await peer.packet();
    expect(value(answer)).toBe(text);
    return answer;
  }

  /** A text whose msgpack is `length` bytes long. */
  const text = (length: number): string => "a".repeat(length - 3);

  test.each<[string, ConfigOverrides, string, number]>([
    ["a body as long as the threshold is not compressed", {}, text(8192), 0],
    ["one byte more is", {}, text(8193), 1],
    ["another threshold", { "net.compress.threshold": 999 }, text(1000), 1],
    ["another threshold, not reached", { "net.compress.threshold": 1000 }, text(1000), 0],
    ["threshold 0 compresses everything", { "net.compress.threshold": 0 }, "", 1],
    ["switched off", { "net.compress.enabled": false }, text(100_000), 0],
  ])("%s", async (_, cfg, content, flags) => {
    expect((await echoed(cfg, content)).flags).toBe(flags);
  });

  test("compressed packets are accepted whatever the own setting", async () => {
    expect((await echoed({ "net.compress.enabled": false }, text(100), true)).flags).toBe(0);
    expect((await echoed({}, text(100), true)).flags).toBe(0);
  });

  test("level", async () => {
    const content = Array.from({ length: 5000 }, (_, index) => (index * index) % 97).join(" ");
    const sizes: number[] = [];
    for (const level of [0, 1, 9]) {
      sizes.push((await echoed({ "net.compress.level": level }, content)).bytes.length);
    }
    const [stored = 0, fast = 0, best = 0] = sizes;
    expect(stored).toBeGreaterThan(content.length);
    expect(fast).toBeLessThan(stored);
    expect(best).toBeLessThan(fast);
    expect((await echoed({ "net.compress.level": -1 }, content)).flags).toBe(1);
  });
});

describe("net.debug.print", () => {
  const KEYS = ["connect", "recv", "send", "close"] as const;

  test.each(KEYS)("%s prints its lines and no others", async (key) => {
    const lines: { readonly server: string[]; readonly client: string[] } = { server: [], client: [] };
    const cfg = { [`net.debug.print.${key}`]: true };
    const answered = deferred();
    const { server, client, remote } = await startPair({
      server: { cfg, print: (line) => void lines.server.push(line) },
      client: { cfg, print: (line) => void lines.client.push(line) },
      setUp: (peer) =>
        handle(peer, "test:echo", (msg, cid) => {
          if (cid === null) answered.resolve();
          else peer.sendMessage("test:echo", msg, cid);
        }),
    });
    client.sendMessage("test:echo", { text: "hi" });
    await answered.promise;
    const closed = next(server, "close");
    await client.close("done");
    await closed;
    const port = client.sock?.localPort ?? remote.addr[1];
    const expected = {
      connect: {
        server: [`connect ${remote.cid} 127.0.0.1 ${port}`],
        client: [`connect ${server.addr.join(" ")}`],
      },
      recv: {
        server: [`recv ${remote.cid} test:echo: { text: 'hi' }`],
        client: ["recv server test:echo: { text: 'hi' }"],
      },
      send: {
        server: [`send ${remote.cid} test:echo: { text: 'hi' }`],
        client: ["send server test:echo: { text: 'hi' }"],
      },
      close: { server: [`close ${remote.cid} done`], client: ["close done"] },
    } satisfies Record<(typeof KEYS)[number], typeof lines>;
    expect(lines).toEqual(expected[key]);
  });

  test("goes to standard output without a print option", async () => {
    const write = jest.spyOn(process.stdout, "write").mockImplementation(() => true);
    try {
      const server = await startServer({ cfg: { "net.debug.print.connect": true } });
      await RawPeer.activeClient(server.addr);
      expect(write).toHaveBeenCalledWith(expect.stringMatching(/^connect 1 127\.0\.0\.1 \d+\n$/));
    } finally {
      write.mockRestore();
    }
  });
});

describe("net.registry", () => {
  const register =
    (...names: readonly string[]) =>
    (peer: Peer): void => {
      for (const name of names) handle(peer, name, (msg) => void received.push([name, msg]));
    };
  const received: unknown[] = [];
  const arrived = async (count: number): Promise<unknown[]> => {
    while (received.length < count) await new Promise((turn) => setImmediate(turn));
    return received;
  };
  beforeEach(() => {
    received.length = 0;
  });

  async function connect(
    serverNames: readonly string[],
    clientNames: readonly string[],
    cfg: ConfigOverrides,
  ): Promise<{ readonly server: Server; readonly client: Client }> {
    const server = track(new Server({ addr: LOCAL }));
    register(...serverNames)(server);
    await server.start();
    const client = track(new Client({ addr: server.addr, cfg }));
    register(...clientNames)(client);
    return { server, client };
  }

  test("autosync: the server's ids are taken over, in whatever order both registered", async () => {
    const { server, client } = await connect(["a:1", "a:2", "a:3"], ["a:3", "a:1", "a:2"], {});
    await client.start();
    expect(client.registry.toMap()).toMatchObject({ "a:1": 64, "a:2": 65, "a:3": 66 });
    client.sendMessage("a:3", "for 3");
    expect(await arrived(1)).toEqual([["a:3", "for 3"]]);
    expect(server.registry.toMap()).toMatchObject({ "a:1": 64, "a:2": 65, "a:3": 66 });
  });

  test("autosync off: ids stay as they are, and names are not compared", async () => {
    const { client } = await connect(["a:1", "a:2"], ["a:2", "a:1", "a:more"], {
      "net.registry.autosync": false,
    });
    await client.start();
    expect(client.registry.toMap()).toMatchObject({ "a:2": 64, "a:1": 65, "a:more": 66 });
    client.sendMessage("a:2", "goes out as 64");
    expect(await arrived(1)).toEqual([["a:1", "goes out as 64"]]);
  });

  test('missingpacketaction "closeconnection": an error that names what differs', async () => {
    const { client } = await connect(["a:1", "a:server"], ["a:1", "a:client"], {});
    const error: unknown = await client.start().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reason: "packetregmismatch" });
    const cause = (error as Error).cause as PacketRegistryMismatchError;
    // Who prints the message alone learns what differs, too.
    expect((error as Error).message).toBe(`the connection is closed (packetregmismatch): ${cause.message}`);
    expect(cause).toBeInstanceOf(PacketRegistryMismatchError);
    expect(cause.missing).toEqual(["a:server"]);
    expect(cause.extra).toEqual(["a:client"]);
    expect(client.registry.getID("a:client")).toBe(65);
  });

  test('missingpacketaction "ignore": what both know works, and the rest keeps out of the way', async () => {
    const { server, client } = await connect(["a:server", "a:1", "a:2"], ["a:client", "a:2", "a:1"], {
      "net.registry.missingpacketaction": "ignore",
      "net.registry.unknownpacketaction": "ignore",
    });
    await client.start();
    expect(client.registry.toMap()).toMatchObject({ "a:1": 65, "a:2": 66, "a:client": 67 });
    client.sendMessage("a:2", "up");
    expect(await arrived(1)).toEqual([["a:2", "up"]]);
    const [remote] = server.clients.values();
    remote?.sendMessage("a:server", "unknown to the client");
    remote?.sendMessage("a:1", "down");
    expect(await arrived(2)).toEqual([
      ["a:2", "up"],
      ["a:1", "down"],
    ]);
  });

  test('unknownpacketaction "ignore" drops and logs them, up to net.limits.strikes in a row', async () => {
    const debug: string[] = [];
    const nothing = (): void => {};
    const logger = {
      debug: (line: string) => void debug.push(line),
      info: nothing,
      warn: nothing,
      error: nothing,
    };
    const server = await startServer({
      logger,
      cfg: { "net.registry.unknownpacketaction": "ignore", "net.limits.strikes": 3 },
    });
    const peer = await RawPeer.activeClient(server.addr);
    const unknown = packet(99, 0);
    for (let round = 0; round < 4; round++) {
      peer.write(unknown, unknown, unknown, packet(64, round));
      expect(value(await peer.packet())).toBe(round);
    }
    const line = "the peer sent packet 99, which is registered under no name";
    expect(debug).toEqual([line, `${line} (happened 10 times so far)`]);
    peer.write(unknown, unknown, unknown, unknown);
    expect(await peer.closeReason()).toBe("unexpectedpacket");
  });
});

describe("net.events.enable", () => {
  const bus = () => {
    const events: string[] = [];
    return { events, sendEvent: (event: string) => void events.push(event) };
  };

  test("true without a bus is an error that names the key", () => {
    const create = (): Server => new Server({ cfg: { "net.events.enable": true } });
    expect(create).toThrow(ConfigError);
    expect(create).toThrow('"net.events.enable" is true, but no engine or event bus was passed as peng');
    expect(() => new Client({ cfg: { "net.events.enable": true } })).toThrow(ConfigError);
  });

  test.each<[string, ConfigOverrides, boolean]>([
    ["auto", {}, true],
    ["true", { "net.events.enable": true }, true],
    ["false", { "net.events.enable": false }, false],
  ])("%s", async (_, cfg, sent) => {
    const peng = bus();
    const server = await startServer({ peng, cfg });
    expect(peng.events.length > 0).toBe(sent);
    expect(server.peng).toBe(peng);
  });

  test("a bus is told of each packet, with its bytes as they were sent, unless nobody listens", async () => {
    const events: [string, Readonly<Record<string, unknown>>][] = [];
    let listening = true;
    const peng = {
      sendEvent: (event: string, data: Readonly<Record<string, unknown>>) => void events.push([event, data]),
      hasListeners: () => listening,
    };
    const answered = deferred();
    const { server, client, remote } = await startPair({
      server: { peng },
      client: { peng },
      setUp: (peer) =>
        handle(peer, "test:echo", (msg, cid) => {
          if (cid === null) answered.resolve();
          else {
            peer.sendMessage("test:echo", msg, cid);
            peer.sendMessage("test:echo", "another one, so that the first is not the last", cid);
          }
        }),
    });
    // Without the size that stands under a symbol.
    const packets = (): unknown[] =>
      events
        .filter(([event]) => /\.(recv|send)$/.test(event))
        .map(([event, data]) => [event, Object.fromEntries(Object.entries(data as object))]);
    client.sendMessage("test:echo", [1]);
    await answered.promise;
    const common = { peng, server, client: remote };
    expect(packets().slice(0, 4)).toEqual([
      ["peng3dnet:client.send", { peng, client, pid: "test:echo", data: [1] }],
      [
        "peng3dnet:server.connection.send",
        { ...common, pid: "test:echo", data: new Uint8Array(packet(64, [1])) },
      ],
      [
        "peng3dnet:server.connection.send",
        {
          ...common,
          pid: "test:echo",
          data: new Uint8Array(packet(64, "another one, so that the first is not the last")),
        },
      ],
      ["peng3dnet:server.connection.recv", { ...common, pid: 64, msg: [1] }],
    ]);
    expect(packets()[4]).toEqual(["peng3dnet:client.recv", { peng, client, pid: 64, msg: [1] }]);
    listening = false;
    const before = packets().length;
    client.sendMessage("test:echo", 2);
    await client.close();
    expect(packets()).toHaveLength(before);
  });

  test("the bytes in an event are those of its packet, though a hook sends another one", async () => {
    const sent: Uint8Array[] = [];
    const peng = {
      sendEvent(event: string, data: Readonly<Record<string, unknown>>): void {
        if (event === "peng3dnet:server.connection.send") sent.push(data.data as Uint8Array);
      },
    };
    const { remote } = await startPair({ server: { peng } });
    let nested = false;
    remote.onSend = () => {
      if (nested) return;
      nested = true;
      remote.sendMessage("test:echo", "nested");
    };
    remote.sendMessage("test:echo", "outer");
    expect(sent.map((bytes) => Buffer.from(bytes).toString("hex"))).toEqual(
      ["outer", "nested"].map((msg) => packet(64, msg).toString("hex")),
    );
  });
});

describe("mistakes", () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["an unknown key", { "net.compres.level": 3 }, 'unknown config option "net.compres.level"'],
    [
      "a wrong type",
      { "net.compress.enabled": "yes" },
      '"net.compress.enabled" cannot be "yes"; allowed: true or false',
    ],
    ["out of range", { "net.compress.level": 10 }, "allowed: an integer from -1 to 9"],
    ["encryption", { "net.encrypt.enabled": true }, "reserved"],
    ["a negative time", { "net.timeout.idle": -1 }, '"net.timeout.idle"'],
  ])("%s is refused, with what is allowed", (_, cfg, message) => {
    const overrides = cfg as ConfigOverrides;
    expect(() => new Server({ cfg: overrides })).toThrow(ConfigError);
    expect(() => new Server({ cfg: overrides })).toThrow(message);
    expect(() => new Client({ cfg: overrides })).toThrow(message);
    const [key, item] = Object.entries(cfg)[0] as [ConfigKey, never];
    expect(() => new Server().cfg.set(key, item)).toThrow(message);
  });
});
