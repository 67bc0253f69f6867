// Options that do not exist, as JavaScript lets them pass.

import { Client, ConfigError, Server, type ServerOptions } from "@peng3dnet/core";
import { Client as PeerClient, Server as PeerServer } from "@peng3dnet/peer";
import { PingableServerMixin, pingServer } from "@peng3dnet/ping";

/** As JavaScript has them. */
const options = (of: object): object => of;

function keeping() {
  const warnings: string[] = [];
  const ignore = (): void => {};
  return {
    warnings,
    logger: { debug: ignore, info: ignore, warn: (line: string) => void warnings.push(line), error: ignore },
  };
}

const makers: Record<string, (of: object) => unknown> = {
  "Server of core": (of) => new Server(of),
  "Client of core": (of) => new Client(of),
  "Server of peer": (of) => new PeerServer(of),
  "Client of peer": (of) => new PeerClient(of),
};

describe.each(Object.entries(makers))("a %s", (what, make) => {
  const name = what.split(" ")[0] as string;

  test.each([
    ["adr", "addr"],
    ["Addr", "addr"],
    ["packet", "packets"],
    ["loger", "logger"],
    ["packetss", "packets"],
  ])("refuses %s, and names %s", (wrong, meant) => {
    const make_ = () => make(options({ [wrong]: "127.0.0.1:1" }));
    expect(make_).toThrow(ConfigError);
    expect(make_).toThrow(`a ${name} has no option "${wrong}"; did you mean "${meant}"?`);
  });

  test.each(["net.timeout.close", "rdda"])("names all where none is like %s", (wrong) => {
    const make_ = () => make(options({ [wrong]: 5 }));
    expect(make_).toThrow(`a ${name} has no option "${wrong}"; it has packets, peng, addr, cfg, `);
  });

  test.each([8080, "127.0.0.1:8080", null])("refuses %p in the place of options", (wrong) => {
    expect(() => make(wrong as never)).toThrow(TypeError);
    expect(() => make(wrong as never)).toThrow("takes an object of options, and not");
  });

  test.each<[string, unknown, string]>([
    ["packets", {}, "a list of definitions"],
    ["peng", {}, "an object with sendEvent()"],
    ["cfg", 5, "an object of config options"],
    ["codec", {}, "an object with encode(), decode()"],
    ["extensions", JSON, "an object with encode(), decode()"],
    ["validateSent", "no", "true or false"],
    ["logger", 5, "an object with debug(), info(), warn(), error()"],
    ["logger", { error() {} }, "an object with debug(), info(), warn(), error()"],
    ["print", "stdout", "a function"],
    ["clock", Date, "an object with now(), setTimeout(), clearTimeout()"],
  ])("refuses a %s that is none: %p", (key, value, allowed) => {
    expect(() => make({ [key]: value })).toThrow(TypeError);
    expect(() => make({ [key]: value })).toThrow(`the option "${key}" is ${allowed}`);
  });

  test("looks at an option that is a getter of a class, too", () => {
    class Options {
      get logger(): unknown {
        return 5;
      }
    }
    expect(() => make(new Options())).toThrow('the option "logger" is an object with');
  });

  test("takes what exists, and what has no value", () => {
    make(options({ adr: undefined, validateSent: true, addr: undefined, cfg: {}, packets: [] }));
  });
});

test("options of one side are looked at, too", () => {
  for (const conntypes of ["classic", 5]) {
    expect(() => new Server({ conntypes: conntypes as never })).toThrow(
      'the option "conntypes" is a list of names of connection types, such as ["password"], and not',
    );
  }
  for (const clientcls of [{}, () => ({})]) {
    expect(() => new Server({ clientcls: clientcls as never })).toThrow(
      'the option "clientcls" is a class of clients',
    );
  }
  expect(() => new Server({ authorizeResume: true as never })).toThrow(
    'the option "authorizeResume" is a function',
  );
  for (const conntype of ["", 5]) {
    expect(() => new Client({ conntype: conntype as never })).toThrow(
      'the option "conntype" is the name of a connection type',
    );
  }
});

test("a subclass may have options of its own, and is warned of one that looks mistyped, once", () => {
  class Game extends Server {
    readonly level: number;
    constructor(of: ServerOptions & { readonly level: number }) {
      super(of);
      this.level = of.level;
    }
  }
  const { warnings, logger } = keeping();
  expect(new Game({ level: 5, ...options({ logger }) }).level).toBe(5);
  expect(warnings).toEqual([]);
  new Game({ level: 5, ...options({ logger, adr: "127.0.0.1:1" }) });
  expect(warnings).toEqual([expect.stringMatching(/^Game has no option "adr"; did you mean "addr"\?/)]);
  new Game({ level: 5, ...options({ logger, adr: "127.0.0.1:1" }) });
  expect(warnings).toHaveLength(1);
});

test("so may a class of a mixin", () => {
  const { warnings, logger } = keeping();
  new (PingableServerMixin(Server))(options({ logger, motd: "hello", adr: "127.0.0.1:1" }));
  expect(warnings).toEqual([expect.stringContaining('has no option "adr"')]);
});

test("pingServer refuses what it does not know", async () => {
  await expect(pingServer(options({ transport: {} }))).rejects.toThrow(
    'pingServer has no option "transport"; it has peng, addr, data, cfg, timeout, clientcls, WebSocket, connector, signal',
  );
  await expect(pingServer(options({ timout: 1 }))).rejects.toThrow('did you mean "timeout"?');
  await expect(pingServer(options({ timout: 1 }))).rejects.toThrow(ConfigError);
});
