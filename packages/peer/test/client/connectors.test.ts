// What connects for a client is not trusted: whatever it does, the client does not hang.

import { Client, ConnectError, type Connector } from "@peng3dnet/peer";
import { MemoryLink } from "@peng3dnet/peer/testing";

function clientOf(connect: Connector["connect"]): Client {
  return new Client({ connector: { connect } });
}

test("a connector that ends without a connection is an error", async () => {
  const client = clientOf(async () => {});
  await expect(client.start()).rejects.toThrow(ConnectError);
  expect(await client.waitForClose()).toMatchObject({ clean: false });
});

test.each(["close", "stop"] as const)("%s ends an attempt whose connector never does", async (end) => {
  const client = clientOf(() => new Promise(() => {}));
  const starting = client.start();
  starting.catch(() => {});
  await client[end]();
  await expect(starting).rejects.toMatchObject({ code: "P3D_ERR_ABORTED" });
  await client.join();
});

test("what a connector says of a connection that it has handed over ends that connection", async () => {
  const client = clientOf(async ({ established }) => {
    established(new MemoryLink().client);
    throw new Error("after all");
  });
  client.on("handlerError", () => {});
  await expect(client.start()).rejects.toThrow("after all");
  expect(await client.waitForClose()).toMatchObject({ clean: false, reason: "internalerror" });
  expect(client.conn?.open).toBe(false);
});

test("an option connector that is none is refused where it is handed in", () => {
  expect(() => new Client({ connector: {} as Connector })).toThrow(TypeError);
});

test("a connector and a platform that are null are none, and not those of the package", () => {
  const defaults = { connector: { connect: async () => {} } };
  expect(() => new Client({ connector: null as never }, defaults)).toThrow(
    "the option connector has no connect()",
  );
  expect(() => new Client({ platform: null as never })).toThrow("the option platform lacks");
});

test("a transport that is attached while a connector is at work stays", async () => {
  let finish = (): void => {};
  const late = new MemoryLink();
  const client = clientOf(async ({ established }) => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    established(late.client);
  });
  const connecting = client.connect();
  client.attach(new MemoryLink().client);
  finish();
  await expect(connecting).rejects.toThrow("a client connects once");
  await new Promise((resolve) => setImmediate(resolve));
  expect(late.client.isClosed).toBe(true);
  expect(client.conn?.open).toBe(true);
  client.stop();
});

test.each(["close", "stop"] as const)(
  "%s tells a connector without a signal that the attempt is given up",
  async (end) => {
    const told: unknown[] = [];
    const unheard: unknown[] = [];
    let again: unknown;
    const client = clientOf(
      ({ whenGivenUp }) =>
        new Promise((_, reject) => {
          whenGivenUp?.((reason) => unheard.push(reason))();
          whenGivenUp?.((reason) => {
            told.push(reason);
            whenGivenUp((same) => {
              again = same;
            });
            reject(reason);
          });
        }),
    );
    const starting = client.start();
    starting.catch(() => {});
    await client[end]();
    await expect(starting).rejects.toMatchObject({ code: "P3D_ERR_ABORTED" });
    expect(told).toEqual([expect.objectContaining({ code: "P3D_ERR_ABORTED" })]);
    expect(again).toBe(told[0]);
    expect(unheard).toEqual([]);
  },
);

test("a connector may copy what it is asked for, and has a signal then that fires", async () => {
  let reason: unknown;
  const client = clientOf(async (request) => {
    const { signal } = { ...request };
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    reason = signal.reason;
    throw reason;
  });
  const starting = client.start();
  starting.catch(() => {});
  client.stop();
  await expect(starting).rejects.toMatchObject({ code: "P3D_ERR_ABORTED" });
  expect(reason).toMatchObject({ code: "P3D_ERR_ABORTED" });
});

test("a signal that is asked for too late has fired", async () => {
  let fired: boolean | undefined;
  const client = clientOf(async (request) => {
    await new Promise<void>((resolve) => request.whenGivenUp?.(() => resolve()));
    fired = request.signal.aborted;
    throw request.signal.reason;
  });
  const starting = client.start();
  starting.catch(() => {});
  client.stop();
  await expect(starting).rejects.toMatchObject({ code: "P3D_ERR_ABORTED" });
  expect(fired).toBe(true);
});

test("a list that says where the server is belongs to one client, whatever becomes of it and of equal ones", () => {
  const list: [string, number] = ["localhost", 1234];
  const first = new Client({ addr: list });
  list[1] = 5678;
  const second = new Client({ addr: ["localhost", 1234] });
  const third = new Client({ addr: list });
  expect([first, second, third].map(({ addr }) => addr)).toEqual([
    ["localhost", 1234],
    ["localhost", 1234],
    ["localhost", 5678],
  ]);
});
