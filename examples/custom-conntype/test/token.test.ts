import {
  Client,
  type ClientOptions,
  type CloseInfo,
  definePacket,
  payload,
  Server,
  type ServerOptions,
  STATE_HANDSHAKE_WAIT2,
} from "@peng3dnet/core";
import { closedWith, TestNetwork } from "@peng3dnet/core/testing";
import {
  CONNTYPE_TOKEN,
  REASON_DENIED,
  TOKEN_ID,
  TokenClientMixin,
  type TokenClientOptions,
  TokenServerMixin,
  type TokenServerOptions,
} from "../src/index.js";

const Say = definePacket({ name: "demo:say", schema: payload<string>() });

function linked(
  serverOptions: TokenServerOptions,
  token: TokenClientOptions["token"],
  conntype: string = CONNTYPE_TOKEN,
) {
  const net = new TestNetwork();
  const TokenServer = TokenServerMixin(Server, serverOptions);
  const TokenClient = TokenClientMixin(Client, { token });
  const common = { clock: net.clock, packets: [Say] };
  const server = net.run(new TokenServer({ ...common } satisfies ServerOptions));
  const client = net.run(new TokenClient({ ...common, conntype } satisfies ClientOptions));
  const said: unknown[] = [];
  server.on(Say, (text) => {
    said.push(text);
  });
  const failed: unknown[] = [];
  server.on("handlerError", (error) => {
    failed.push(error);
  });
  const closed = new Promise<CloseInfo>((resolve) => server.on("close", (_client, info) => resolve(info)));
  return { net, server, client, said, failed, closed };
}

const check = (token: string): boolean => token === "sesame";

describe("the connection type token", () => {
  test("lets a client in that has the token, and its packets through", async () => {
    const { net, server, client, said } = linked({ check }, "sesame");
    net.connect(client, server);
    await client.waitForConnection();
    // Ids of the step stand for the application's packets now.
    client.sendMessage(Say, "hello");
    await net.settle();
    expect(said).toEqual(["hello"]);
    expect([...server.clients.values()].map(({ conntype }) => conntype)).toEqual([CONNTYPE_TOKEN]);
  });

  test("tells the client what the token is for", async () => {
    const { net, server, client } = linked({ check, realm: "the cave" }, (realm) =>
      realm === "the cave" ? "sesame" : "",
    );
    net.connect(client, server);
    await client.waitForConnection();
  });

  test("closes with tokendenied for a wrong token, before the client is active", async () => {
    const { net, server, client, closed } = linked({ check: async (token) => check(token) }, "mustard");
    net.connect(client, server);
    await expect(client.waitForConnection()).rejects.toMatchObject({ reason: REASON_DENIED });
    const code = "EXAMPLE_ERR_TOKEN_DENIED";
    expect(closedWith(await closed, { reason: REASON_DENIED, code })).toBeUndefined();
    expect(server.metrics.rejectedBy).toEqual({ other: 1 });
    expect(closedWith(await client.waitForClose(), { reason: REASON_DENIED })).toBeUndefined();
  });

  test("keeps a client waiting while its token is checked, up to the deadline", async () => {
    const never = new Promise<boolean>(() => {});
    const { net, server, client, closed } = linked({ check: () => never }, "sesame");
    net.connect(client, server);
    await net.settle();
    expect([...server.clients.values()].map(({ state }) => state)).toEqual([STATE_HANDSHAKE_WAIT2]);
    net.clock.advance(10);
    const code = "P3D_ERR_HANDSHAKE_TIMEOUT";
    expect(closedWith(await closed, { reason: "handshaketimeout", code })).toBeUndefined();
    await client.waitForClose();
  });

  test("does nothing for a client that went away while its token was checked", async () => {
    let accept = (_accepted: boolean): void => {};
    const checked = new Promise<boolean>((resolve) => {
      accept = resolve;
    });
    const { net, server, client, closed, failed } = linked({ check: () => checked }, "sesame");
    net.connect(client, server);
    await net.settle();
    await client.close("changed my mind");
    await closed;
    accept(true);
    await net.settle();
    expect(failed).toEqual([]);
    expect(server.clients.size).toBe(0);
  });

  test("reports a check that fails, and closes with tokenerror", async () => {
    const error = new Error("no database");
    const { net, server, client, closed, failed } = linked({ check: () => Promise.reject(error) }, "sesame");
    net.connect(client, server);
    expect(closedWith(await closed, { reason: "tokenerror" })).toBeUndefined();
    await client.waitForClose();
    await net.settle();
    expect(failed).toEqual([error]);
  });

  test("closes with invalidtokenpacket for what is no token, too long, or sent twice", async () => {
    const wrong: [string, (client: Client) => void][] = [
      ["no token", (client) => client.getConnection()?.sendRaw(TOKEN_ID, { token: 5 })],
      ["no map", (client) => client.getConnection()?.sendRaw(TOKEN_ID, "sesame")],
      ["too long", (client) => client.getConnection()?.sendRaw(TOKEN_ID, { token: "x".repeat(17) })],
      ["another packet", (client) => client.getConnection()?.sendRaw(99, null)],
      [
        "two tokens",
        (client) => {
          client.getConnection()?.sendRaw(TOKEN_ID, { token: "sesame" });
          client.getConnection()?.sendRaw(TOKEN_ID, { token: "sesame" });
        },
      ],
    ];
    for (const [what, send] of wrong) {
      const { net, server, client, closed } = linked({ check, maxLength: 16 }, () => {
        send(client as Client);
        return "sesame";
      });
      net.connect(client, server);
      const info = await closed;
      const code = "EXAMPLE_ERR_INVALID_TOKEN_PACKET";
      expect([what, closedWith(info, { reason: "invalidtokenpacket", code })]).toEqual([what, undefined]);
      await client.waitForClose();
    }
  });

  test("leaves clients of the classic type alone", async () => {
    const { net, server, client, said } = linked({ check }, "mustard", "classic");
    net.connect(client, server);
    await client.waitForConnection();
    client.sendMessage(Say, "classic");
    await net.settle();
    expect(said).toEqual(["classic"]);
  });

  test("with conntypes, clients of the classic type are turned away", async () => {
    const net = new TestNetwork();
    const TokenServer = TokenServerMixin(Server, { check });
    const options: ServerOptions = { clock: net.clock, conntypes: [CONNTYPE_TOKEN] };
    const server = net.run(new TokenServer(options));
    const classic = net.run(new Client({ clock: net.clock }));
    net.connect(classic, server);
    await expect(classic.waitForConnection()).rejects.toMatchObject({ reason: "unknownconntype" });
    const TokenClient = TokenClientMixin(Client, { token: "sesame" });
    const client = net.run(new TokenClient({ clock: net.clock, conntype: CONNTYPE_TOKEN } as ClientOptions));
    net.connect(client, server);
    await client.waitForConnection();
  });
});
