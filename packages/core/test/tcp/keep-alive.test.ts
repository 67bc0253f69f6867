// net.tcp.keepalive: the system asks after that time of silence. Linux tells of each socket's timers.

import { existsSync, readFileSync } from "node:fs";
import { Client, type ConfigOverrides, type Server } from "@peng3dnet/core";
import { keepAliveOptions } from "../../src/tcp/keep-alive.js";
import { tableAddress } from "../../src/tcp/kernel-queue.js";
import { track } from "../support/cleanup.js";
import { echo, next, startServer } from "../support/peers.js";

const TABLE = "/proc/net/tcp";
const onLinux = process.platform === "linux" && existsSync(TABLE) ? test : test.skip;

/** Seconds until the keep-alive timers of a connection's two sockets fire; `undefined`: there is none. */
function timers(server: Server, client: Client): (number | undefined)[] {
  const { localAddress, localPort } = client.sock!;
  const ends = [server.addr, [localAddress!, localPort!] as const].map(([host, port]) =>
    tableAddress(host, port),
  );
  const rows = readFileSync(TABLE, "latin1");
  return [`${ends[0]} ${ends[1]}`, `${ends[1]} ${ends[0]}`].map((key) => {
    // Queues, then the timer: its kind, of which 2 is keep-alive, and hundredths of a second.
    const after = rows.slice(rows.indexOf(key) + key.length);
    const [, kind, left] = /^ \w\w \w+:\w+ (\w\w):(\w+)/.exec(after)!;
    return kind === "02" ? Number.parseInt(left!, 16) / 100 : undefined;
  });
}

async function connected(cfg: ConfigOverrides, clientCfg: ConfigOverrides = cfg) {
  const server = await startServer({ cfg: { ...cfg, "net.heartbeat.interval": 0 } });
  const active = next(server, "handshakecomplete");
  const client = track(new Client({ addr: server.addr, cfg: clientCfg }));
  echo(client);
  await client.start();
  await active;
  return { server, client };
}

onLinux.each<[string, ConfigOverrides, number | undefined]>([
  ["30 seconds by default", {}, 30],
  ["as long as the option says", { "net.tcp.keepalive": 99.5 }, 100],
  ["never with 0", { "net.tcp.keepalive": 0 }, undefined],
])("both ends of a connection are asked for: %s", async (_, cfg, seconds) => {
  const { server, client } = await connected(cfg);
  let found = timers(server, client);
  // Until all that was sent is acknowledged, another timer runs.
  while (seconds !== undefined && found.includes(undefined)) {
    await new Promise((resolve) => setImmediate(resolve));
    found = timers(server, client);
  }
  for (const left of found) {
    if (seconds === undefined) expect(left).toBeUndefined();
    else {
      expect(left).toBeLessThanOrEqual(seconds + 1);
      expect(left).toBeGreaterThan(seconds - 8);
    }
  }
});

test("whole seconds, as systems count them, and no more than they take", () => {
  expect([0, Number.POSITIVE_INFINITY].map(keepAliveOptions)).toEqual(Array(2).fill({ keepAlive: false }));
  expect([0.1, 30, 1e9].map((seconds) => keepAliveOptions(seconds).keepAliveInitialDelay)).toEqual([
    1000, 30_000, 32_767_000,
  ]);
});
