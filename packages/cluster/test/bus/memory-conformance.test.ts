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
