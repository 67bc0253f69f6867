/** MQTT over TCP, by the broker `aedes` and the client `mqtt`, with `@msgpack/msgpack`; quality of service 0. */
import { type AddressInfo, createServer } from "node:net";
import { Decoder, Encoder } from "@msgpack/msgpack";
import { Aedes, type Client } from "aedes";
import mqtt from "mqtt";
import type { ConnectOptions, Message, Peer, PeerClient, PeerServer, ServeOptions } from "../peer.js";

const encoder = new Encoder();
const decoder = new Decoder();
const BACKLOG = 4096;
/** What clients say, and what they hear. */
const SAID = "said";
const HEARD = "heard";

const packet = (topic: string, payload: Uint8Array) =>
  ({
    cmd: "publish",
    topic,
    payload: Buffer.from(payload.buffer, payload.byteOffset, payload.length),
    qos: 0,
    dup: false,
    retain: false,
  }) as const;

async function serve({ mode }: ServeOptions): Promise<PeerServer> {
  const broker = await Aedes.createBroker();
  const answer = (client: Client | null, said: Uint8Array): void => {
    const heard = packet(HEARD, encoder.encode(decoder.decode(said)));
    if (mode === "echo") client?.publish(heard, () => {});
    else broker.publish(heard, () => {});
  };
  broker.on("publish", ({ topic, payload }, client) => {
    if (topic === SAID) answer(client, payload as Buffer);
  });
  const server = createServer({ noDelay: true }, broker.handle);
  await new Promise<void>((resolve) => {
    server.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      await new Promise<void>((resolve) => broker.close(resolve));
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function connect({ port, onMessage, onFailure }: ConnectOptions): Promise<PeerClient> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    reconnectPeriod: 0,
    protocolVersion: 4,
  });
  let closed = false;
  client.on("error", (error) => onFailure(error as Error));
  client.on("close", () => {
    if (!closed) onFailure(new Error("the connection was closed"));
  });
  client.on("message", (_, payload) => onMessage(decoder.decode(payload) as Message));
  await client.subscribeAsync(HEARD);
  return {
    send: (message) => void client.publish(SAID, packet(SAID, encoder.encode(message)).payload, { qos: 0 }),
    close() {
      closed = true;
      client.end(true);
    },
  };
}

export const aedes: Peer = { label: "MQTT, aedes", serve, connect };
