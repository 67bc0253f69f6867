// How the standard platform lets others have their turn: by the best that the runtime has.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { MessageChannel } from "node:worker_threads";
import { type TurnSources, yieldBy } from "../../src/platform/yield-by.js";

const run = promisify(execFile);

/** A channel as browsers have it: each message is an event of its own, and ports have neither `ref` nor `unref`. */
class BrowserChannel {
  static made = 0;
  readonly port1 = { onmessage: null as (() => void) | null, postMessage() {} };
  readonly port2 = {
    onmessage: null,
    postMessage: () => void setImmediate(() => this.port1.onmessage?.()),
  };

  constructor() {
    BrowserChannel.made++;
  }
}

test.each<[string, TurnSources["MessageChannel"], number, number]>([
  ["one channel of messages, as in browsers", BrowserChannel, 1, 0],
  ["timers, where there is no channel", undefined, 0, 7],
  ["timers, where an open port would keep the process alive", MessageChannel as never, 0, 7],
])(
  "calls come by %s: in order, and not within the call that asks for them",
  async (_, channel, channels, timers) => {
    BrowserChannel.made = 0;
    const timed = jest.fn(setTimeout);
    const yieldTurn = yieldBy({ MessageChannel: channel, setTimeout: timed });
    const order: number[] = [];
    await new Promise<void>((resolve) => {
      for (let index = 0; index < 5; index++) yieldTurn(() => order.push(index));
      yieldTurn(() => yieldTurn(resolve));
      expect(order).toEqual([]);
    });
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect({ channels: BrowserChannel.made, timers: timed.mock.calls.length }).toEqual({ channels, timers });
  },
);

test("a call that fails keeps none of the others from their turn", async () => {
  const ports: BrowserChannel["port1"][] = [];
  const yieldTurn = yieldBy({
    MessageChannel: class {
      readonly port1: BrowserChannel["port1"] = { onmessage: null, postMessage() {} };
      readonly port2 = this.port1;
      constructor() {
        ports.push(this.port1);
      }
    },
    setTimeout,
  });
  const done: string[] = [];
  yieldTurn(() => {
    throw new Error("bug");
  });
  yieldTurn(() => done.push("second"));
  expect(() => ports[0]?.onmessage?.()).toThrow("bug");
  ports[0]?.onmessage?.();
  expect(done).toEqual(["second"]);
  expect(ports).toHaveLength(1);
});

test.each([
  ["as it is", ""],
  [
    "with the channels of a browser, whose messages are no timers",
    `globalThis.MessageChannel = class {
       port1 = {};
       port2 = { postMessage: () => setImmediate(() => this.port1.onmessage()) };
     };
     globalThis.setTimeout = () => console.log("a timer was set");`,
  ],
])(
  "%s, a process on the standard platform does what it has to, and ends by itself",
  async (_, prepare) => {
    const program = `
    ${prepare}
    const { standardPlatform } = await import("@peng3dnet/peer");
    let turns = 0;
    const next = () => (++turns < 5 ? standardPlatform.yield(next) : console.log("turns: " + turns));
    standardPlatform.yield(next);
    process.on("exit", () => console.log("over"));
  `;
    const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: join(__dirname, "..", ".."),
      timeout: 20_000,
    });
    expect({ stdout, stderr }).toEqual({ stdout: "turns: 5\nover\n", stderr: "" });
  },
  30_000,
);
