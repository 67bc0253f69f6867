import { joinCluster, natsBus } from "@peng3dnet/cluster";
import { type AnyPacketDefinition, CONNTYPE_PING, normalizeAddrFormatted, observe } from "@peng3dnet/core";
import { printable, runProgram } from "@peng3dnet-examples/cli";
import { ChatServer } from "./chat-server.js";
import type { ChatUser } from "./chat-user.js";

const spec = {
  name: "chat:server",
  summary: "A chat room for any number of chat:client.",
  flags: {
    "allow-stop": { type: "boolean", help: "let any user stop the server by /stop" },
    nats: { type: "string", value: "ADDRESS", help: "share the chat with all servers on this nats-server" },
  },
} as const;

await runProgram(spec, async ({ peer, values }, interrupted) => {
  const server = new ChatServer({ ...peer, allowStop: values["allow-stop"] });
  server.on("handshakecomplete", ({ cid }) => console.log(`client ${cid}: connected`));
  server.on("close", ({ cid, nickname, conntype }, { reason }) => {
    if (conntype === CONNTYPE_PING) return;
    const who = nickname === "" ? `client ${cid}` : `client ${cid} (${nickname})`;
    console.log(`${who}: closed, ${printable(reason ?? "no reason given")}`);
  });
  if (values.nats !== undefined) await shareChat(server, values.nats);
  await server.start();
  console.log(`Chat server on ${normalizeAddrFormatted(server.addr)}; Ctrl+C stops it.`);
  interrupted.addEventListener("abort", () => void server.shutdown());
  await server.join();
  console.log("Stopped.");
});

/** Makes the server one of several that have a chat together. */
async function shareChat(server: ChatServer, servers: string): Promise<void> {
  const node = await joinCluster<ChatUser, AnyPacketDefinition>(server, {
    bus: natsBus({ servers }),
    name: "chat",
  });
  node.on("nodejoin", ({ id }) => console.log(`server ${id}: is there, too`));
  node.on("nodeleave", ({ id }, { lost }) => console.log(`server ${id}: ${lost ? "is lost" : "has left"}`));
  observe(node, {
    busChanged(state) {
      // It is closed when the server stops.
      if (state !== "closed") console.log(state === "connected" ? "NATS is there again." : "NATS is away.");
    },
  });
  server.enterCluster(node);
  console.log(`This is server ${node.id}.`);
}
