// Deadlines of a server whose event loop was busy for longer than they are: peers that did their part while nobody
// listened are not to blame. Real sockets; the peers live in threads of their own and go on meanwhile.

import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Address, Client, type ConfigOverrides, Server } from "@peng3dnet/core";
import { certPem, clientTls, serverTls } from "../support/certificates.js";
import { onCleanup, track } from "../support/cleanup.js";
import { deferred, echo, handle, LOCAL, next, startServer } from "../support/peers.js";
import { accept, packet, settype } from "../support/wire.js";

/** Deadlines in seconds, and how long the loop is busy, in milliseconds. */
const DEADLINE = 1;
const BUSY = 2200;

/** Keeps the event loop from doing anything else. */
function keepBusy(): void {
  const until = performance.now() + BUSY;
  while (performance.now() < until);
}

function talkers(address: Address, count: number, tls: boolean): void {
  const worker = new Worker(join(__dirname, "..", "support", "talkers.mjs"), {
    workerData: {
      address,
      count,
      tls: tls ? { ca: certPem("ca") } : undefined,
      settype: settype(),
      accept: accept(),
      word: packet(64, "word"),
    },
  });
  onCleanup(() => worker.terminate());
}

// Each blocks the loop for longer than a test may take by default on a busy machine.
jest.setTimeout(30_000);

/** Resolves after `count` events. */
function times(server: Server, event: "connection" | "handshakecomplete", count: number): Promise<void> {
  const { promise, resolve } = deferred();
  let left = count;
  server.on(event, () => {
    if (--left === 0) resolve();
  });
  return promise;
}

describe.each([
  ["TCP", false],
  ["TLS", true],
])("a server's loop is busy, over %s", (_, tls) => {
  const cfg = (more: ConfigOverrides): ConfigOverrides => ({ ...(tls && serverTls()), ...more });

  async function start(options: ConfigOverrides) {
    const heard = new Map<unknown, number>();
    /** Whether each of `clients` has been heard so many times. */
    const enough = (clients: number, words: number): boolean =>
      heard.size === clients && [...heard.values()].every((count) => count >= words);
    const { promise: allHeard, resolve: allTold } = deferred();
    const server = await startServer({ cfg: cfg(options) }, (peer) => {
      handle(peer, "test:word", (_word, cid) => {
        heard.set(cid, (heard.get(cid) ?? 0) + 1);
        if (enough(5, 30)) allTold();
      });
    });
    const closes: (string | null)[] = [];
    const { promise: oneClosed, resolve } = deferred();
    server.on("close", (_client, { reason }) => {
      closes.push(reason);
      resolve();
    });
    return { server, heard, allHeard, closes, oneClosed };
  }

  test("those that spoke all the while are not idle", async () => {
    const { server, heard, allHeard, closes, oneClosed } = await start({ "net.timeout.idle": DEADLINE });
    const active = times(server, "handshakecomplete", 5);
    talkers(server.addr, 5, tls);
    await active;
    keepBusy();
    heard.clear();
    await Promise.race([allHeard, oneClosed]);
    expect(closes).toEqual([]);
    expect(server.clients.size).toBe(5);
  });

  test("handshakes go on, whose clients had answered", async () => {
    const { server, closes, oneClosed } = await start({ "net.timeout.handshake": DEADLINE });
    const accepted = times(server, "connection", 5);
    const active = times(server, "handshakecomplete", 5);
    talkers(server.addr, 5, tls);
    await accepted;
    // The hello of the last one is sent.
    setImmediate(keepBusy);
    await Promise.race([active, oneClosed]);
    expect(closes).toEqual([]);
    expect(server.clients.size).toBe(5);
  });

  test("one that has read all that was sent to it is no slow consumer", async () => {
    const { server, closes, oneClosed } = await start({
      "net.timeout.unsent": DEADLINE,
      "net.compress.enabled": false,
    });
    const active = next(server, "handshakecomplete");
    talkers(server.addr, 1, tls);
    const [client] = await active;
    // More than the kernel takes.
    while (client.conn.metrics.unsent < 4_000_000) client.sendMessage("test:word", "x".repeat(1_000_000));
    keepBusy();
    await Promise.race([client.flush().catch(() => {}), oneClosed]);
    expect(closes).toEqual([]);
    expect(client.conn.metrics.unsent).toBe(0);
  });

  test("one that has ended its side is closed cleanly", async () => {
    const { server } = await start({ "net.timeout.close": DEADLINE });
    const active = next(server, "handshakecomplete");
    talkers(server.addr, 1, tls);
    const [client] = await active;
    const closing = client.close("done");
    keepBusy();
    expect(await closing).toEqual({ reason: "done", error: undefined, clean: true });
  });

  test("a client whose own loop is busy does not blame the server", async () => {
    // The server is in this process, too: it is as late as the client.
    const server = await startServer({ cfg: cfg({}) });
    const client = track(
      new Client({
        addr: tls ? ["localhost", server.addr[1]] : server.addr,
        cfg: { ...(tls && clientTls()), "net.timeout.handshake": DEADLINE },
      }),
    );
    echo(client);
    client.on("connect", () => setImmediate(keepBusy));
    const starting = client.start();
    setImmediate(keepBusy);
    await starting;
    expect(client.active).toBe(true);
  });
});

test("a wait sees what has come while the loop was busy", async () => {
  const server = track(new Server({ addr: LOCAL }));
  const { promise: first, resolve: told } = deferred();
  handle(server, "test:word", () => told());
  await server.runAsync();
  const active = next(server, "handshakecomplete");
  talkers(server.addr, 1, false);
  await active;
  const processing = server.process({ wait: true, timeout: DEADLINE });
  keepBusy();
  expect(await processing).toBeGreaterThan(0);
  await first;
});

test("silence goes on counting after the loop was busy", async () => {
  const server = await startServer({ cfg: { "net.timeout.idle": DEADLINE } });
  const active = next(server, "handshakecomplete");
  const closed = next(server, "close");
  const client = track(new Client({ addr: server.addr }));
  echo(client);
  await client.start();
  await active;
  keepBusy();
  expect((await closed)[1]).toMatchObject({ reason: "timeout", error: { code: "P3D_ERR_IDLE_TIMEOUT" } });
});
