import { Client, CONNTYPE_PING } from "@peng3dnet/browser";
import { PingableClientMixin } from "@peng3dnet/ping/peer";
import { WebSocket } from "ws";
import {
  Join,
  Moved,
  News,
  PATH,
  People,
  Positions,
  packets,
  Restarting,
  type RoomInfo,
  Scores,
  Sparks,
  You,
} from "../../src/shared/packets.js";

const FROM_SERVER = [You, Positions, Sparks, People, Scores, News, Moved, Restarting];

/** Where the game is that a page is for. */
export function gameOf(url: string): string {
  return url.replace("http:", "ws:") + PATH;
}

/** Goes into a room, and does nothing there. */
export async function play(url: string, seat: string | null = null) {
  const client = new Client({ addr: gameOf(url), packets, WebSocket });
  // What comes of the room is of no interest.
  for (const packet of FROM_SERVER) client.on(packet, () => {});
  await client.start();
  return { client, answer: await client.request(Join, { name: "Nora", room: null, seat }) };
}

export async function ping(url: string): Promise<{ rooms: RoomInfo[]; nodes: string[] }> {
  const client = new (PingableClientMixin(Client))({
    addr: gameOf(url),
    conntype: CONNTYPE_PING,
    WebSocket,
  });
  await client.start();
  const { rooms, nodes } = await client.waitForPong();
  client.stop();
  return { rooms: rooms as RoomInfo[], nodes: nodes as string[] };
}
