import { type Client, definePacket, payload, Server, SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/peer";

const Say = definePacket({ name: "chat:say", schema: payload<{ text: string }>(), side: SIDE_SERVER });
const Heard = definePacket({
  name: "chat:heard",
  schema: payload<{ from: number; text: string }>(),
  side: SIDE_CLIENT,
});
const packets = [Say, Heard];

/** Never called: it only has to compile, with an error in each line that says so. */
export function doesNotCompile(server: Server, client: Client): void {
  // @ts-expect-error wrong payload
  client.sendMessage(Say, { text: 5 });
  // @ts-expect-error a packet that only the server receives, sent by the server
  server.sendMessage(Say, { text: "" }, 1);
  // @ts-expect-error a packet that only the client receives, sent by the client
  client.sendMessage(Heard, { from: 1, text: "" });
  // @ts-expect-error a packet that only the client receives, handled on the server
  server.on(Heard, () => {});
  // @ts-expect-error wrong payload
  server.broadcast(Heard, { text: "" });
  server.on(Say, (msg) => {
    // @ts-expect-error no such property
    msg.nothing;
  });
  // @ts-expect-error unknown event
  server.on("nothing", () => {});
  const declared = new Server({ packets });
  declared.sendMessage("chat:heard", { from: 1, text: "" }, 1);
  // @ts-expect-error unknown name
  declared.sendMessage("chat:nothing", {}, 1);
  // @ts-expect-error a name that only the server receives
  declared.sendMessage("chat:say", { text: "" }, 1);
  // @ts-expect-error wrong payload for this name
  declared.sendMessage("chat:heard", { from: "x", text: "" }, 1);
  const room = declared.group("room");
  room.broadcast("chat:heard", { from: 1, text: "" }, { except: 1 });
  // @ts-expect-error unknown name
  room.broadcast("chat:nothing", {});
  // @ts-expect-error a packet that only the server receives
  room.broadcast(Say, { text: "" });
  // @ts-expect-error wrong payload
  room.broadcast(Heard, { text: "" });
  // @ts-expect-error a group has no member of its own but clients
  room.add("player");
  // @ts-expect-error unknown event
  room.on("join", () => {});
  // @ts-expect-error to lists clients
  server.broadcast(Heard, { from: 1, text: "" }, { to: ["player"] });
}
