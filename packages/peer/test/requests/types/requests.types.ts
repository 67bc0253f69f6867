import {
  type AnsweredBy,
  Client,
  ClientOnServer,
  definePacket,
  defineRequest,
  payload,
  type RequestAnswer,
  type RequestContext,
  RequestError,
  type RequestInput,
  Server,
  SIDE_CLIENT,
  SIDE_SERVER,
} from "@peng3dnet/peer";
import { z } from "zod";

const Say = definePacket({ name: "chat:say", schema: payload<{ text: string }>(), side: SIDE_SERVER });
const Buy = defineRequest({
  name: "shop:buy",
  request: payload<{ item: string }>(),
  response: payload<{ gold: number }>(),
  errors: { toopoor: payload<{ missing: number }>(), soldout: payload<null>() },
  side: SIDE_SERVER,
});
const Confirm = defineRequest({
  name: "shop:confirm",
  request: payload<string>(),
  response: payload<boolean>(),
  side: SIDE_CLIENT,
});
const Rename = defineRequest({
  name: "shop:rename",
  request: z.object({ name: z.string().default("x") }),
  response: z.object({ rank: z.string().transform(Number) }),
});
const Anything = defineRequest({ name: "shop:anything" });
const packets = [Say, Buy, Confirm, Rename, Anything];
type Packets = (typeof packets)[number];
class Player extends ClientOnServer<{ name: string }> {
  score = 0;
}

/** Never called: it only has to compile. */
export async function compiles(): Promise<void> {
  const client = new Client({ packets });
  const server = new Server({ packets, clientcls: Player });
  const any: Client = client;
  const named: Client<Packets> = client;
  const players: Server<Player> = server;
  const both: Server<Player, Packets> = server;

  const { gold } = await client.request(Buy, { item: "sword" }, { timeout: 5 });
  gold.toFixed();
  (await any.request(Buy, { item: "" })).gold.toFixed();
  (await named.request(Rename, {})).rank.toFixed();
  const confirmed: boolean = await server.request(Confirm, "sure?", 1);
  for (const player of players.clients.values()) {
    const too: boolean = await both.request(Confirm, "sure?", player, { signal: AbortSignal.timeout(5) });
    const three: boolean = await player.request(Confirm, "sure?");
    void [too, three];
  }
  void [confirmed];
  const unknown: unknown = await client.request(Anything, 5);
  void unknown;

  server.answer(Buy, ({ item }, { client: player, signal }) => {
    signal.throwIfAborted();
    player.score += item.length;
    if (player.score > 5) throw Buy.error("toopoor", "too poor", { missing: 5 });
    if (player.score > 4) throw new RequestError("anything", "at all", 5);
    return { gold: player.score };
  });
  both.answer(Rename, async ({ name }) => ({ rank: name }));
  client.answer(
    Confirm,
    async (text, context: RequestContext<Client>) => text === "yes" && context.client.active,
  );
  client.answer(Rename, ({ name }) => ({ rank: name.trim() }));

  await client.request(Buy, { item: "" }).catch((error: unknown) => {
    if (Buy.isError(error, "toopoor")) return error.data.missing.toFixed();
    if (Buy.isError(error)) {
      const code: "toopoor" | "soldout" = error.code;
      if (error.code === "toopoor") error.data.missing.toFixed();
      return code;
    }
    throw error;
  });
  const input: RequestInput<typeof Rename> = { name: "y" };
  const answer: RequestAnswer<typeof Rename> = { rank: 5 };
  void [input, answer, ask(client, Buy, { item: "" })];
}

/** Generic code compiles, too. */
function ask<R extends AnsweredBy<typeof SIDE_SERVER>>(
  client: Client,
  request: R,
  input: RequestInput<R>,
): Promise<RequestAnswer<R>> {
  return client.request(request, input);
}

/** Never called: it only has to compile, with an error in each line that says so. */
export async function doesNotCompile(server: Server<Player>, client: Client): Promise<void> {
  // @ts-expect-error wrong input
  await client.request(Buy, { item: 5 });
  // @ts-expect-error no input
  await client.request(Buy);
  // @ts-expect-error a property that the input lacks
  await client.request(Buy, { item: "", colour: "red" });
  // @ts-expect-error a request that only clients answer, made by a client
  await client.request(Confirm, "");
  // @ts-expect-error a request that only the server answers, made by the server
  await server.request(Buy, { item: "" }, 1);
  // @ts-expect-error no client
  await server.request(Confirm, "");
  // @ts-expect-error a packet is no request
  await client.request(Say, { text: "" });
  // @ts-expect-error a name is no request
  await client.request("shop:buy", { item: "" });
  // @ts-expect-error no such property of the answer
  (await client.request(Buy, { item: "" })).silver;
  // @ts-expect-error a time-out is a number
  await client.request(Buy, { item: "" }, { timeout: "5" });

  // @ts-expect-error a request that only clients answer, answered by the server
  server.answer(Confirm, () => true);
  // @ts-expect-error a request that only the server answers, answered by a client
  client.answer(Buy, () => ({ gold: 1 }));
  // @ts-expect-error wrong answer
  server.answer(Buy, () => ({ gold: "1" }));
  // @ts-expect-error wrong answer of a promise
  server.answer(Buy, async () => ({ silver: 1 }));
  server.answer(Buy, (input, context) => {
    // @ts-expect-error no such property
    input.nothing;
    // @ts-expect-error no such property
    context.client.nothing;
    return { gold: 1 };
  });
  // @ts-expect-error a packet is no request
  server.answer(Say, () => null);

  // @ts-expect-error the packets of a request are not sent by hand
  client.sendMessage(Buy, { item: "" });
  // @ts-expect-error nor broadcast
  server.broadcast(Confirm, "");
  // @ts-expect-error nor handled
  server.on(Buy, () => {});
  // @ts-expect-error nor iterated over
  server.messages(Rename);
  const declared = new Client({ packets });
  declared.sendMessage("chat:say", { text: "" });
  // @ts-expect-error nor sent by name
  declared.sendMessage("shop:buy", { item: "" });

  // @ts-expect-error no such code
  Buy.error("nothing");
  // @ts-expect-error wrong data
  Buy.error("toopoor", "", { missing: "5" });
  // @ts-expect-error no such code
  Buy.isError(new Error(), "nothing");
  // @ts-expect-error no schema
  defineRequest({ name: "x:y", request: 5 });
}
