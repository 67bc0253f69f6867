/** peng3dnet over NATS: each server is a node, and its clients are members of a group. */
import { joinCluster, natsBus } from "@peng3dnet/cluster";
import { type Cid, type Group, type PacketRegistry, Server, SmartPacket } from "@peng3dnet/core";
import type { Message } from "../peer.js";
import { burn, type ClusterServer, type Kind, type NodeOptions } from "./kinds.js";

/** As the clients of `peers/ours.ts` know it. */
const MESSAGE = "bench:message";
const ROOM = 16 * 1024;

class AnsweringPacket extends SmartPacket<Message> {
  everybody: Pick<Group, "broadcast"> | undefined;

  constructor(
    reg: PacketRegistry,
    private readonly server: Server,
    private readonly options: NodeOptions,
  ) {
    super(reg, server);
  }

  override receive(message: Message, cid: Cid): void {
    burn(this.options.work);
    if (this.options.mode === "echo") this.server.sendMessage(MESSAGE, message, cid);
    else this.everybody?.broadcast(MESSAGE, message);
  }
}

async function serve(options: NodeOptions): Promise<ClusterServer> {
  const server = new Server({
    addr: "127.0.0.1:0",
    cfg: {
      "net.compress.enabled": false,
      "net.limits.connections": ROOM,
      "net.limits.connections.address": ROOM,
    },
  });
  const packet = new AnsweringPacket(server.registry, server, options);
  server.registerPacket(MESSAGE, packet);
  const { broker, name } = options;
  const node =
    broker === undefined ? undefined : await joinCluster(server, { bus: natsBus({ servers: broker }), name });
  const everybody = node?.group("everybody") ?? server.group("everybody");
  packet.everybody = everybody as Pick<Group, "broadcast">;
  server.on("handshakecomplete", (client) => {
    everybody.add(client);
  });
  server.on("handlerError", (error) => {
    process.nextTick(() => {
      throw error;
    });
  });
  await server.start();
  return {
    port: server.addr[1],
    get members() {
      return everybody.size;
    },
    async settled() {
      await node?.flush();
    },
    ...(node !== undefined && { counters: () => node.metrics }),
    async close() {
      await server.shutdown();
    },
  };
}

export const ours: Kind = { label: "peng3dnet over NATS", broker: "nats", client: "ours", serve };
