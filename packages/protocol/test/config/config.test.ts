import {
  Config,
  ConfigError,
  type ConfigKey,
  type ConfigOverrides,
  DEFAULT_CONFIG,
} from "@peng3dnet/protocol";

const keys = Object.keys(DEFAULT_CONFIG) as ConfigKey[];

/** Sets a value whatever its type. */
const set = (key: string, value: unknown): Config => {
  const config = new Config();
  config.set(key as ConfigKey, value as never);
  return config;
};

const NEVER = [undefined, Number.NaN, Symbol("s"), () => 0, new Date(0), 10n];
const isFlag = (key: ConfigKey) => typeof DEFAULT_CONFIG[key] === "boolean";
const isNumber = (key: ConfigKey) => typeof DEFAULT_CONFIG[key] === "number";

test("there is an option for everything documented", () => {
  expect(keys).toMatchInlineSnapshot(`
    [
      "net.server.addr",
      "net.server.addr.host",
      "net.server.addr.port",
      "net.client.addr",
      "net.client.addr.host",
      "net.client.addr.port",
      "net.compress.enabled",
      "net.compress.threshold",
      "net.compress.level",
      "net.compress.accept",
      "net.encrypt.enabled",
      "net.ssl.enabled",
      "net.ssl.force",
      "net.ssl.cafile",
      "net.ssl.ca",
      "net.ssl.minversion",
      "net.ssl.resumption",
      "net.ssl.server.force_verify",
      "net.ssl.server.certfile",
      "net.ssl.server.keyfile",
      "net.ssl.server.cert",
      "net.ssl.server.key",
      "net.ssl.client.check_hostname",
      "net.ssl.client.force_verify",
      "net.ssl.client.certfile",
      "net.ssl.client.keyfile",
      "net.ssl.client.cert",
      "net.ssl.client.key",
      "net.ssl.server_hostname",
      "net.events.enable",
      "net.debug.print.recv",
      "net.debug.print.send",
      "net.debug.print.connect",
      "net.debug.print.close",
      "net.registry.autosync",
      "net.registry.missingpacketaction",
      "net.registry.unknownpacketaction",
      "net.limits.packetlength",
      "net.limits.packetlength.handshake",
      "net.limits.inflated",
      "net.limits.inflated.handshake",
      "net.limits.inflated.rate",
      "net.limits.depth",
      "net.limits.elements",
      "net.limits.elements.handshake",
      "net.limits.connections",
      "net.limits.connections.address",
      "net.limits.pending",
      "net.limits.pending.address",
      "net.limits.unsent.highwater",
      "net.limits.unsent",
      "net.limits.unsent.total",
      "net.limits.unsent.policy",
      "net.limits.unprocessed.packets",
      "net.limits.unprocessed.bytes",
      "net.limits.unprocessed.total",
      "net.limits.buffered",
      "net.limits.requests",
      "net.limits.registry.names",
      "net.limits.registry.namelength",
      "net.limits.strikes",
      "net.timeout.handshake",
      "net.timeout.idle",
      "net.timeout.unsent",
      "net.timeout.close",
      "net.heartbeat.interval",
      "net.heartbeat.timeout",
      "net.tcp.keepalive",
      "net.resume.window",
      "net.resume.bytes",
      "net.resume.sessions",
      "net.resume.sessions.address",
      "net.latency.poll",
    ]
  `);
});

test("the defaults cannot be changed", () => {
  expect(Object.isFrozen(DEFAULT_CONFIG)).toBe(true);
});

describe.each(keys)("%s", (key) => {
  test("has its default, and accepts it", () => {
    expect(new Config().get(key)).toBe(DEFAULT_CONFIG[key]);
    expect(set(key, DEFAULT_CONFIG[key]).get(key)).toBe(DEFAULT_CONFIG[key]);
  });

  test("refuses what is of the wrong kind, naming itself and what is allowed", () => {
    const wrong = [...NEVER, ...(isFlag(key) ? [0, 1, "true", "", null, [], {}] : [])];
    if (isNumber(key)) wrong.push("1", "", null, true, [], {}, -2);
    if (isNumber(key) && !/^net\.(timeout|heartbeat|tcp)\./.test(key))
      wrong.push(Number.POSITIVE_INFINITY, 2 ** 33);
    if (!isFlag(key) && !isNumber(key)) wrong.push(0, "", [], { no: 1 }, [1]);
    for (const value of wrong) {
      const setting = () => set(key, value);
      expect(setting).toThrow(ConfigError);
      expect(setting).toThrow(expect.objectContaining({ key, code: "P3D_ERR_CONFIG" }));
      expect(setting).toThrow(`config option "${key}" cannot be`);
      expect(setting).toThrow(/; allowed: ./);
    }
  });

  test("a refused value changes nothing", () => {
    const config = new Config();
    expect(() => config.set(key, Symbol("s") as never)).toThrow(ConfigError);
    expect(config.get(key)).toBe(DEFAULT_CONFIG[key]);
  });
});

describe("values at the edges", () => {
  test.each<[ConfigKey, unknown[], unknown[]]>([
    ["net.server.addr", [null, "host:1", "[::1]:1", ["h", 1], { host: "h" }], ["a b", ["h", "1"], 8080, {}]],
    ["net.server.addr.port", [0, 65535], [-1, 65536, 1.5, "80"]],
    ["net.compress.threshold", [0, 2 ** 32 - 1], [-1, 2 ** 32, 0.5]],
    ["net.compress.level", [-1, 0, 9], [-2, 10, 5.5]],
    ["net.encrypt.enabled", [false], [true, null]],
    ["net.ssl.minversion", ["TLSv1.2", "TLSv1.3"], ["TLSv1.1", "tlsv1.3", null]],
    ["net.ssl.cafile", [null, "ca.pem"], ["", 1, ["ca.pem"]]],
    [
      "net.ssl.ca",
      [null, "pem", new Uint8Array(1), ["a", new Uint8Array(1)]],
      ["", [], [""], [1], ["a", 1], {}],
    ],
    ["net.events.enable", ["auto", true, false], ["on", null, 1]],
    ["net.registry.missingpacketaction", ["closeconnection", "ignore"], ["close", true, null]],
    ["net.limits.packetlength", [6, 2 ** 32 - 1], [5, 2 ** 32, 6.5]],
    ["net.limits.inflated", [1], [0]],
    ["net.limits.depth", [1, 512], [0, 513]],
    ["net.limits.elements", [1, 1024 * 1024], [0, 1.5]],
    ["net.limits.elements.handshake", [1, 256], [0, 1.5]],
    ["net.limits.connections", [1], [0]],
    ["net.limits.connections.address", [1, 2 ** 32 - 1], [0, 1.5]],
    ["net.limits.strikes", [0], [-1]],
    ["net.limits.unsent.policy", ["close", "drop"], ["keep"]],
    ["net.heartbeat.interval", [0, 0.1, 2.5, Number.POSITIVE_INFINITY], [0.09, -1, Number.NaN, "1", null]],
    ["net.resume.window", [0, 0.5, 86_400], [-1, 86_401, Number.POSITIVE_INFINITY, Number.NaN, "1", null]],
    ["net.resume.bytes", [1, 2 ** 32 - 1], [0, 1.5]],
    ["net.resume.sessions", [1], [0, 1.5]],
    ["net.resume.sessions.address", [1], [0, 1.5]],
    ["net.latency.poll", [0, 0.0005, 0.001], [-0.0001, 0.0011, Number.NaN, "1", null]],
    ...(
      [
        "net.timeout.handshake",
        "net.timeout.idle",
        "net.timeout.unsent",
        "net.timeout.close",
        "net.heartbeat.timeout",
        "net.tcp.keepalive",
      ] as const
    ).map((key): [ConfigKey, unknown[], unknown[]] => [
      key,
      [0, 0.5, 2_147_484, 1e300, Number.POSITIVE_INFINITY],
      [-0.001, Number.NEGATIVE_INFINITY, Number.NaN, "1", "Infinity", null],
    ]),
  ])("%s", (key, allowed, refused) => {
    for (const value of allowed) expect(set(key, value).get(key)).toEqual(value);
    for (const value of refused) expect(() => set(key, value)).toThrow(ConfigError);
  });

  test.each([
    ["text that is long", "x".repeat(200), `"${"x".repeat(60)}…"`],
    ["text that is a character too long", "x".repeat(61), `"${"x".repeat(60)}…"`],
    ["text that is just short enough", "x".repeat(60), `"${"x".repeat(60)}"`],
    ["short text", "on", '"on"'],
    ["an array", [1], "an array"],
    ["an object", { a: 1 }, "an object"],
    ["null", null, "null"],
    ["a number", 7, "7"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
  ])("the error shows %s", (_name, value, shown) => {
    expect(() => set("net.compress.enabled", value)).toThrow(`cannot be ${shown}; allowed: true or false`);
  });
});

describe("unknown keys", () => {
  test.each([
    ["net.compress.enable", "net.compress.enabled, net.compress.threshold, net.compress.level"],
    ["net.timeout.handshakes", "net.timeout.handshake"],
    ["net.sll.enabled", "net.server.addr,"],
    ["toString", "see DEFAULT_CONFIG"],
    ["__proto__", "see DEFAULT_CONFIG"],
    ["", "see DEFAULT_CONFIG"],
    ["other.key", "see DEFAULT_CONFIG"],
  ])("%p is refused, and the nearest are named", (key, hint) => {
    expect(() => set(key, true)).toThrow(
      expect.objectContaining({ key, message: expect.stringContaining(hint) }),
    );
    expect(() => new Config().get(key as ConfigKey)).toThrow(ConfigError);
  });

  test("in the constructor, even if undefined", () => {
    expect(() => new Config({ "net.nope": 1 } as ConfigOverrides)).toThrow(ConfigError);
    expect(() => new Config({ "net.nope": undefined } as ConfigOverrides)).toThrow(ConfigError);
    expect(() => new Config({ "net.server.addr.port": -1 })).toThrow(ConfigError);
  });
});

describe("stacking", () => {
  test("own values over the parent's over the defaults", () => {
    const parent = new Config({ "net.server.addr.port": 1, "net.client.addr.port": 2 });
    const config = new Config({ "net.server.addr.port": 3, "net.compress.level": undefined }, parent);
    expect(config.get("net.server.addr.port")).toBe(3);
    expect(config.get("net.client.addr.port")).toBe(2);
    expect(config.get("net.compress.level")).toBe(6);
    config.delete("net.server.addr.port");
    expect(config.get("net.server.addr.port")).toBe(1);
    parent.set("net.server.addr.port", 4);
    expect(config.get("net.server.addr.port")).toBe(4);
    config.set("net.client.addr.port", 5);
    expect(parent.get("net.client.addr.port")).toBe(2);
  });

  test("falsy values count, too", () => {
    const config = new Config(
      { "net.compress.enabled": false },
      { "net.compress.enabled": true, "net.timeout.close": 0 },
    );
    expect(config.get("net.compress.enabled")).toBe(false);
    expect(config.get("net.timeout.close")).toBe(0);
  });

  test("a plain object, a Map, or an engine's config can be the parent", () => {
    const key = "net.compress.level";
    expect(new Config({}, { [key]: 1 }).get(key)).toBe(1);
    expect(new Config({}, new Map([[key, 2]])).get(key)).toBe(2);
    expect(new Config({}, { get: (asked: string) => (asked === key ? 3 : undefined) }).get(key)).toBe(3);
    expect(new Config({}, { "graphics.width": 800 }).get(key)).toBe(6);
  });

  test("values of a foreign parent are checked when they are read", () => {
    const config = new Config({}, { "net.compress.level": 11 });
    expect(() => config.get("net.compress.level")).toThrow(
      /"net.compress.level" cannot be 11; allowed: an integer/,
    );
    config.set("net.compress.level", 9);
    expect(config.get("net.compress.level")).toBe(9);
  });
});

describe("configs with the same overrides", () => {
  const overrides = {
    "net.timeout.idle": 3,
    "net.compress.enabled": false,
    "net.timeout.close": undefined,
    "net.ssl.cafile": null,
  } as const;

  test("do not change together", () => {
    const [first, second] = [new Config(overrides), new Config(overrides)];
    expect(first.fingerprint).toBe(second.fingerprint);
    first.set("net.timeout.idle", 5);
    expect([first.get("net.timeout.idle"), second.get("net.timeout.idle")]).toEqual([5, 3]);
    expect(first.fingerprint).not.toBe(second.fingerprint);
    second.delete("net.timeout.idle");
    expect(second.get("net.timeout.idle")).toBe(DEFAULT_CONFIG["net.timeout.idle"]);
    expect(new Config(overrides).get("net.timeout.idle")).toBe(3);
  });

  test.each<[string, ConfigOverrides]>([
    ["another value", { ...overrides, "net.timeout.idle": 4 }],
    ["one more", { ...overrides, "net.timeout.close": 4 }],
    ["one less", { "net.timeout.idle": 3 }],
    ["another one", { "net.timeout.idle": 3, "net.timeout.unsent": 3 }],
  ])("differ from one with %s", (_name, others) => {
    const first = new Config(overrides);
    expect(new Config(others).fingerprint).not.toBe(first.fingerprint);
  });

  test("are checked, whatever was checked before", () => {
    new Config(overrides);
    expect(() => new Config({ ...overrides, "net.timeout.idle": -1 })).toThrow(ConfigError);
    const hosts: unknown[] = ["127.0.0.1", 1];
    new Config({ "net.client.addr": hosts as never });
    hosts[1] = "no port";
    expect(() => new Config({ "net.client.addr": hosts as never })).toThrow(ConfigError);
  });

  test("differ where an object is among them, which may have changed", () => {
    const withAddress = { ...overrides, "net.client.addr": ["127.0.0.1", 1] } as const;
    expect(new Config(withAddress).fingerprint).not.toBe(new Config(withAddress).fingerprint);
  });

  test("have no fingerprint with a parent, which may change in silence", () => {
    expect(new Config(overrides, {}).fingerprint).toBeUndefined();
  });
});
