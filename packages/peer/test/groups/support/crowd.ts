import {
  type AnyPacketDefinition,
  type Client,
  type ClientOnServer,
  type CloseInfo,
  definePacket,
  payload,
  type Server,
  type ServerOptions,
  SIDE_CLIENT,
} from "@peng3dnet/peer";
import { type MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";

export const News = definePacket({ name: "test:news", schema: payload<unknown>(), side: SIDE_CLIENT });

/** A client at both of its ends. */
export interface Guest {
  readonly client: Client;
  /** As the server sees it. */
  readonly remote: ClientOnServer;
  readonly link: MemoryLink;
  /** What arrived of {@link News}. */
  readonly news: unknown[];
  /** What its server handed to the transport since the handshake. */
  readonly writes: Uint8Array[];
  readonly closed: Promise<CloseInfo>;
}

export interface Crowd {
  readonly net: TestNetwork;
  readonly server: Server;
  readonly guests: readonly Guest[];
}

/** Begins to let a client in. */
async function begin(net: TestNetwork, server: Server, more: readonly AnyPacketDefinition[]): Promise<Guest> {
  const news: unknown[] = [];
  const writes: Uint8Array[] = [];
  const client = net.client({ packets: [News, ...more] });
  client.on(News, (msg) => void news.push(msg));
  const accepted = new Promise<ClientOnServer>((resolve) => server.once("connection", resolve));
  const link = net.connect(client, server, {
    prepare: ({ server: transport }) => {
      const write = transport.write.bind(transport);
      transport.write = (bytes) => {
        writes.push(bytes);
        return write(bytes);
      };
    },
  });
  await client.waitForConnection();
  return { client, remote: await accepted, link, news, writes, closed: client.waitForClose() };
}

/** Lets one more client in. @param more - packets that it knows beside {@link News}. */
export async function enterCrowd(
  net: TestNetwork,
  server: Server,
  more: readonly AnyPacketDefinition[] = [],
): Promise<Guest> {
  const guest = await begin(net, server, more);
  await net.settle();
  guest.writes.length = 0;
  return guest;
}

/** A server with clients in memory, all active. */
export async function makeCrowd(
  size: number,
  options: ServerOptions<ClientOnServer, AnyPacketDefinition> = {},
): Promise<Crowd> {
  const net = new TestNetwork();
  const server = net.server({ packets: [News], ...options });
  const guests: Guest[] = [];
  for (let index = 0; index < size; index++) guests.push(await begin(net, server, []));
  await net.settle();
  for (const { writes } of guests) writes.length = 0;
  return { net, server, guests };
}
