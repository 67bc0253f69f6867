import { type Address, Client, type CloseInfo, Peng3dnetError, silentLogger } from "@peng3dnet/core";
import { ECHO, type EchoServer, expectPrefix, prepareClient, type Seen } from "./exchange.js";
import { expectThat } from "./finding.js";

/** What every client of the fault runs sends. */
export const MESSAGES: readonly unknown[] = [
  1,
  "two",
  [3, { four: null }],
  new Array(20).fill(5),
  "six".repeat(30),
];

/** Deadlines short enough for thousands of runs, and long enough for a busy machine. */
export const FAULT_CFG = {
  "net.timeout.handshake": 3,
  "net.timeout.close": 1,
  "net.limits.connections.address": 4096,
  "net.limits.pending.address": 4096,
};

/** How long answers are waited for, in milliseconds; a turned bit may have made a length wrong. */
const PATIENCE = 500;
/** How long all deadlines together may take, in milliseconds. */
const HANG = 30_000;

/** @throws a finding unless a connection was closed once, and for a reason that is documented. */
export function expectOneClose(closes: readonly CloseInfo[], what: () => string): void {
  expectThat(closes.length === 1, () => `${what()}: closed ${closes.length} times`);
  const { error } = closes[0] as CloseInfo;
  expectThat(error === undefined || error instanceof Peng3dnetError, () => `${what()}: ${error?.stack}`);
}

/** @throws a finding unless what a side saw is as promised. */
export function expectSeen({ messages, closes }: Seen, corrupted: boolean, what: () => string): void {
  expectOneClose(closes, what);
  if (!corrupted) expectPrefix(messages, MESSAGES, what);
}

/**
 * One connection through a proxy: sends, waits for the answers as long as that makes sense, closes.
 *
 * @throws a finding if a promise is broken, or nothing ends it.
 */
export async function faultSession(address: Address, corrupts: boolean, what: () => string): Promise<Seen> {
  const { client, messages, closes, failures } = prepareClient(
    new Client({ addr: address, cfg: FAULT_CFG, logger: silentLogger }),
  );
  let connected = false;
  client.on("connect", () => {
    connected = true;
  });
  let hung = false;
  const hang = setTimeout(() => {
    hung = true;
    client.stop();
  }, HANG);
  try {
    await client.start();
    for (const message of MESSAGES) client.sendMessage(ECHO, message);
    const until = performance.now() + PATIENCE;
    while (messages.length < MESSAGES.length && client.active && performance.now() < until) {
      await new Promise<void>((resolve) => setTimeout(resolve, 2));
    }
  } catch (error) {
    expectThat(error instanceof Peng3dnetError, () => `${what()}: ${(error as Error).stack}`);
  }
  await client.close("done");
  client.stop();
  await client.join();
  clearTimeout(hang);
  expectThat(!hung, () => `${what()}: hangs`);
  expectThat(failures.length === 0, () => `${what()}: ${(failures[0] as Error).stack}`);
  // A connection that was reset before it was up was not one, and `start` has rejected.
  if (connected) expectSeen({ messages, closes }, corrupts, () => `${what()}, client`);
  else expectThat(closes.length === 0, () => `${what()}: closed without a connection`);
  return { messages, closes };
}

/** Waits until a server has no connection left. @throws a finding if that takes too long. */
export async function expectAllGone({ server, failures }: EchoServer, what: () => string): Promise<void> {
  const until = performance.now() + HANG;
  while (server.clients.size > 0 && performance.now() < until) {
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
  expectThat(server.clients.size === 0, () => `${what()}: ${server.clients.size} connections are left`);
  expectThat(failures.length === 0, () => `${what()}: ${(failures[0] as Error).stack}`);
}
