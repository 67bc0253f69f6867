import { CONNTYPE_PING, normalizeAddrFormatted } from "@peng3dnet/core";
import { printable, runProgram } from "@peng3dnet-examples/cli";
import { ChatServer } from "./chat-server.js";

const spec = {
  name: "chat:server",
  summary: "A chat room for any number of chat:client.",
  flags: {
    "allow-stop": { type: "boolean", help: "let any user stop the server by /stop" },
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
  await server.start();
  console.log(`Chat server on ${normalizeAddrFormatted(server.addr)}; Ctrl+C stops it.`);
  interrupted.addEventListener("abort", () => void server.shutdown());
  await server.join();
  console.log("Stopped.");
});
