// A player that is none: moves, buys, loses its line now and then and goes on, and leaves, whereupon another one comes.

import { connect } from "node:net";
import { type Address, Client, onAbort, ticker } from "@peng3dnet/core";
import { Buy, Greet, Move, packets, World } from "./shared.js";

/** Plays in one connection after another, until `signal` fires. @param begun - is told of each client before it connects. */
export async function bot(
  addr: Address,
  signal: AbortSignal,
  begun: (client: Client) => void,
): Promise<void> {
  while (!signal.aborted) {
    const client = new Client({ addr, packets, resume: true });
    begun(client);
    client.on(World, () => {});
    client.answer(Greet, () => "Well, thank you.");
    await client.start({ signal });
    ticker(client, {
      hz: 4,
      async onTick() {
        if (!client.active) return;
        client.sendMessage(Move, [Math.round(Math.random() * 2 - 1), Math.round(Math.random() * 2 - 1)]);
        // As a phone that goes from one network to another.
        if (Math.random() < 0.01) client.sock?.destroy();
        if (Math.random() < 0.3) await client.request(Buy, { item: "lantern" }).catch(() => {});
      },
    });
    const left = new Promise((resolve) => client.once("close", resolve));
    const minute = setTimeout(
      () => void client.close("was here long enough"),
      20_000 + Math.random() * 40_000,
    );
    const stopListening = onAbort(signal, () => void client.close("the end"));
    await left;
    stopListening();
    clearTimeout(minute);
  }
}

/** Somebody who speaks another protocol, and is turned away. */
export function stranger([host, port]: Address): void {
  const socket = connect(port, host, () => socket.write("GET / HTTP/1.1\r\n\r\n"));
  socket.on("error", () => {});
  socket.resume();
}
