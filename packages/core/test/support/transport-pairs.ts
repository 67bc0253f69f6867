// Pairs of transports over real sockets, made as servers and clients make them.

import { type Address, Config, type ConfigOverrides, silentLogger, type Transport } from "@peng3dnet/core";
import type { CreatePair, Role } from "@peng3dnet/core/testing";
import { nodePlatform } from "../../src/runtime/node-platform.js";
import { tcpAcceptor } from "../../src/tcp/tcp-acceptor.js";
import { tcpConnector } from "../../src/tcp/tcp-connector.js";
import { type Relay, relay } from "./relay.js";

export interface PairOptions {
  readonly server?: ConfigOverrides;
  readonly client?: ConfigOverrides;
  /** Between the two: nothing, or a relay, which passes a few bytes at a time if it is chopped. */
  readonly between?: "relay" | "chopped";
}

/** Makes connections over a port of their own. */
export function socketPairs({ server = {}, client = {}, between }: PairOptions): CreatePair {
  return async (handover) => {
    const ends: Partial<Record<Role, Transport>> = {};
    const common = { clock: nodePlatform.clock, logger: silentLogger };
    const listening = await tcpAcceptor.listen({
      ...common,
      address: ["127.0.0.1", 0],
      cfg: new Config(server),
      offer: (_address, open) => {
        const transport = open();
        ends.server = transport;
        handover.server(transport);
      },
      failed: (error) => {
        throw error;
      },
      signal: new AbortController().signal,
      closingPacket: () => new Uint8Array(0),
    });
    const relayed: Relay | undefined =
      between === undefined ? undefined : await relay(listening.address, between === "chopped");
    const [, port] = (relayed ?? { addr: listening.address }).addr;
    const address: Address = ["localhost", port];
    const dispose = async (): Promise<void> => {
      await relayed?.close();
      await listening.close();
    };
    try {
      await tcpConnector.connect({
        ...common,
        address,
        cfg: new Config(client),
        timeout: 60,
        signal: new AbortController().signal,
        established: (transport) => {
          ends.client = transport;
          handover.client(transport);
        },
      });
    } catch (error) {
      await dispose();
      throw error;
    }
    return {
      dispose,
      reset: (by) => {
        if (relayed === undefined) {
          ends[by]?.socket?.resetAndDestroy();
          return;
        }
        // A TLS socket cannot reset the one that it is wrapped round.
        ends[by]?.destroy();
        relayed.reset(by === "server" ? "client" : "server");
      },
    };
  };
}
