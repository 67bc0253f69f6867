// A client that comes back, and is led to another server than that which has its session: it is told where that is, and goes
// there if it may, or the session is gone.

import {
  CLUSTER_HOST,
  Client,
  type ClientOnServer,
  type CloseInfo,
  ConnectError,
  MOST_REDIRECTS,
  type RedirectedConnector,
  ResumeError,
  type ResumeOptions,
  type ResumePlaces,
  type Server,
  SSLSEC_ENCRYPTED,
  SSLSEC_NONE,
  SSLSEC_SERVERAUTH,
  type SslSecLevel,
} from "@peng3dnet/peer";
import { MemoryLink, type TestNetwork } from "@peng3dnet/peer/testing";
import { tap } from "./raw-client.js";
import { Number_, packets, quickNetwork } from "./scene.js";

const QUIET = { "net.heartbeat.interval": 0, "net.compress.enabled": false };

/** A server at an address. */
interface Place {
  readonly server: Server;
  readonly numbers: number[];
  remote: ClientOnServer | undefined;
}

interface WorldOptions {
  /** `undefined`: the option is left out. */
  readonly redirect?: ResumeOptions["redirect"];
  /** How secure lines to an address are; default: `SSLSEC_SERVERAUTH`. */
  readonly levels?: Readonly<Record<string, SslSecLevel>>;
  /** What a server says of marks. */
  readonly addressOf?: (mark: Uint8Array, world: World) => Promise<string | undefined>;
  readonly resume?: ResumeOptions;
}

const markOf = (letter: string): Uint8Array => new TextEncoder().encode(letter.repeat(8));

/** Servers `a` and `b`, and a client that dials `balancer`, which is one of them. */
class World {
  readonly net: TestNetwork = quickNetwork();
  readonly places: Readonly<Record<string, Place>>;
  readonly client: Client;
  /** The addresses that were dialled, in order. */
  readonly dialled: string[] = [];
  /** What gives up each of these dials. */
  readonly signals: AbortSignal[] = [];
  readonly links: MemoryLink[] = [];
  readonly tapped: ReturnType<typeof tap>[] = [];
  readonly events: string[] = [];
  readonly numbers: number[] = [];
  closed: CloseInfo | undefined;
  /** Where the balancer leads. */
  leads = "a";
  /** Addresses that cannot be reached. */
  readonly down = new Set<string>();

  constructor({ redirect, levels = {}, addressOf, resume }: WorldOptions = {}) {
    this.places = { a: this.#serve("a", addressOf), b: this.#serve("b", addressOf) };
    const dial = async (address: string, established: (link: MemoryLink["client"]) => void) => {
      this.dialled.push(address);
      if (this.down.has(address)) throw new ConnectError(`${address} is not there`);
      const place = this.places[address === "balancer" ? this.leads : address];
      if (place === undefined) throw new ConnectError(`nobody is at ${address}`);
      const link = new MemoryLink(levels[address] ?? SSLSEC_SERVERAUTH);
      this.links.push(link);
      this.tapped.push(tap(link));
      place.server.accept(link.server);
      established(link.client);
    };
    const connectorTo = (address: string): RedirectedConnector => ({
      address: [address, 1],
      connect: ({ established, signal }) => {
        this.signals.push(signal);
        return address === "nowhere" ? this.#hangAt(address) : dial(address, established);
      },
    });
    this.client = this.net.client({
      packets,
      cfg: QUIET,
      resume: { delay: 0.0005, ...(redirect !== undefined && { redirect }), ...resume },
      connector: {
        ...connectorTo("balancer"),
        redirected: (address) => {
          if (address.startsWith("wss:")) throw new Error(`${address} is of no use here`);
          return connectorTo(address);
        },
      },
    }) as Client;
    for (const event of ["suspend", "resume"] as const)
      this.client.on(event, () => void this.events.push(event));
    this.client.on("close", (info) => {
      this.closed = info;
    });
    this.client.on(Number_, (number) => void this.numbers.push(number));
  }

  #hangAt(address: string): Promise<never> {
    this.dialled.push(address);
    return new Promise(() => {});
  }

  #serve(name: string, addressOf: WorldOptions["addressOf"]): Place {
    const server = this.net.server({ packets, cfg: { ...QUIET, "net.resume.window": 30 } }) as Server;
    const place: Place = { server, numbers: [], remote: undefined };
    const known: ResumePlaces["addressOf"] = async (mark) =>
      addressOf !== undefined
        ? addressOf(mark, this)
        : Object.keys(this.places).find((other) => markOf(other).every((byte, at) => byte === mark[at]));
    server[CLUSTER_HOST].resumeAmong({ mark: markOf(name), addressOf: known });
    server.on("handshakecomplete", (remote) => {
      place.remote = remote;
    });
    server.on(Number_, (number) => void place.numbers.push(number));
    return place;
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 12; turn++) await this.net.settle();
  }

  async pass(seconds: number, step = seconds): Promise<void> {
    for (let left = seconds; left > 1e-9; left -= step) {
      this.net.clock.advance(Math.min(left, step));
      await this.settle();
    }
  }

  /** Connects over the balancer, which leads to `a`, and breaks the line; from then on, it leads to `b`. */
  async begin(): Promise<this> {
    await this.client.connect();
    await this.settle();
    this.dialled.length = 0;
    this.leads = "b";
    this.links[0]?.cut();
    await this.settle();
    return this;
  }
}

async function ledElsewhere(options: WorldOptions = {}, prepare: (world: World) => void = () => {}) {
  const world = await new World(options).begin();
  prepare(world);
  world.client.sendMessage(Number_, 1);
  world.places.a?.remote?.sendMessage(Number_, 2);
  await world.pass(0.002);
  return world;
}

describe("a client that is led to another server", () => {
  test("goes where that says that its session is, and nothing is lost", async () => {
    const world = await ledElsewhere({ redirect: true });
    const { a, b } = world.places;
    expect(world.dialled).toEqual(["balancer", "a"]);
    expect([world.events, world.numbers, a?.numbers]).toEqual([["suspend", "resume"], [2], [1]]);
    expect([a?.server.clients.size, b?.server.clients.size]).toEqual([1, 0]);
    // So it does the next time, with the ticket that it has then.
    world.links.at(-1)?.cut();
    await world.settle();
    await world.pass(0.002);
    expect(world.dialled.slice(2)).toEqual(["balancer", "a"]);
    expect([world.events.length, world.client.active]).toEqual([4, true]);
  });

  test("may be led to where it was", async () => {
    const world = await ledElsewhere({ redirect: true }, (its) => {
      its.leads = "a";
    });
    expect([world.dialled, world.events]).toEqual([["balancer"], ["suspend", "resume"]]);
  });

  const byDefault: [string, SslSecLevel, string[], string | undefined][] = [
    ["that TLS has authenticated", SSLSEC_SERVERAUTH, ["balancer", "a"], undefined],
    ["that nobody has verified", SSLSEC_ENCRYPTED, ["balancer"], "resumeunknown"],
    ["without TLS", SSLSEC_NONE, ["balancer"], "resumeunknown"],
  ];
  test.each(byDefault)(
    "goes where a server says, by default: one %s",
    async (_what, level, dialled, reason) => {
      const world = await ledElsewhere({ levels: { balancer: level, a: level } });
      expect([world.dialled, world.closed?.reason]).toEqual([dialled, reason]);
    },
  );

  test("does not where redirect is false, and is told that the session is gone", async () => {
    const world = await ledElsewhere({ redirect: false });
    expect([world.dialled, world.closed?.reason]).toEqual([["balancer"], "resumeunknown"]);
    expect(world.closed?.error).toMatchObject({ code: "P3D_ERR_RESUME", address: undefined });
  });

  test("does over plain lines where redirect is true", async () => {
    const world = await ledElsewhere({ redirect: true, levels: { balancer: SSLSEC_NONE, a: SSLSEC_NONE } });
    expect([world.dialled, world.client.active]).toEqual([["balancer", "a"], true]);
  });

  test("never goes where the line is less secure, and shows its ticket to nobody there", async () => {
    const world = await ledElsewhere({ redirect: true, levels: { a: SSLSEC_ENCRYPTED } });
    expect([world.dialled, world.closed?.reason]).toEqual([["balancer", "a"], "resumeelsewhere"]);
    expect(world.closed?.error?.message).toContain("less secure");
    expect(world.tapped.at(-1)?.toServer).toEqual([]);
    expect(world.links.at(-1)?.client.isClosed).toBe(true);
  });

  test("goes where a function says", async () => {
    const asked: string[] = [];
    const redirect = (address: string): string => {
      asked.push(address);
      return "a";
    };
    const world = await ledElsewhere({ redirect, addressOf: async () => "10.0.0.1:8080 wss://inside" });
    expect([asked, world.dialled]).toEqual([["10.0.0.1:8080 wss://inside"], ["balancer", "a"]]);
    expect(world.client.active).toBe(true);
  });

  const functions: [string, () => string | undefined, string][] = [
    ["returns nothing", () => undefined, "the option redirect does not allow it"],
    ["returns no text", () => 7 as unknown as string, "the option redirect does not allow it"],
    [
      "throws",
      () => {
        throw new Error("a mistake");
      },
      "the option redirect threw",
    ],
  ];
  test.each(functions)("does not go where a function %s", async (_what, redirect, message) => {
    const world = await ledElsewhere({ redirect });
    expect([world.dialled, world.closed?.reason]).toEqual([["balancer"], "resumeelsewhere"]);
    expect(world.closed?.error?.message).toContain(message);
  });

  test("does not go where a promise leads, and a rejection of that ends no process", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    const redirect = (() => Promise.reject(new Error("a mistake"))) as unknown as () => string;
    const world = await ledElsewhere({ redirect });
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect([world.dialled, world.closed?.reason, unhandled]).toEqual([["balancer"], "resumeelsewhere", []]);
    expect(world.closed?.error?.message).toContain("neither an address nor undefined");
  });

  test("goes nowhere if that is where the client stops", async () => {
    const its: { client?: Client } = {};
    const redirect = (): string => {
      its.client?.stop();
      return "a";
    };
    const world = await ledElsewhere({ redirect }, ({ client }) => {
      its.client = client;
    });
    expect([world.dialled, world.closed?.reason]).toEqual([["balancer"], "socketclose"]);
  });

  test("takes the first of several addresses that it can go to", async () => {
    const world = await ledElsewhere({ redirect: true, addressOf: async () => "wss://a a b" });
    expect([world.dialled, world.client.active]).toEqual([["balancer", "a"], true]);
  });

  test("that can go to none of them is closed", async () => {
    const world = await ledElsewhere({ redirect: true, addressOf: async () => "wss://a wss://b" });
    expect([world.dialled, world.closed?.reason]).toEqual([["balancer"], "resumeelsewhere"]);
    expect(world.closed?.error).toMatchObject({ cause: { message: "wss://a is of no use here" } });
  });

  test("begins anew with its own address where the other one cannot be reached", async () => {
    const world = await ledElsewhere({ redirect: true }, ({ down }) => void down.add("a"));
    expect([world.dialled, world.client.suspended]).toEqual([["balancer", "a"], true]);
    world.down.clear();
    await world.pass(1, 0.1);
    expect([world.dialled.slice(2), world.events]).toEqual([
      ["balancer", "a"],
      ["suspend", "resume"],
    ]);
  });

  test("that another server knows nothing of is told so", async () => {
    const world = await ledElsewhere({ redirect: true, addressOf: async () => undefined });
    expect([world.dialled, world.closed?.reason]).toEqual([["balancer"], "resumeunknown"]);
  });

  test("is told so, too, where that cannot be found out", async () => {
    const addressOf = (): Promise<never> => Promise.reject(new Error("a mistake of the cluster"));
    const world = new World({ redirect: true, addressOf });
    const faults: unknown[] = [];
    world.places.b?.server.on("handlerError", (error) => void faults.push(String(error)));
    await world.begin();
    await world.pass(0.002);
    expect([world.closed?.reason, faults]).toEqual(["resumeunknown", ["Error: a mistake of the cluster"]]);
  });

  test("and goes away before it is told harms nobody", async () => {
    const answers: ((address: string) => void)[] = [];
    const world = await ledElsewhere({
      redirect: true,
      addressOf: () => new Promise((resolve) => answers.push(resolve)),
    });
    world.links.at(-1)?.cut();
    await world.settle();
    answers[0]?.("a");
    await world.settle();
    expect(world.dialled).toEqual(["balancer"]);
    expect(world.places.b?.server.clients.size).toBe(0);
  });
});

describe("a server that means harm", () => {
  const loops: [string, World["leads"], (mark: Uint8Array) => Promise<string>][] = [
    ["to itself", "b", async () => "b"],
    ["to the balancer", "b", async () => "balancer"],
  ];
  test.each(loops)("sends a client %s a few times at most", async (_what, _leads, addressOf) => {
    const world = await ledElsewhere({ redirect: true, addressOf });
    expect([world.dialled.length, world.closed?.reason]).toEqual([1 + MOST_REDIRECTS, "resumeunknown"]);
    await world.pass(40, 1);
    expect(world.dialled).toHaveLength(1 + MOST_REDIRECTS);
  });

  /** Has the server that the balancer leads to answer whoever comes back with a closing packet. */
  const answering = (address: unknown) => (world: World) => {
    const server = world.places.b?.server as Server;
    server[CLUSTER_HOST].resumeAmong({
      mark: markOf("b"),
      addressOf: async () => address as string,
    });
  };

  test.each([
    ["huge", "x".repeat(257)],
    ["empty", ""],
    ["no text", 7],
    ["with control characters", "a\u001b[2J:80"],
    ["not ASCII", "\u00e4"],
  ])("names an address that is none: %s", async (_what, address) => {
    const world = await ledElsewhere({ redirect: true }, answering(address));
    expect([world.dialled, world.client.suspended]).toEqual([["balancer"], true]);
    // It may be another one that answers the next time.
    world.leads = "a";
    await world.pass(1, 0.1);
    expect(world.client.active).toBe(true);
  });

  test("sends a client elsewhere that has not asked for it, which goes nowhere", async () => {
    const world = new World({ redirect: false });
    await world.begin();
    const { server } = world.places.b as Place;
    server.on("connection", (remote) => {
      queueMicrotask(() => remote.close("resumeelsewhere"));
    });
    await world.pass(0.002);
    expect([world.dialled, world.closed?.reason]).toEqual([["balancer"], "resumeelsewhere"]);
    expect(world.closed?.error).toMatchObject({ address: undefined });
  });

  test("keeps a client busy by many addresses no longer than one attempt may take", async () => {
    const world = await ledElsewhere({
      redirect: true,
      resume: { attemptTimeout: 1 },
      addressOf: (_mark, { net }) =>
        new Promise((resolve) => {
          net.clock.setTimeout(() => resolve("b"), 800);
        }),
    });
    await world.pass(0.9, 0.1);
    expect(world.dialled).toEqual(["balancer", "b"]);
    await world.pass(0.2, 0.05);
    // The line to either address is closed, and the next attempt begins with the client's own one.
    expect(world.links.slice(1, 3).every(({ client }) => client.isClosed)).toBe(true);
    expect([world.client.suspended, world.dialled.slice(2)]).toEqual([true, ["balancer"]]);
  });
});

test("a connector that is on its way to another address is told when the client stops", async () => {
  const world = await new World({ redirect: true, addressOf: async () => "nowhere" }).begin();
  await world.pass(0.002);
  expect([world.dialled, world.signals.at(-1)?.aborted]).toEqual([["balancer", "nowhere"], false]);
  world.client.stop();
  await world.settle();
  expect(world.signals.at(-1)?.aborted).toBe(true);
});

test("a client that stops while it goes elsewhere opens nothing more", async () => {
  const world = await new World({ redirect: true }).begin();
  world.places.a?.server.on("connection", () => world.client.stop());
  await world.pass(0.002);
  expect(world.dialled).toEqual(["balancer", "a"]);
  await world.pass(10, 1);
  expect([world.dialled.length, world.links.every(({ client }) => client.isClosed)]).toEqual([2, true]);
});

test("tickets are of a server only while it is one of several, and with a mark of 8 bytes", async () => {
  const world = new World({ redirect: true });
  const host = world.places.a?.server[CLUSTER_HOST];
  expect(() => host?.resumeAmong({ mark: new Uint8Array(7), addressOf: async () => "b" })).toThrow(
    RangeError,
  );
  host?.resumeAmong({ mark: markOf("a"), addressOf: async () => "b" })();
  await world.begin();
  await world.pass(0.002);
  // Nothing in the ticket says where the session is.
  expect([world.dialled, world.closed?.reason]).toEqual([["balancer"], "resumeunknown"]);
});

test("what was said of other servers is not taken back where something else has been said since", async () => {
  const world = new World({ redirect: true });
  const host = world.places.a?.server[CLUSTER_HOST];
  const addressOf = async () => "b";
  const takeBack = host?.resumeAmong({ mark: markOf("x"), addressOf });
  host?.resumeAmong({ mark: markOf("a"), addressOf });
  takeBack?.();
  await world.begin();
  await world.pass(0.002);
  expect([world.dialled, world.client.active]).toEqual([["balancer", "a"], true]);
});

test.each([["yes"], [1], [null]])("an option redirect that is none is refused: %p", (redirect) => {
  expect(() => new Client({ resume: { redirect: redirect as never } })).toThrow(
    "redirect is true, false or a function",
  );
});

test("an error tells where a session is only if it was said", () => {
  expect(new ResumeError("text", "resumeelsewhere", { address: "b" })).toMatchObject({ address: "b" });
  expect(new ResumeError("text", "resumeunknown").address).toBeUndefined();
});
