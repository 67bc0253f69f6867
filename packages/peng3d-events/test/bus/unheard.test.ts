import { Client, Connection, type EngineLike, Packet, Server } from "@peng3dnet/core";
import { HeadlessPeng } from "@peng3dnet/peng3d-events";

const TRAFFIC = 100;

/** A client that knows when everything has come. */
class Listener extends Client {
  #left = TRAFFIC;
  #done = (): void => {};
  readonly all = new Promise<void>((resolve) => {
    this.#done = resolve;
  });

  override onReceive(): void {
    if (--this.#left === 0) this.#done();
  }
}

/** Sends messages both ways between a server and a client on an engine, then closes. */
async function talk(peng: EngineLike | undefined): Promise<void> {
  const server = new Server({ peng, addr: "127.0.0.1:0" });
  server.registerPacket("chat:say", new Packet(server.registry, server));
  await server.start();
  const client = new Listener({ peng, addr: ["127.0.0.1", server.addr[1]] });
  client.registerPacket("chat:say", new Packet(client.registry, client));
  const heard = new Promise<void>((resolve) => server.once("handshakecomplete", () => resolve()));
  await client.start();
  await heard;
  for (let n = 0; n < TRAFFIC; n++) {
    client.sendMessage("chat:say", n);
    server.sendMessage("chat:say", n, 1);
  }
  await client.all;
  await client.close();
  await server.shutdown();
}

describe("nobody wants send and recv", () => {
  const copied = jest.spyOn(Connection.prototype, "lastPacket");

  beforeEach(() => copied.mockClear());
  afterAll(() => copied.mockRestore());

  /** An engine that is asked before it is told, and counts how often. */
  class Engine implements EngineLike {
    readonly sent: string[] = [];
    readonly asked = new Map<string, number>();
    readonly #listening: boolean;

    constructor(listening: boolean) {
      this.#listening = listening;
    }

    sendEvent(event: string): void {
      this.sent.push(event);
    }

    hasListeners(event: string): boolean {
      this.asked.set(event, (this.asked.get(event) ?? 0) + 1);
      return this.#listening;
    }
  }

  const frequent = (event: string): boolean => /\.(send|recv)$/.test(event);

  test("no data is built for an engine that says so", async () => {
    const engine = new Engine(false);
    await talk(engine);
    expect(engine.sent.filter(frequent)).toEqual([]);
    expect(engine.sent).toContain("peng3dnet:server.connection.close");
    expect(copied).not.toHaveBeenCalled();
    for (const event of ["client.send", "client.recv", "server.connection.send", "server.connection.recv"]) {
      expect([event, engine.asked.get(`peng3dnet:${event}`)]).toEqual([event, TRAFFIC]);
    }
  });

  test("it is for one that listens, and for one that cannot say", async () => {
    const engine = new Engine(true);
    await talk(engine);
    expect(engine.sent.filter(frequent)).toHaveLength(4 * TRAFFIC);
    expect(copied).toHaveBeenCalledTimes(TRAFFIC);
    const sent: string[] = [];
    await talk({ sendEvent: (event) => void sent.push(event) });
    expect(sent.filter(frequent)).toHaveLength(4 * TRAFFIC);
  });

  test("none is built on a bus without a listener, nor without a bus", async () => {
    const bus = new HeadlessPeng();
    const sent = jest.spyOn(bus, "sendEvent");
    await talk(bus);
    expect(sent.mock.calls.map(([event]) => event).filter(frequent)).toEqual([]);
    await talk(undefined);
    expect(copied).not.toHaveBeenCalled();
  });

  test("a listener for one of them costs the others nothing", async () => {
    const bus = new HeadlessPeng();
    const sent = jest.spyOn(bus, "sendEvent");
    const pids: number[] = [];
    bus.addEventListener("peng3dnet:server.connection.recv", (_event, { pid }) => void pids.push(pid));
    await talk(bus);
    expect(pids).toEqual(Array(TRAFFIC).fill(64));
    expect(sent.mock.calls.filter(([event]) => frequent(event))).toHaveLength(TRAFFIC);
    expect(copied).not.toHaveBeenCalled();
  });
});
