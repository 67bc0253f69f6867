// A client's end of ours, by its connector, without a client.

import {
  type Clock,
  Config,
  type ConfigOverrides,
  type ConnectRequest,
  nodePlatform,
  silentLogger,
  type Transport,
} from "@peng3dnet/core";
import { type WebSocketConnectorOptions, webSocketConnector } from "@peng3dnet/websocket";
import { Told } from "../../../browser/test/support/told.js";
import { onCleanup } from "../../../core/test/support/cleanup.js";

/** What a connector is asked for. */
export function connectRequest(
  established: ConnectRequest["established"],
  cfg: ConfigOverrides = {},
  clock: Clock = nodePlatform.clock,
): ConnectRequest {
  return {
    address: ["elsewhere.example", 1],
    cfg: new Config(cfg),
    clock,
    logger: silentLogger,
    timeout: 60,
    signal: new AbortController().signal,
    established,
  };
}

/** A transport that has connected, and what it tells. */
export async function connected(
  url: string,
  options: WebSocketConnectorOptions = {},
  cfg: ConfigOverrides = {},
  clock?: Clock,
): Promise<{ readonly transport: Transport; readonly told: Told }> {
  const told = new Told();
  let transport: Transport | undefined;
  const use = (made: Transport): void => {
    transport = made;
    onCleanup(() => made.destroy());
    made.start(told);
  };
  await webSocketConnector(url, options).connect(connectRequest(use, cfg, clock));
  if (transport === undefined) throw new Error("nothing was handed over");
  return { transport, told };
}
