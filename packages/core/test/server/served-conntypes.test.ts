// A server that serves listed connection types alone, a check that takes its time, and who a client is.

import {
  type Cid,
  Client,
  ClientOnServer,
  CONNTYPE_CLASSIC,
  ConnectionClosedError,
  ConnectionType,
  NotRegisteredError,
  ProtocolError,
  Server,
  type ServerOptions,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";
import { deferred, echo, LOCAL, next } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";
import { sessionOf } from "../support/session.js";
import { ACCEPT, accept, packet, settype } from "../support/wire.js";

const PASSWORD_ID = 64;

class WrongPasswordError extends ProtocolError {
  readonly code = "TEST_ERR_WRONG_PASSWORD";
  readonly closeReason = "wrongpassword";
}

interface User {
  readonly name: string;
}

/** Lets in whom `check` knows. */
class PasswordType extends ConnectionType {
  readonly #steps = new Map<Cid, "awaited" | "checked">();
  readonly #server: Server<ClientOnServer<User>>;
  readonly #check: (password: string) => Promise<User | undefined>;
  /** Who the clients were when they were closed. */
  readonly gone: (User | undefined)[] = [];

  constructor(server: Server<ClientOnServer<User>>, check: (password: string) => Promise<User | undefined>) {
    super(server);
    this.#server = server;
    this.#check = check;
  }

  override init(cid: Cid): void {
    this.#steps.set(cid, "awaited");
  }

  override receive(msg: unknown, pid: number, _flags: number, cid: Cid): boolean {
    const step = this.#steps.get(cid);
    if (step === undefined) return false;
    if (step !== "awaited" || pid !== PASSWORD_ID || typeof msg !== "string") {
      throw new WrongPasswordError("one password is awaited, and nothing else");
    }
    this.#steps.set(cid, "checked");
    this.connection(cid).watch(this.#decide(msg, cid), "password");
    return true;
  }

  async #decide(password: string, cid: Cid): Promise<void> {
    const user = await this.#check(password);
    const client = this.#server.clients.get(cid as number);
    if (client === undefined || sessionOf(client.conn).connection.closing) return;
    if (user === undefined) {
      await client.close("wrongpassword");
      return;
    }
    client.data = user;
    this.#steps.delete(cid);
    const { connection } = sessionOf(client.conn);
    connection.startHandshake();
    connection.sendHandshake();
  }

  override closed(cid: Cid): void {
    this.gone.push(this.#server.clients.get(cid as number)?.data);
    this.#steps.delete(cid);
  }
}

/** The client's half. */
class ShowPassword extends ConnectionType {
  override init(cid: Cid): void {
    this.connection(cid).sendRaw(PASSWORD_ID, "swordfish");
    this.connection(cid).startHandshake();
  }
}

const known = async (password: string): Promise<User | undefined> =>
  password === "swordfish" ? { name: "Ann" } : undefined;

async function passwordServer(
  options: ServerOptions<ClientOnServer<User>> = {},
  check: (password: string) => Promise<User | undefined> = known,
) {
  const server = track(
    new Server({
      addr: LOCAL,
      conntypes: ["password"],
      clientcls: ClientOnServer<User>,
      ...options,
    }),
  );
  const type = new PasswordType(server, check);
  server.addConnType("password", type);
  echo(server);
  await server.start();
  return { server, type };
}

async function enter(server: { readonly addr: readonly [string, number] }): Promise<Client> {
  const client = track(new Client({ addr: server.addr, conntype: "password" }));
  client.addConnType("password", new ShowPassword(client));
  echo(client);
  await client.start();
  return client;
}

/** Why a server turns away who asks for a connection type. */
async function refusal(addr: readonly [string, number], body: unknown): Promise<unknown> {
  const peer = await RawPeer.connect([...addr]);
  await peer.packet();
  peer.write(packet(2, body));
  const reason = await peer.closeReason();
  peer.end();
  return reason;
}

describe("a server that lists what it serves", () => {
  test("turns away all who ask for something else, or for nothing", async () => {
    const { server } = await passwordServer();
    for (const body of [{ conntype: CONNTYPE_CLASSIC }, { conntype: null }, {}, { conntype: "ping" }]) {
      expect([body, await refusal(server.addr, body)]).toEqual([body, "unknownconntype"]);
    }
    const classic = track(new Client({ addr: server.addr }));
    const error = await classic.start().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ reason: "unknownconntype" });
    expect(server.getConnType(CONNTYPE_CLASSIC)).toBeUndefined();
    expect(server.getConnType("password")).toBeInstanceOf(PasswordType);
    expect((await enter(server)).active).toBe(true);
  });

  test("names the option in its error", async () => {
    const { server } = await passwordServer();
    const closed = next(server, "close");
    await refusal(server.addr, {});
    const [, info] = await closed;
    expect(info.error?.message).toContain('"classic" is not served here');
    expect(info.error?.message).toContain("conntypes");
  });

  test("cannot start without one of them, and can once it is added", async () => {
    const server = track(new Server({ addr: LOCAL, conntypes: ["classic", "pasword"] }));
    await expect(server.start()).rejects.toThrow(NotRegisteredError);
    await expect(server.start()).rejects.toThrow('"pasword"');
    server.addConnType("pasword", new ShowPassword(server));
    await server.start();
  });

  test("serves all that are added without a list", async () => {
    const { server } = await passwordServer({ conntypes: undefined });
    await RawPeer.activeClient(server.addr);
    expect((await enter(server)).active).toBe(true);
  });

  test("is not changed by what becomes of the list", async () => {
    const conntypes = ["password"];
    const { server } = await passwordServer({ conntypes });
    conntypes.push("classic");
    expect(await refusal(server.addr, {})).toBe("unknownconntype");
  });
});

describe("a check that takes its time", () => {
  /** A client whose password is being checked. */
  async function waiting(options: ServerOptions<ClientOnServer<User>> = {}) {
    const checked = deferred<User | undefined>();
    const begun = deferred();
    const { server, type } = await passwordServer(options, () => {
      begun.resolve();
      return checked.promise;
    });
    const received: unknown[] = [];
    server.registry.entry("test:echo").obj.receive = (msg) => void received.push(msg);
    const closed = next(server, "close");
    const peer = await RawPeer.connect(server.addr);
    await peer.packet();
    peer.write(settype("password"), packet(PASSWORD_ID, "swordfish"));
    await begun.promise;
    return { server, type, peer, checked, received, closed };
  }

  test.each([
    ["a packet of the application", packet(64, "early")],
    ["another password", packet(PASSWORD_ID, "tuna")],
  ])("ends the connection when there comes %s, which nobody sees", async (_, bytes) => {
    const { peer, checked, received } = await waiting();
    peer.write(bytes);
    expect(await peer.closeReason()).toBe("wrongpassword");
    checked.resolve({ name: "Ann" });
    expect(received).toEqual([]);
  });

  test("cannot be skipped by accepting what was not sent", async () => {
    const { server, peer } = await waiting();
    peer.write(accept());
    expect(await peer.closeReason()).toBe("unexpectedpacket");
    expect([...server.clients.values()].some(({ active }) => active)).toBe(false);
    expect(ACCEPT).toBe(4);
  });

  test("leaves the client out of broadcasts, and sends it nothing of the application's", async () => {
    const { server, peer, checked } = await waiting();
    expect(server.broadcast("test:echo", "all")).toBe(0);
    checked.resolve({ name: "Ann" });
    expect((await peer.packet()).id).toBe(3);
  });

  test("is bounded by net.timeout.handshake", async () => {
    const clock = new ManualClock();
    const { peer, closed } = await waiting({ clock });
    clock.advance(10);
    expect(await peer.closeReason()).toBe("handshaketimeout");
    const [, info] = await closed;
    expect(info.error).toMatchObject({ code: "P3D_ERR_HANDSHAKE_TIMEOUT" });
  });

  test("that ends after the client has left does nothing", async () => {
    const { server, peer, checked, closed } = await waiting();
    const failed: unknown[] = [];
    server.on("handlerError", (error) => void failed.push(error));
    peer.end();
    await closed;
    checked.resolve({ name: "Ann" });
    await new Promise((turn) => setImmediate(turn));
    expect(failed).toEqual([]);
    expect(server.clients.size).toBe(0);
  });
});

describe("client.data", () => {
  test("is nothing until the application sets it", async () => {
    const { server } = await passwordServer({ conntypes: undefined });
    const accepted = next(server, "connection");
    await RawPeer.activeClient(server.addr);
    const [client] = await accepted;
    expect(client.data).toBeUndefined();
  });

  test.each<[string, (server: Server<ClientOnServer<User>>, client: Client) => unknown]>([
    ["the client closes", (_server, client) => client.close("bye")],
    ["the client is gone", (_server, client) => client.stop()],
    ["the server closes", (server) => [...server.clients.values()][0]?.close("kicked")],
    ["the server is shut down", (server) => server.shutdown()],
    ["the server is stopped", (server) => server.stop()],
  ])("is there in closed, onClose, and the event close when %s", async (_, end) => {
    const seen: string[] = [];
    class Player extends ClientOnServer<User> {
      override onClose(): void {
        seen.push(`onClose ${this.data?.name}`);
      }
    }
    const peng = {
      sendEvent(name: string, { client }: Readonly<Record<string, unknown>>): void {
        if (name === "peng3dnet:server.connection.close") seen.push(`event ${(client as Player).data?.name}`);
      },
    };
    const { server, type } = await passwordServer({ clientcls: Player, peng });
    const closed = next(server, "close");
    const client = await enter(server);
    expect([...server.clients.values()].map(({ data }) => data?.name)).toEqual(["Ann"]);
    await end(server, client);
    const [player] = await closed;
    expect([...type.gone.map((user) => user?.name), ...seen, player.data?.name]).toEqual([
      "Ann",
      "onClose Ann",
      "event Ann",
      "Ann",
    ]);
  });

  test("has the type that its class says", () => {
    const server = new Server({ clientcls: ClientOnServer<User> });
    const untold = new Server();
    const never = (): void => {
      for (const client of server.clients.values()) {
        client.data = { name: "Ann" };
        // @ts-expect-error no user
        client.data = { nick: "Ann" };
        // @ts-expect-error there may be none yet
        client.data.name satisfies string;
      }
      server.on("close", ({ data }) => data?.name satisfies string | undefined);
      // @ts-expect-error nobody said what it is
      for (const client of untold.clients.values()) client.data.name;
    };
    expect(never).toBeInstanceOf(Function);
    untold.stop();
    server.stop();
  });
});
