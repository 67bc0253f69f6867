import { Config, nodePlatform, silentLogger } from "@peng3dnet/core";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { onCleanup } from "../../support/cleanup.js";
import { Splice } from "./splice.js";

/** Listens for WebSockets as servers do, and joins every two of them, until the test is over. @returns where. */
export async function spliceForTest(): Promise<string> {
  const splice = new Splice();
  const listening = await webSocketAcceptor({ origins: "*", tls: false }).listen({
    clock: nodePlatform.clock,
    logger: silentLogger,
    address: ["127.0.0.1", 0],
    cfg: new Config(),
    offer: (_address, open) => splice.add(open()),
    failed: (error) => {
      throw error;
    },
    signal: new AbortController().signal,
    closingPacket: () => new Uint8Array(0),
  });
  onCleanup(() => listening.close());
  return `ws://127.0.0.1:${listening.address[1]}/`;
}
