import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { HeadlessPeng } from "@peng3dnet/peng3d-events";

interface Events {
  readonly "test:tick": { readonly n: number };
}

function heap(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

test("1,000,000 events with listeners coming and going: none lost for one that stays, no growth", () => {
  const bus = new HeadlessPeng<Events>();
  let heard = 0;
  let inOrder = true;
  bus.addEventListener("test:tick", (_event, { n }) => {
    inOrder &&= n === heard;
    heard++;
  });
  const visitors: (() => void)[] = [];
  let visits = 0;
  const round = (from: number, to: number): void => {
    for (let n = from; n < to; n++) {
      if (n % 3 === 0) {
        const visitor = (): void => {
          visits++;
          // Every other one leaves within an event, the rest when they are too many.
          if (n % 2 === 0) leave(visitor);
        };
        visitors.push(visitor);
        bus.addEventListener("test:tick", visitor);
      }
      bus.sendEvent("test:tick", { n });
      if (visitors.length > 8) leave(visitors[0] as () => void);
    }
  };
  const leave = (visitor: () => void): void => {
    visitors.splice(visitors.indexOf(visitor), 1);
    bus.delEventListener("test:tick", visitor);
  };
  round(0, 100_000);
  const before = heap();
  round(100_000, 1_000_000);
  const grown = heap() - before;
  for (const visitor of [...visitors]) leave(visitor);
  expect(heard).toBe(1_000_000);
  expect(inOrder).toBe(true);
  expect(visits).toBeGreaterThan(1_000_000);
  expect(bus.listenerCount()).toBe(1);
  expect(grown).toBeLessThan(1_000_000);
}, 120_000);
