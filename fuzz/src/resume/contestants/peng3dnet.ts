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

const CFG: ConfigOverrides = {
  "net.heartbeat.interval": TIMES.heartbeat / 1000,
  "net.heartbeat.timeout": TIMES.silence / 1000,
  "net.timeout.handshake": TIMES.handshake / 1000,
};

/** What of a way to connect is the server's, and the client's. */
interface WayOptions {
  server(folder: string): Partial<ServerOptions>;
  client(folder: string, address: Address): Partial<ClientOptions>;
}

const WAYS: Readonly<Record<Way, WayOptions>> = {
  tcp: { server: () => ({ cfg: CFG }), client: () => ({ cfg: CFG }) },
  tls: {
    server: (folder) => ({ cfg: { ...CFG, ...serverTls(folder) } }),
    client: (folder) => ({ cfg: { ...CFG, ...clientTls(folder) } }),
  },
  websocket: {
    server: () => ({ cfg: CFG, acceptor: webSocketAcceptor() }),
    client: (_folder, [host, port]) => ({
      cfg: CFG,
      connector: webSocketConnector(`ws://${host}:${port}`, { WebSocket }),
    }),
  },
};

/** The server's side: one client, which may come anew. */
async function serve(
  host: string,
  { events, folder }: SideOptions,
  way: WayOptions,
  resume: boolean,
): Promise<ServingSide> {
  const server = new Server({ ...way.server(folder), addr: [host, 0], packets, logger: silentLogger });
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
  server.on("drain", (client) => {
    if (client === current) behind = false;
  });
  server.on("close", (client, { reason }) => {
    if (client !== current) return;
    current = undefined;
    if (resume) events.lost(String(reason));
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
      return current.request(Ask, [number, text]);
    },
    async close() {
      const { unclean } = await server.shutdown();
      return unclean === 0;
    },
  };
}

/** The client's side. Without resumption it makes a new client when the connection is lost, as programs do. */
async function connect(address: Address, { events, folder }: SideOptions, way: WayOptions): Promise<Side> {
  let current: Client<(typeof packets)[number]> | undefined;
  let behind = false;
  let closing = false;

  const dial = async (): Promise<void> => {
    for (let delay = TIMES.delay; ; delay = Math.min(2 * delay, TIMES.maxDelay)) {
      const client = new Client({
        ...way.client(folder, address),
        addr: address,
        packets,
        logger: silentLogger,
      });
      client.on(Packet, ([number, text]) => events.arrived(number, text));
      client.answer(Ask, ([number, text]) => {
        events.arrived(number, text);
        return answerTo(number);
      });
      client.on("drain", () => {
        behind = false;
      });
      try {
        await client.start();
      } catch {
        await sleep(delay);
        continue;
      }
      current = client;
      behind = false;
      client.on("close", () => {
        current = undefined;
        if (closing) return;
        events.suspended();
        void dial();
      });
      events.resumed();
      return;
    }
  };

  await dial();
  return {
    ready: () => current?.active === true && !behind,
    send({ number, text }) {
      behind = current?.sendMessage(Packet, [number, text]) === false;
    },
    async ask({ number, text }) {
      if (current === undefined) throw new Error("nobody is there");
      return current.request(Ask, [number, text]);
    },
    async close() {
      closing = true;
      const closed = await current?.close("done");
      current?.stop();
      return closed?.clean === true;
    },
  };
}

function contestant(name: Way, title: string, opening: number): Contestant {
  const way = WAYS[name];
  return {
    name: `${name}-without`,
    title: `peng3dnet over ${title}, without resumption`,
    lossless: false,
    opening,
    serve: (host, options) => serve(host, options, way, false),
    connect: (address, options) => connect(address, options, way),
  };
}

export const tcpWithout = contestant("tcp", "TCP", 500);
export const tlsWithout = contestant("tls", "TLS", 2500);
export const webSocketWithout = contestant("websocket", "WebSocket", 800);
