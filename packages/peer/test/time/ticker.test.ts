// The game loop: fixed steps on a clock that is turned by hand, with packets before and output after each.

import {
  Client,
  definePacket,
  type ProcessOptions,
  payload,
  Server,
  SIDE_CLIENT,
  SIDE_SERVER,
  type Tick,
  type Ticker,
  type TickerOptions,
  type Ticking,
  ticker,
} from "@peng3dnet/peer";
import { ManualClock, MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";

const Move = definePacket({ name: "test:move", schema: payload<number>(), side: SIDE_SERVER });
const State = definePacket({ name: "test:state", schema: payload<unknown>(), side: SIDE_CLIENT });
const packets = [Move, State];

/** A clock that may have been away: the machine stood still, or the program was busy. */
class BusyClock extends ManualClock {
  #away = 0;

  override now(): number {
    return super.now() + this.#away;
  }

  /** Time passes in which no timer can fire. */
  busy(seconds: number): void {
    this.#away += seconds * 1000;
  }
}

interface Game {
  readonly server: Server;
  readonly clock: BusyClock;
  readonly steps: Tick[];
  readonly errors: { readonly error: unknown; readonly where: string }[];
}

const games: Server[] = [];

afterEach(() => {
  for (const server of games.splice(0)) server.stop();
});

function makeGame(clock = new BusyClock()): Promise<Game> {
  return begin(new Server({ clock, packets }), clock);
}

async function begin(server: Server, clock: BusyClock): Promise<Game> {
  games.push(server);
  const errors: { error: unknown; where: string }[] = [];
  server.on("handlerError", (error, { where }) => errors.push({ error, where }));
  await server.runAsync();
  return { server, clock, errors, steps: [] };
}

interface Player {
  readonly client: Client;
  readonly net: TestNetwork;
  readonly seen: unknown[];
  /** What the server handed to the transport. */
  readonly writes: number[];
}

async function join({ server, clock }: Game): Promise<Player> {
  const net = Object.assign(new TestNetwork(), { clock });
  // The ticker's timers are counted: there are no others.
  const client = net.client({ packets, cfg: { "net.heartbeat.interval": 0 } });
  const seen: unknown[] = [];
  client.on(State, (state) => void seen.push(state));
  const link = new MemoryLink();
  const writes: number[] = [];
  const write = link.server.write.bind(link.server);
  link.server.write = (bytes) => {
    writes.push(bytes.length);
    return write(bytes);
  };
  server.accept(link.server);
  client.attach(link.client);
  await client.waitForConnection();
  await net.settle();
  writes.length = 0;
  return { client, net, seen, writes };
}

/** What a step is told, without what rounding may make of it. */
function rounded({ tick, dt, late, skipped }: Tick) {
  return { tick, dt, late: Math.round(late * 1000) / 1000, skipped };
}

test("each step is made when it is due, with its number and what it stands for", async () => {
  const game = await makeGame();
  const ticks = ticker(game.server, { hz: 20, onTick: (tick) => game.steps.push(tick) });
  expect(ticks.tick).toBe(0);
  game.clock.advance(0.049 - 0.001);
  expect(game.steps).toEqual([]);
  game.clock.advance(0.002);
  expect(game.steps.map(rounded)).toEqual([{ tick: 1, dt: 0.05, late: 0, skipped: 0 }]);
  game.clock.advance(0.1);
  expect(game.steps.map(({ tick }) => tick)).toEqual([1, 2, 3]);
  expect(ticks.tick).toBe(3);
});

test("steps do not drift, whatever each takes, and however a step divides a second", async () => {
  const game = await makeGame();
  ticker(game.server, {
    hz: 60,
    onTick: (tick) => {
      game.steps.push(tick);
      // The handler takes 3 ms of the 16.
      game.clock.busy(0.003);
    },
  });
  while (game.clock.now() < 60_010) game.clock.advance(0.001);
  const last = game.steps.at(-1) as Tick;
  expect(last.tick).toBe(3600);
  expect(game.steps.length).toBe(3600);
  expect(Math.max(...game.steps.map(({ late }) => late))).toBeLessThanOrEqual(0.0041);
});

test("a program that was busy makes up for the steps that are due, and says how late they are", async () => {
  const game = await makeGame();
  ticker(game.server, { hz: 10, onTick: (tick) => game.steps.push(tick) });
  game.clock.busy(0.35);
  game.clock.advance(0.1);
  expect(game.steps.map(rounded)).toEqual([
    { tick: 1, dt: 0.1, late: 0.35, skipped: 0 },
    { tick: 2, dt: 0.1, late: 0.25, skipped: 0 },
    { tick: 3, dt: 0.1, late: 0.15, skipped: 0 },
    { tick: 4, dt: 0.1, late: 0.05, skipped: 0 },
  ]);
  // And then it goes on as if nothing had been.
  game.clock.advance(0.05);
  expect(rounded(game.steps.at(-1) as Tick)).toEqual({ tick: 5, dt: 0.1, late: 0, skipped: 0 });
});

test.each([
  [undefined, [36, 37, 38, 39, 40], 35],
  [2, [39, 40], 38],
  [1, [40], 39],
])("with maxSteps %s, it makes the last of 40 and skips the others", async (maxSteps, made, skipped) => {
  const game = await makeGame();
  ticker(game.server, { hz: 10, maxSteps, onTick: (tick) => game.steps.push(tick) });
  game.clock.busy(3.9);
  game.clock.advance(0.1);
  expect(game.steps.map(({ tick }) => tick)).toEqual(made);
  expect(game.steps.map((tick) => tick.skipped)).toEqual(made.map((_tick, index) => (index ? 0 : skipped)));
  game.clock.advance(0.1);
  expect(rounded(game.steps.at(-1) as Tick)).toMatchObject({ tick: 41, skipped: 0, late: 0 });
});

test("steps that always take too long leave room for input between them", async () => {
  const game = await makeGame();
  const player = await join(game);
  const moves: number[] = [];
  game.server.on(Move, (move) => void moves.push(move));
  ticker(game.server, {
    hz: 10,
    maxSteps: 3,
    onTick: (tick) => {
      game.steps.push(tick);
      game.clock.busy(0.2);
    },
  });
  game.clock.advance(0.1);
  expect(game.steps.map(({ tick }) => tick)).toEqual([1]);
  player.client.sendMessage(Move, 1);
  await player.net.settle();
  game.clock.advance(0.001);
  expect(moves).toEqual([1]);
  // Two were due then, and three each time from then on.
  game.clock.advance(0.001);
  game.clock.advance(0.001);
  expect(game.steps.map(({ tick, skipped }) => [tick, skipped])).toEqual([
    [1, 0],
    [2, 0],
    [3, 0],
    [5, 1],
    [6, 0],
    [7, 0],
    [11, 3],
    [12, 0],
    [13, 0],
  ]);
});

test("packets that have arrived are processed before the step, and none in between", async () => {
  const game = await makeGame();
  const player = await join(game);
  const order: unknown[] = [];
  game.server.on(Move, (move) => void order.push(move));
  ticker(game.server, { hz: 20, onTick: ({ tick }) => void order.push(`step ${tick}`) });
  player.client.sendMessage(Move, 1);
  player.client.sendMessage(Move, 2);
  await player.net.settle();
  expect(order).toEqual([]);
  game.clock.advance(0.05);
  player.client.sendMessage(Move, 3);
  await player.net.settle();
  game.clock.advance(0.05);
  expect(order).toEqual([1, 2, "step 1", 3, "step 2"]);
});

test("what handlers and the step send leaves at the end of the step, in one write for each client", async () => {
  const game = await makeGame();
  const players = [await join(game), await join(game)];
  game.server.on(Move, (move, { client }) => {
    for (let n = 0; n < 30; n++) client.sendMessage(State, move);
  });
  const within: number[] = [];
  ticker(game.server, {
    hz: 20,
    onTick: ({ tick }) => {
      game.server.broadcast(State, tick);
      for (const client of game.server.clients.values())
        for (let n = 0; n < 100; n++) client.sendMessage(State, { tick, n });
      within.push(...players.map(({ writes }) => writes.length));
    },
  });
  for (const { client } of players) client.sendMessage(Move, 7);
  await players[0]?.net.settle();
  game.clock.advance(0.05);
  // At once, and not only when the event loop goes on.
  expect(within).toEqual([0, 0]);
  for (const { writes } of players) expect(writes.length).toBe(1);
  game.clock.advance(0.1);
  for (const { writes } of players) expect(writes.length).toBe(3);
  await players[0]?.net.settle();
  for (const { writes, seen } of players) {
    expect(writes.length).toBe(3);
    expect(seen.length).toBe(30 + 3 * 101);
  }
});

test("steps that are made up for leave in one write together", async () => {
  const game = await makeGame();
  const player = await join(game);
  ticker(game.server, { hz: 20, onTick: ({ tick }) => game.server.broadcast(State, tick) });
  game.clock.busy(0.1);
  game.clock.advance(0.05);
  expect(player.writes.length).toBe(1);
  await player.net.settle();
  expect(player.seen).toEqual([1, 2, 3]);
});

test("what is long leaves in pieces, so that nobody gathers megabytes", async () => {
  const game = await makeGame();
  const player = await join(game);
  let most = 0;
  ticker(game.server, {
    hz: 20,
    onTick: () => {
      for (let n = 0; n < 100; n++) {
        for (const client of game.server.clients.values()) {
          client.sendMessage(State, "x".repeat(1000));
          most = Math.max(most, client.conn.metrics.unsent);
        }
      }
    },
  });
  game.clock.advance(0.05);
  await player.net.settle();
  expect(player.seen.length).toBe(100);
  expect(most).toBeLessThan(18_000);
});

test("outside of steps, output leaves as it always does", async () => {
  const game = await makeGame();
  const player = await join(game);
  ticker(game.server, { hz: 20, onTick: () => {} });
  game.clock.advance(0.05);
  for (const client of game.server.clients.values()) {
    for (let n = 0; n < 19; n++) client.sendMessage(State, n);
    expect(player.writes.length).toBe(0);
    client.sendMessage(State, 20);
    expect(player.writes.length).toBe(1);
  }
});

test("an error of a step is reported as that of a handler, and the steps go on", async () => {
  const game = await makeGame();
  ticker(game.server, {
    hz: 20,
    onTick: ({ tick }) => {
      if (tick === 1) throw new Error("thrown");
      if (tick === 2) return Promise.reject(new Error("rejected"));
      game.steps.push({ tick } as Tick);
      return undefined;
    },
  });
  game.clock.advance(0.15);
  await Promise.resolve();
  await Promise.resolve();
  expect(game.errors).toEqual([
    { error: new Error("thrown"), where: "onTick" },
    { error: new Error("rejected"), where: "onTick" },
  ]);
  expect(game.steps).toEqual([{ tick: 3 }]);
});

test("so is one of a process() of a class of its own, thrown or rejected with", async () => {
  class Strict extends Server {
    processed = 0;

    override process(options?: { readonly wait?: false | undefined }): number;
    override process(options: ProcessOptions & { readonly wait: true }): Promise<number>;
    override process(options: ProcessOptions): number | Promise<number>;
    override process(): number | Promise<number> {
      this.processed++;
      if (this.processed === 1) throw new Error("thrown");
      if (this.processed === 2) return Promise.reject(new Error("rejected"));
      return 0;
    }
  }
  const clock = new BusyClock();
  const server = new Strict({ clock, packets });
  const game = await begin(server, clock);
  ticker(server, { hz: 20, onTick: (tick) => game.steps.push(tick) });
  for (let n = 0; n < 3; n++) clock.advance(0.05);
  await Promise.resolve();
  await Promise.resolve();
  expect(game.errors).toEqual([
    { error: new Error("thrown"), where: "process" },
    { error: new Error("rejected"), where: "process" },
  ]);
  expect(game.steps.map(({ tick }) => tick)).toEqual([1, 2, 3]);
});

describe("it ends", () => {
  const ends: [string, (ticks: Ticker, game: Game, abort: AbortController) => unknown][] = [
    ["by stop()", (ticks) => ticks.stop()],
    ["by its signal", (_ticks, _game, abort) => abort.abort()],
    ["with its server", (_ticks, { server }) => server.stop()],
    ["with the scope of `await using`", (ticks) => ticks[Symbol.asyncDispose]()],
  ];

  test.each(ends)("%s, and sets no timer any more", async (_name, end) => {
    const game = await makeGame();
    const abort = new AbortController();
    const ticks = ticker(game.server, {
      hz: 20,
      signal: abort.signal,
      onTick: (tick) => game.steps.push(tick),
    });
    game.clock.advance(0.05);
    expect([ticks.stopped, game.clock.timers]).toEqual([false, 1]);
    await end(ticks, game, abort);
    expect([ticks.stopped, game.clock.timers]).toEqual([true, 0]);
    game.clock.advance(1);
    expect(game.steps.length).toBe(1);
    ticks.stop();
  });

  test.each(ends)("%s, in the middle of a step, too", async (_name, end) => {
    const game = await makeGame();
    const abort = new AbortController();
    const ticks: Ticker = ticker(game.server, {
      hz: 20,
      signal: abort.signal,
      onTick: (tick) => {
        game.steps.push(tick);
        if (tick.tick === 2) void end(ticks, game, abort);
      },
    });
    game.clock.busy(0.2);
    game.clock.advance(0.05);
    game.clock.advance(1);
    expect(game.steps.map(({ tick }) => tick)).toEqual([1, 2]);
    expect(game.clock.timers).toBe(0);
  });

  test("one that is made too late makes no steps", async () => {
    const game = await makeGame();
    const onTick = (tick: Tick) => game.steps.push(tick);
    const ticks = [ticker(game.server, { hz: 20, onTick, signal: AbortSignal.abort() })];
    game.server.stop();
    ticks.push(ticker(game.server, { hz: 20, onTick }));
    game.clock.advance(1);
    expect(ticks.map(({ stopped }) => stopped)).toEqual([true, true]);
    expect(game.steps).toEqual([]);
  });
});

test("several tickers of one server go by themselves", async () => {
  const game = await makeGame();
  const order: string[] = [];
  const fast = ticker(game.server, { hz: 20, onTick: ({ tick }) => void order.push(`fast ${tick}`) });
  ticker(game.server, { hz: 10, onTick: ({ tick }) => void order.push(`slow ${tick}`) });
  game.clock.advance(0.06);
  game.clock.advance(0.05);
  fast.stop();
  game.clock.advance(0.1);
  expect(order).toEqual(["fast 1", "slow 1", "fast 2", "slow 2"]);
});

test("a client ticks, too", async () => {
  const game = await makeGame();
  const player = await join(game);
  const moves: number[] = [];
  game.server.on(Move, (move) => void moves.push(move));
  game.server.processAsync();
  ticker(player.client, { hz: 20, onTick: ({ tick }) => player.client.sendMessage(Move, tick) });
  game.clock.advance(0.1);
  await player.net.settle();
  expect(moves).toEqual([1, 2]);
  player.client.stop();
  expect(game.clock.timers).toBe(0);
});

/** A clock whose timers are those of a runtime: they may fire early, and hold 24.8 days. */
class RuntimeClock extends BusyClock {
  set = 0;

  override setTimeout(callback: () => void, milliseconds: number): unknown {
    this.set++;
    return super.setTimeout(callback, milliseconds > 0x7fff_ffff ? 1 : milliseconds - 0.6);
  }
}

test("a timer that fires a little early is good enough, and nothing adds up", async () => {
  const game = await makeGame(new RuntimeClock());
  ticker(game.server, { hz: 20, onTick: (tick) => game.steps.push(tick) });
  const clock = game.clock as RuntimeClock;
  for (let n = 0; n < 100; n++) clock.advance(0.05);
  expect(game.steps.map(({ tick }) => tick)).toEqual(
    Array.from({ length: 100 }, (_step, index) => index + 1),
  );
  expect(new Set(game.steps.map(({ late }) => late))).toEqual(new Set([0]));
  expect(clock.set).toBe(101);
});

test("a client's ends with its connection, before a step that would send something", async () => {
  const game = await makeGame();
  const player = await join(game);
  const failed = jest.fn();
  player.client.on("handlerError", failed);
  const tick = () => ticker(player.client, { hz: 20, onTick: () => player.client.sendMessage(Move, 1) });
  const loop = tick();
  game.clock.advance(0.05);
  for (const client of game.server.clients.values()) void client.close("enough");
  await player.client.waitForClose();
  expect([loop.stopped, tick().stopped]).toEqual([true, true]);
  game.clock.advance(1);
  await player.net.settle();
  expect(failed).not.toHaveBeenCalled();
  expect(game.clock.timers).toBe(0);
});

test("a client's ends if it never gets a connection", async () => {
  const net = new TestNetwork();
  const client = net.client({ packets });
  const loop = ticker(client, { hz: 20, onTick: () => {} });
  const closed = client.waitForClose();
  client.stop();
  await closed;
  expect([loop.stopped, net.clock.timers]).toEqual([true, 0]);
  const refused = new Client({
    clock: net.clock,
    connector: {
      connect: async () => {
        throw new Error("nobody there");
      },
    },
  });
  const other = ticker(refused, { hz: 20, onTick: () => {} });
  await expect(refused.start()).rejects.toThrow("nobody there");
  expect([other.stopped, net.clock.timers]).toEqual([true, 0]);
});

test("one step in a month is made in a month, and nothing happens before: timers hold 24 days", async () => {
  const game = await makeGame(new RuntimeClock());
  const process = jest.spyOn(game.server, "process");
  const month = 30 * 86_400;
  ticker(game.server, { hz: 1 / month, onTick: (tick) => game.steps.push(tick) });
  game.clock.advance(month - 1);
  expect([game.steps.length, process.mock.calls.length]).toEqual([0, 0]);
  game.clock.advance(1);
  expect([game.steps.length, process.mock.calls.length]).toEqual([1, 1]);
  expect((game.clock as RuntimeClock).set).toBe(3);
});

test.each<[Partial<Record<keyof TickerOptions, unknown>>, object]>([
  [{ hz: 0 }, { code: "P3D_ERR_CONFIG", key: "hz" }],
  [{ hz: -20 }, { code: "P3D_ERR_CONFIG", key: "hz" }],
  [{ hz: 1001 }, { code: "P3D_ERR_CONFIG", key: "hz" }],
  [{ hz: Number.NaN }, { code: "P3D_ERR_CONFIG", key: "hz" }],
  [{ hz: "20" }, { code: "P3D_ERR_CONFIG", key: "hz" }],
  [{ maxSteps: 0 }, { code: "P3D_ERR_CONFIG", key: "maxSteps" }],
  [{ maxSteps: 1.5 }, { code: "P3D_ERR_CONFIG", key: "maxSteps" }],
  [{ onTick: undefined }, { name: "TypeError" }],
])("options that make no sense are refused: %p", async (options, error) => {
  const { server, clock } = await makeGame();
  const make = () => ticker(server, { hz: 20, onTick: () => {}, ...options } as TickerOptions);
  expect(make).toThrow(expect.objectContaining(error));
  expect(clock.timers).toBe(0);
});

test("what is neither server nor client is refused", () => {
  expect(() => ticker({ process: () => 0 } as unknown as Ticking, { hz: 20, onTick: () => {} })).toThrow(
    TypeError,
  );
  expect(() => ticker(undefined as unknown as Ticking, { hz: 20, onTick: () => {} })).toThrow(TypeError);
});
