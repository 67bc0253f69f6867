// Buses in memory keep all promises of a bus.

import { memoryBus } from "@peng3dnet/cluster";
import { busConformance, TestBus } from "@peng3dnet/cluster/testing";

const cases = [
  ...busConformance({
    name: "memoryBus",
    prepare: (options) => ({ factory: memoryBus(options) }),
    interruptible: false,
  }),
  ...busConformance({
    name: "TestBus",
    prepare: (options) => {
      const bus = new TestBus(options);
      return { factory: bus, interrupt: () => bus.disconnect(), restore: () => bus.reconnect() };
    },
  }),
];

test.each(cases)("$name", ({ run }) => run(), 60_000);

test.each([0, -1, Number.NaN, "1 MiB"])("a maxPayload of %p is refused at once", (maxPayload) => {
  expect(() => memoryBus({ maxPayload: maxPayload as number })).toThrow(
    expect.objectContaining({ code: "P3D_ERR_CONFIG", key: "maxPayload" }),
  );
});
