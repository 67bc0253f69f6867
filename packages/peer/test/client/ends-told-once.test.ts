// A client that never had a session is closed once, whatever the listeners of that do.

import { Client, type ClientOptions, ConnectError, type Transport } from "@peng3dnet/peer";
import { MemoryLink } from "@peng3dnet/peer/testing";

class Noted extends Client {
  readonly told: (string | null)[] = [];

  override onClose(reason: string | null): void {
    this.told.push(reason);
  }
}

function noted(options: ClientOptions = {}) {
  const client = new Noted(options);
  const failures: unknown[] = [];
  client.on("handlerError", (error) => void failures.push(error));
  return { client, failures };
}

describe.each(["close", "stop"] as const)("a listener of close that calls %s", (end) => {
  test("of a client that was closed before it connected", async () => {
    const { client, failures } = noted();
    let closes = 0;
    client.on("close", () => {
      closes++;
      void client[end]();
    });
    expect(await client.close("enough")).toMatchObject({ reason: "enough", clean: false });
    expect([closes, client.told, failures]).toEqual([1, ["enough"], []]);
  });

  test("of a client that was closed while it connected", async () => {
    const { client, failures } = noted({ connector: { connect: () => new Promise(() => {}) } });
    let closes = 0;
    client.on("close", () => {
      closes++;
      void client[end]();
    });
    const connecting = client.connect();
    connecting.catch(() => {});
    expect(await client.close("enough")).toMatchObject({ reason: "enough", clean: false });
    await expect(connecting).rejects.toMatchObject({ code: "P3D_ERR_ABORTED" });
    expect([closes, client.told, failures]).toEqual([1, ["enough"], []]);
  });
});

test("a transport that is none leaves the client as it was", async () => {
  const { client } = noted({
    connector: {
      connect: async () => {
        throw new ConnectError("nobody there");
      },
    },
  });
  expect(() => client.attach({} as Transport)).toThrow(TypeError);
  await client.join({ timeout: 0 });
  await expect(client.connect()).rejects.toThrow("nobody there");
});

test("and may be handed another one", async () => {
  const { client } = noted();
  expect(() => client.attach({} as Transport)).toThrow(TypeError);
  client.attach(new MemoryLink().client);
  await client.connect();
  client.stop();
});
