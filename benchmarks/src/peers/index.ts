/** The libraries under test by name. Each is loaded only in the processes that run it. */
import type { Peer } from "../peer.js";
import type { BaselineTuning } from "./baseline.js";
import type { OursVariant } from "./ours.js";
import type { RequestsVariant } from "./ours-requests.js";

async function ours(label: string, variant: OursVariant = {}): Promise<Peer> {
  return (await import("./ours.js")).ours(label, variant);
}

async function oursRequests(label: string, variant: RequestsVariant): Promise<Peer> {
  return (await import("./ours-requests.js")).oursRequests(label, variant);
}

const LOADERS: Readonly<Record<string, () => Promise<Peer>>> = {
  bare: async () => (await import("./bare.js")).bare,
  baseline: async () => (await import("./baseline.js")).baseline("baseline"),
  "baseline-tls": async () =>
    (await import("./baseline.js")).baseline("baseline, TLS", {
      tls: true,
      flushPackets: Number.POSITIVE_INFINITY,
    }),
  ws: async () => (await import("./websocket.js")).ws,
  "ws-corked": async () => (await import("./websocket.js")).wsCorked,
  "ws-records": async () => (await import("./websocket.js")).wsRecords,
  "socket.io": async () => (await import("./socket-io.js")).socketIo,
  zeromq: async () => (await import("./zeromq.js")).zeromq,
  "grpc-js": async () => (await import("./grpc.js")).grpc,
  aedes: async () => (await import("./mqtt.js")).aedes,
  colyseus: async () => (await import("./colyseus.js")).colyseus,
  limit: async () => (await import("./limit.js")).limit,
  "socket.io-requests": async () => (await import("./socket-io.js")).socketIoRequests,
  ours: () => ours("peng3dnet"),
  "ours-websocket": () => ours("peng3dnet, WebSocket", { webSocket: "own" }),
  "ours-websocket-ws": () => ours("peng3dnet, WebSocket of ws", { webSocket: "ws" }),
  "ours-tls": () => ours("peng3dnet, TLS", { tls: true }),
  "ours-events": () => ours("peng3dnet, event bus", { events: true }),
  "ours-resume": () => ours("peng3dnet, resumption", { resume: true }),
  "ours-requests": () => oursRequests("peng3dnet, requests", { asynchronous: false }),
  "ours-requests-async": () => oursRequests("peng3dnet, requests, async handler", { asynchronous: true }),
  "ours-group": () => ours("peng3dnet, to a group", { receivers: "group" }),
  "ours-to": () => ours("peng3dnet, to a list", { receivers: "list" }),
};

const VARIANT = "baseline:";

export const PEER_NAMES: readonly string[] = Object.keys(LOADERS);

export function isPeer(name: string): boolean {
  return Object.hasOwn(LOADERS, name) || name.startsWith(VARIANT);
}

/** `baseline:flushBytes=4096+onread=false` is the baseline with other settings, to explore them. */
async function variant(name: string): Promise<Peer> {
  const tuning = Object.fromEntries(
    name
      .slice(name.indexOf(":") + 1)
      .split("+")
      .map((setting) => setting.split("="))
      .map(([key, value = ""]) => [key, /^(\d+|true|false)$/.test(value) ? JSON.parse(value) : value]),
  ) as Partial<BaselineTuning>;
  return (await import("./baseline.js")).baseline(name, tuning);
}

export async function loadPeer(name: string): Promise<Peer> {
  const loader = LOADERS[name];
  if (loader !== undefined) {
    return loader();
  }
  if (name.startsWith(VARIANT)) {
    return variant(name);
  }
  throw new Error(`no such peer: ${name}; there are ${PEER_NAMES.join(", ")}`);
}
