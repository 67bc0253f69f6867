import {
  type Cid,
  type MaybeAsync,
  PacketTooLargeError,
  type Peer,
  type PeerOptions,
  Server,
  SmartPacket,
} from "@peng3dnet/core";
import { ECHO, isMap, now, PING, registerEchoPackets } from "./shared.js";

/** Options of an {@link EchoServer}. */
export interface EchoServerOptions extends PeerOptions {
  /** Let any client stop the server by sending "stop". Default false. */
  readonly allowStop?: boolean | undefined;
}

/** Sends back what it is sent. */
export class EchoServer extends Server {
  constructor({ allowStop = false, ...options }: EchoServerOptions = {}) {
    super(options);
    registerEchoPackets(this, {
      echo: new EchoPacket(this, allowStop ? (cid) => this.#stopFor(cid) : undefined),
      ping: new PingPacket(this.registry, this),
    });
  }

  async #stopFor(cid: Cid): Promise<void> {
    await Promise.all([this.closeConnection(cid, "command"), this.shutdown()]);
  }
}

/** Answers with the same value. */
class EchoPacket extends SmartPacket {
  readonly #stop: ((cid: Cid) => Promise<void>) | undefined;

  /** @param stop - what "stop" does; without it, it is a value like any other. */
  constructor(server: EchoServer, stop?: (cid: Cid) => Promise<void>) {
    super(server.registry, server);
    this.#stop = stop;
  }

  override receive(value: unknown, cid: Cid): MaybeAsync {
    if (value === "stop" && this.#stop !== undefined) return this.#stop(cid);
    return answer(this.peer, ECHO, value, cid);
  }
}

/** Adds the time at which it came through. */
class PingPacket extends SmartPacket {
  override receive(ping: unknown, cid: Cid): MaybeAsync {
    if (!isMap(ping)) return;
    return answer(this.peer, PING, { ...ping, server_timestamp: now() }, cid);
  }
}

/** Sends an answer. One that does not fit a packet, though the question did, costs the asker the connection. */
function answer(peer: Peer, packet: string, payload: unknown, cid: Cid): MaybeAsync {
  try {
    peer.sendMessage(packet, payload, cid);
  } catch (error) {
    if (!(error instanceof PacketTooLargeError)) throw error;
    return peer.closeConnection(cid, error.closeReason).then(() => undefined);
  }
}
