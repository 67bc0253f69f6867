/** The process that all clients of a cluster run in, or that publishes to NATS. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectNats } from "@nats-io/transport-node";
import { createFlow, type FlowDriver } from "../drivers.js";
import { answer } from "../messages.js";
import type { Message, PeerClient } from "../peer.js";
import { loadPeer } from "../peers/index.js";
import { type KindName, loadKind } from "./load.js";
import { EVERY_MS, PADDING, SUBJECT } from "./requests.js";

let driver: FlowDriver | undefined;

async function connecting(kind: KindName, ports: readonly number[]) {
  const { connect } = await loadPeer((await loadKind(kind)).client);
  let next = 0;
  return (onMessage: (message: Message) => void, onFailure: (error: Error) => void): Promise<PeerClient> =>
    connect({
      port: ports[next++ % ports.length] as number,
      onMessage,
      onFailure,
      compress: false,
      registered: 0,
    });
}

function opened(): FlowDriver {
  if (driver === undefined) throw new Error("there are no clients");
  return driver;
}

function raise(error: Error): never {
  throw error;
}

answer({
  async clients({ kind, ports, cell }) {
    driver = createFlow(cell, await connecting(kind, ports));
    await driver.open();
    return null;
  },
  async warmUp() {
    await opened().warmUp();
    return null;
  },
  async flow({ durationMs, inFlight }) {
    const flow = opened();
    flow.inFlight = inFlight ?? flow.inFlight;
    return flow.run(durationMs);
  },
  async hop({ kind, ports, count }) {
    const connect = await connecting(kind, ports);
    const here: number[] = [];
    const there: number[] = [];
    const clients: PeerClient[] = [];
    for (const arrivals of [here, there]) {
      const noted = ({ i }: Message): void => {
        arrivals[i] = performance.now();
      };
      clients.push(await connect(noted, raise));
    }
    const sent: number[] = [];
    // Until the nodes know of each other's members.
    await sleep(2000);
    for (let i = 0; i < count; i++) {
      sent.push(performance.now());
      clients[0]?.send({ i, s: PADDING });
      await sleep(EVERY_MS);
    }
    await sleep(500);
    for (const client of clients) client.close();
    const since = (begun: readonly number[]): number[] =>
      sent
        .map((_time, i) => ((there[i] ?? Number.NaN) - (begun[i] ?? Number.NaN)) * 1000)
        .sort((one, other) => one - other);
    const [whole, later] = [since(sent), since(here)];
    if ([...whole, ...later].some(Number.isNaN)) throw new Error("not all messages arrived");
    return { whole, later };
  },
  async publish({ nats, count }) {
    const connection = await connectNats({ servers: nats });
    const message = Buffer.alloc(8 + PADDING.length);
    for (let i = 0; i < count; i++) {
      message.writeBigInt64LE(process.hrtime.bigint());
      connection.publish(SUBJECT, Buffer.from(message));
      await sleep(EVERY_MS);
    }
    await connection.close();
    return null;
  },
});
