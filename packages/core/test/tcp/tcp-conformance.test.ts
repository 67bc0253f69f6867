// TCP keeps all promises of a transport, also over a way that passes a few bytes at a time.

import type { Transport, TransportHandler } from "@peng3dnet/core";
import { transportConformance } from "@peng3dnet/core/testing";
import { onCleanup } from "../support/cleanup.js";
import { socketPairs } from "../support/transport-pairs.js";

const cases = [
  ...transportConformance({ name: "TCP", createPair: socketPairs({}) }),
  ...transportConformance({
    name: "slow, chopped TCP",

    createPair: socketPairs({ between: "chopped" }),
  }),
];

test.each(cases)("$name", ({ run }) => run(), 120_000);

test("what broke a connection is told, though it is broken off before that was told", async () => {
  const nothing = (): void => {};
  const start = (transport: Transport, more: Partial<TransportHandler>): void => {
    onCleanup(() => transport.destroy());
    const handler = { ready: nothing, refused: nothing, data: nothing, ended: nothing, drained: nothing };
    transport.start({ ...handler, readTarget: () => undefined, crashed: nothing, closed: nothing, ...more });
  };
  const error = new Error("the line broke");
  const told = new Promise((closed) => {
    const pair = socketPairs({})({
      server: (transport) => start(transport, {}),
      client: (transport) => {
        const ready = (): void => {
          transport.socket?.destroy(error);
          transport.destroy();
        };
        start(transport, { ready, closed });
      },
    });
    onCleanup(async () => (await pair)?.dispose?.());
  });
  expect(await told).toBe(error);
});
