// A TCP relay between two peers: passes bytes on, a few at a time if it is to, and can reset either side.

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Address } from "@peng3dnet/core";

export interface Relay {
  /** Where it listens. */
  readonly addr: Address;
  /** Resets the side that faces the server, or the client. */
  reset(side: "server" | "client"): void;
  /** Breaks everything off, and resolves once the port is free. */
  close(): Promise<void>;
}

/** Bytes that wait in it for one direction at most, before it stops reading. */
const HELD = 64 * 1024;

/** Passes on what `from` sends in pieces of single bytes at first and longer ones later, each in another turn. */
function chop(from: Socket, to: Socket): void {
  const waiting: Buffer[] = [];
  let held = 0;
  let passed = 0;
  let passing = false;
  let ended = false;
  const pass = (): void => {
    const first = waiting[0];
    if (first === undefined) {
      passing = false;
      if (ended) to.end();
      return;
    }
    passing = true;
    const piece = first.subarray(0, 1 + (passed >> 6));
    if (piece.length < first.length) waiting[0] = first.subarray(piece.length);
    else waiting.shift();
    held -= piece.length;
    passed += piece.length;
    if (held < HELD) from.resume();
    to.write(piece, () => setImmediate(() => setImmediate(pass)));
  };
  from.on("data", (chunk: Buffer) => {
    waiting.push(chunk);
    held += chunk.length;
    if (held >= HELD) from.pause();
    if (!passing) pass();
  });
  from.on("end", () => {
    ended = true;
    if (!passing) pass();
  });
}

/** Relays connections to `target`. @param chopped - whether bytes go slowly, a few at a time. */
export async function relay([host, port]: Address, chopped: boolean): Promise<Relay> {
  const facing: Record<"server" | "client", Set<Socket>> = { server: new Set(), client: new Set() };
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
    facing.client.add(client);
    facing.server.add(server);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      if (chopped) chop(from, to);
      else from.pipe(to);
      from.on("error", () => to.resetAndDestroy());
    }
  });
  await new Promise<void>((listening) => listener.listen({ host: "127.0.0.1", port: 0 }, listening));
  return {
    addr: ["127.0.0.1", (listener.address() as AddressInfo).port],
    reset: (side) => {
      for (const socket of facing[side]) socket.resetAndDestroy();
    },
    close: () => {
      for (const socket of [...facing.server, ...facing.client]) socket.destroy();
      return new Promise((closed) => listener.close(() => closed()));
    },
  };
}
