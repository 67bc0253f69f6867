// A shop and its customers: requests in both directions over a link in memory.

import {
  type Client,
  type ClientOnServer,
  type ConfigOverrides,
  defineRequest,
  payload,
  Server,
  SIDE_CLIENT,
  SIDE_SERVER,
} from "@peng3dnet/peer";
import { type MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";
import { z } from "zod";

/** Answered by the server. */
export const Buy = defineRequest({
  name: "shop:buy",
  request: payload<{ item: string }>(),
  response: payload<{ gold: number }>(),
  errors: { toopoor: payload<{ missing: number }>(), soldout: payload<null>() },
  side: SIDE_SERVER,
});
/** Answered by clients. */
export const Confirm = defineRequest({
  name: "shop:confirm",
  request: payload<string>(),
  response: payload<boolean>(),
  side: SIDE_CLIENT,
});
/** Answered by both. */
export const Add = defineRequest({
  name: "shop:add",
  request: payload<number[]>(),
  response: payload<number>(),
});
/** With schemas that check and change what they get. */
export const Rename = defineRequest({
  name: "shop:rename",
  request: z.object({ name: z.string().trim().min(1) }),
  response: z.object({ name: z.string(), rank: z.number().default(7) }),
  errors: { taken: z.object({ by: z.number() }) },
  side: SIDE_SERVER,
});
export const packets = [Buy, Confirm, Add, Rename];

export interface Shop {
  readonly net: TestNetwork;
  readonly server: Server;
  readonly client: Client;
  /** The client as the server sees it. */
  readonly remote: ClientOnServer;
  readonly link: MemoryLink;
  /** What handlers threw that was no answer. */
  readonly serverErrors: unknown[];
  readonly clientErrors: unknown[];
}

export interface ShopOptions {
  readonly serverCfg?: ConfigOverrides;
  readonly clientCfg?: ConfigOverrides;
  readonly validateSent?: boolean;
  /** The server's packets wait for `process()`. */
  readonly manual?: boolean;
}

export async function openShop({
  serverCfg,
  clientCfg,
  validateSent,
  manual,
}: ShopOptions = {}): Promise<Shop> {
  const net = new TestNetwork();
  // The timers of requests are counted: there are no others.
  const quiet = { "net.heartbeat.interval": 0 };
  const options = { packets, cfg: { ...quiet, ...serverCfg }, validateSent };
  const server: Server = manual === true ? new Server({ ...options, clock: net.clock }) : net.server(options);
  const client: Client = net.client({ packets, cfg: clientCfg, validateSent });
  const serverErrors: unknown[] = [];
  const clientErrors: unknown[] = [];
  server.on("handlerError", (error) => void serverErrors.push(error));
  client.on("handlerError", (error) => void clientErrors.push(error));
  const link = net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  return { net, server, client, remote: server.clients.get(1)!, link, serverErrors, clientErrors };
}

/** What a promise came to: its value or error. */
export function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

/** The same, for looking at it at any time. */
export function watched(promise: Promise<unknown>): { readonly value: unknown } {
  const seen: { value: unknown } = { value: "waiting" };
  promise.then(
    (value) => {
      seen.value = value;
    },
    (error: unknown) => {
      seen.value = error;
    },
  );
  return seen;
}
