// 300 clients, each of which sees 60 of 300 entities, 20 times a second: as docs/groups says how.

import { type ClientOnServer, type Group, MsgpackCodec } from "@peng3dnet/peer";
import { makeCrowd, News } from "./support/crowd.js";

const CLIENTS = 300;
const SEEN = 60;
const TICKS = 5;

class CountingCodec extends MsgpackCodec {
  encodes = 0;
  override encode(value: unknown): Uint8Array {
    this.encodes++;
    return super.encode(value);
  }
}

test("each entity is encoded once a tick, and each client gets one write", async () => {
  const codec = new CountingCodec();
  const { net, server, guests } = await makeCrowd(CLIENTS, { codec, validateSent: false });
  // Entity n is seen by the clients n to n + 59: each entity by others.
  const viewers: Group<ClientOnServer>[] = guests.map((_guest, entity) => {
    const group = server.group(`viewers of ${entity}`);
    for (let n = 0; n < SEEN; n++) group.add(guests[(entity + n) % CLIENTS]?.remote as ClientOnServer);
    return group;
  });
  codec.encodes = 0;
  for (let tick = 0; tick < TICKS; tick++) {
    viewers.forEach((group, entity) => {
      expect(group.broadcast(News, { entity, x: tick, y: entity / 7, facing: 1.5 })).toBe(SEEN);
    });
    await net.settle();
  }
  expect(codec.encodes).toBe(CLIENTS * TICKS);
  expect(new Set(guests.map(({ news }) => news.length))).toEqual(new Set([SEEN * TICKS]));
  expect(new Set(guests.map(({ writes }) => writes.length))).toEqual(new Set([TICKS]));
}, 60_000);
