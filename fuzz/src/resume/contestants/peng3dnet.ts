import { setTimeout as sleep } from "node:timers/promises";
import { webSocketConnector } from "@peng3dnet/browser";
import {
  type Address,
  Client,
  type ClientOf,
  type ClientOnServer,
  type ClientOptions,
  type ConfigOverrides,
  definePacket,
  defineRequest,
  payload,
  Server,
  type ServerOptions,
  silentLogger,
} from "@peng3dnet/core";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { WebSocket } from "ws";
import { clientTls, serverTls } from "../../shown/hostile/certificate.js";
import { type Contestant, type ServingSide, type Side, type SideOptions, TIMES } from "../contestant.js";
import { answerTo } from "../items.js";

type Way = "tcp" | "tls" | "websocket";
type Body = readonly [number: number, text: string];

const Packet = definePacket({ name: "resume:packet", schema: payload<Body>() });
const Ask = defineRequest({ name: "resume:ask", request: payload<Body>(), response: payload<number>() });
const packets = [Packet, Ask];

/** Ways to connect, and whether sessions outlive their lines. */
interface Variant {
  readonly way: Way;
  readonly resume: boolean;
}

const CFG: ConfigOverrides = {
  "net.heartbeat.interval": TIMES.heartbeat / 1000,
  "net.heartbeat.timeout": TIMES.silence / 1000,
  "net.timeout.handshake": TIMES.handshake / 1000,
};

function serverOptions(
  { way, resume }: Variant,
  folder: string,
): ServerOptions<ClientOnServer, (typeof packets)[number]> {
  const cfg = {
    ...CFG,
    ...(way === "tls" && serverTls(folder)),
    "net.resume.window": resume ? TIMES.window / 1000 : 0,
  };
  const acceptor = way === "websocket" ? webSocketAcceptor() : undefined;
  return { cfg, acceptor, packets, logger: silentLogger };
}

function clientOptions(
  { way, resume }: Variant,
  folder: string,
  addr: Address,
): ClientOptions<(typeof packets)[number]> {
  const cfg = { ...CFG, ...(way === "tls" && clientTls(folder)) };
  const connector =
    way === "websocket" ? webSocketConnector(`ws://${addr.join(":")}`, { WebSocket }) : undefined;
  const backOff = { delay: TIMES.delay / 1000, maxDelay: TIMES.maxDelay / 1000 };
  return { addr, cfg, connector, packets, logger: silentLogger, resume: resume && backOff };
}

/** The server's side: one client, which may come anew. */
async function serve(host: string, { events, folder }: SideOptions, variant: Variant): Promise<ServingSide> {
  const server = new Server({ ...serverOptions(variant, folder), addr: [host, 0] });
  let current: ClientOf<ClientOnServer, (typeof packets)[number]> | undefined;
  let behind = false;
  server.on(Packet, ([number, text]) => events.arrived(number, text));
  server.answer(Ask, ([number, text]) => {
    events.arrived(number, text);
    return answerTo(number);
  });
  server.on("handshakecomplete", (client) => {
    current = client;
    behind = false;
    events.resumed();
  });
  server.on("suspend", () => events.suspended());
  server.on("resume", () => events.resumed());
  server.on("drain", (client) => {
    if (client === current) behind = false;
  });
  server.on("close", (client, { reason }) => {
    if (client !== current) return;
    current = undefined;
    if (variant.resume) events.lost(String(reason));
    else events.suspended();
  });
  await server.start();
  return {
    port: server.addr[1],
    ready: () => current?.active === true && !behind,
    send({ number, text }) {
      behind = current?.sendMessage(Packet, [number, text]) === false;
    },
    async ask({ number, text }) {
      if (current === undefined) throw new Error("nobody is there");
      return current.request(Ask, [number, text], { timeout: TIMES.answer / 1000 });
    },
    async close() {
      const { unclean } = await server.shutdown();
      return unclean === 0;
    },
  };
}

/** The client's side. Without resumption it makes a new client when the connection is lost, as programs do. */
async function connect(addr: Address, { events, folder }: SideOptions, variant: Variant): Promise<Side> {
  let current: Client<(typeof packets)[number]> | undefined;
  let behind = false;
  let closing = false;

  /** @returns whether it is connected. */
  const dial = async (): Promise<boolean> => {
    const client = new Client(clientOptions(variant, folder, addr));
    client.on(Packet, ([number, text]) => events.arrived(number, text));
    client.answer(Ask, ([number, text]) => {
      events.arrived(number, text);
      return answerTo(number);
    });
    client.on("suspend", () => events.suspended());
    client.on("resume", () => events.resumed());
    client.on("drain", () => {
      behind = false;
    });
    try {
      await client.start();
    } catch {
      return false;
    }
    current = client;
    behind = false;
    client.on("close", ({ reason }) => {
      current = undefined;
      if (closing) return;
      if (variant.resume) {
        events.lost(String(reason));
        return;
      }
      events.suspended();
      void dialUntilThere();
    });
    events.resumed();
    return true;
  };

  const dialUntilThere = async (): Promise<void> => {
    for (let delay = TIMES.delay; !(await dial()); delay = Math.min(2 * delay, TIMES.maxDelay)) {
      await sleep(delay);
    }
  };

  await dialUntilThere();
  return {
    ready: () => current?.active === true && !behind,
    send({ number, text }) {
      behind = current?.sendMessage(Packet, [number, text]) === false;
    },
    async ask({ number, text }) {
      if (current === undefined) throw new Error("nobody is there");
      return current.request(Ask, [number, text], { timeout: TIMES.answer / 1000 });
    },
    async close() {
      closing = true;
      const closed = await current?.close("done");
      current?.stop();
      return closed?.clean === true;
    },
  };
}

const TITLES: Readonly<Record<Way, string>> = { tcp: "TCP", tls: "TLS", websocket: "WebSocket" };
const OPENINGS: Readonly<Record<Way, number>> = { tcp: 500, tls: 2500, websocket: 800 };

function contestant(way: Way, resume: boolean): Contestant {
  const variant = { way, resume };
  return {
    name: resume ? way : `${way}-without`,
    title: `peng3dnet over ${TITLES[way]}${resume ? "" : ", without resumption"}`,
    lossless: resume,
    opening: OPENINGS[way],
    serve: (host, options) => serve(host, options, variant),
    connect: (address, options) => connect(address, options, variant),
  };
}

export const tcp = contestant("tcp", true);
export const tls = contestant("tls", true);
export const webSocket = contestant("websocket", true);
export const tcpWithout = contestant("tcp", false);
