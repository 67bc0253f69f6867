// A session is broken at every byte of either direction, by an end of stream and by a reset: over real sockets
// through the fault proxy, and over links in memory.

import { silentLogger } from "@peng3dnet/core";
import { TestNetwork } from "@peng3dnet/core/testing";
import {
  ECHO,
  type EchoServer,
  expectPrefix,
  prepareClient,
  prepareEcho,
  startEcho,
} from "../src/exchange.js";
import { type FaultPlan, FaultProxy } from "../src/fault-proxy.js";
import {
  expectAllGone,
  expectOneClose,
  expectSeen,
  FAULT_CFG,
  faultSession,
  MESSAGES,
} from "../src/fault-session.js";

const DIRECTIONS = ["toServer", "toClient"] as const;
const FAULTS = ["finAt", "resetAt"] as const;
/** Connections at a time. */
const AT_ONCE = 32;

/** Lengths of an undisturbed session, in bytes. */
async function sessionLengths(): Promise<Record<(typeof DIRECTIONS)[number], number>> {
  const { server } = await startEcho(FAULT_CFG);
  await faultSession(server.addr, false, () => "undisturbed");
  await server.shutdown();
  const { bytesIn, bytesOut } = server.metrics;
  return { toServer: bytesIn, toClient: bytesOut };
}

let lengths: Awaited<ReturnType<typeof sessionLengths>>;
beforeAll(async () => {
  lengths = await sessionLengths();
});

function checkServer({ seen, failures }: EchoServer): void {
  expect(failures).toEqual([]);
  for (const [cid, side] of seen) expectSeen(side, false, () => `connection ${cid} of the server`);
}

describe.each(FAULTS)("%s", (fault) => {
  test.each(DIRECTIONS)(
    "at every byte %s, over sockets",
    async (direction) => {
      const echo = await startEcho(FAULT_CFG);
      const plans: FaultPlan[] = [];
      for (let offset = 0; offset <= lengths[direction]; offset++)
        plans.push({ [direction]: { [fault]: offset } });
      const total = plans.length;
      const lane = async (): Promise<void> => {
        for (let plan = plans.pop(); plan !== undefined; plan = plans.pop()) {
          const faults = plan;
          const proxy = await FaultProxy.listen(echo.server.addr, () => faults);
          await faultSession(proxy.address, false, () => JSON.stringify(faults));
          await proxy.close();
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      await expectAllGone(echo, () => fault);
      checkServer(echo);
      const { messages } = await faultSession(echo.server.addr, false, () => "afterwards");
      expect(messages).toEqual(MESSAGES);
      await echo.server.shutdown();
      expect(total).toBeGreaterThan(200);
    },
    120_000,
  );

  test.each(DIRECTIONS)(
    "at every byte %s, in memory",
    async (direction) => {
      for (let offset = 0; offset <= lengths[direction]; offset++) {
        const what = (): string => `${fault} ${direction} ${offset}`;
        const net = new TestNetwork();
        const echo = prepareEcho(net.server({ logger: silentLogger }));
        const { client, messages, closes, failures } = prepareClient(net.client({ logger: silentLogger }));
        net.connect(client, echo.server, {
          prepare: (link) => {
            if (fault === "finAt") link[direction].endAfter(offset);
            else link[direction].cutAfter(offset);
          },
        });
        await net.settle();
        if (client.active) for (const message of MESSAGES) client.sendMessage(ECHO, message);
        await net.settle();
        void client.close("done");
        await net.settle();
        // An end of one direction leaves the other to its deadline.
        net.clock.advance(60);
        await net.settle();
        expect(failures).toEqual([]);
        expectOneClose(closes, what);
        expectPrefix(messages, MESSAGES, what);
        checkServer(echo);
        expect(echo.server.clients.size).toBe(0);
        expect(net.clock.timers).toBe(0);
      }
    },
    120_000,
  );
});
