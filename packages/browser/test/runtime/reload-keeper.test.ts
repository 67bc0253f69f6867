// What a page does with its session when it goes, without a browser; chromium/reload.test.ts has a real one.

import { Client, InvalidStateError, reloadKeeper, type SessionStorageLike } from "@peng3dnet/browser";
import { TestNetwork } from "@peng3dnet/peer/testing";

class FakeStorage implements SessionStorageLike {
  readonly texts = new Map<string, string>();
  getItem(key: string): string | null {
    return this.texts.get(key) ?? null;
  }
  setItem(key: string, text: string): void {
    this.texts.set(key, text);
  }
  removeItem(key: string): void {
    this.texts.delete(key);
  }
}

type Listener = (event: { readonly persisted: boolean }) => void;

/** What the page listens to. */
const listeners: Listener[] = [];
const page = globalThis as { addEventListener?: unknown; sessionStorage?: unknown };
const ownStorage = Object.getOwnPropertyDescriptor(globalThis, "sessionStorage");

beforeEach(() => {
  listeners.length = 0;
  page.addEventListener = (type: string, listener: Listener) => {
    if (type === "pagehide") listeners.push(listener);
  };
});

afterEach(() => {
  delete page.addEventListener;
  delete page.sessionStorage;
  if (ownStorage !== undefined) Object.defineProperty(globalThis, "sessionStorage", ownStorage);
});

/** The page goes. @param persisted - whether the browser keeps it to show it again. */
function leave(persisted = false): void {
  for (const listener of listeners.splice(0)) listener({ persisted });
}

const net = new TestNetwork();
const server = net.server({ cfg: { "net.resume.window": 60 } });

/** A page that has loaded. */
async function load(options: Parameters<typeof reloadKeeper>[0]): Promise<Client> {
  const client = net.run(new Client({ resume: { keeper: reloadKeeper(options) }, clock: net.clock }));
  const started = client.connect();
  started.catch(() => {});
  if (!client.suspended) await new Promise(setImmediate);
  const target = client.suspended ? client : net.run(client);
  net.connect(target, server);
  await client.waitForConnection();
  await net.settle();
  return client;
}

test("a page takes its session out of the storage, and puts it in when it goes", async () => {
  const storage = new FakeStorage();
  const one = net.client({ resume: { keeper: reloadKeeper({ storage }) } });
  net.connect(one, server);
  await one.waitForConnection();
  expect([...storage.texts]).toEqual([]);
  leave();
  await net.settle();
  expect([...storage.texts.keys()]).toEqual(["peng3dnet.session"]);
  await expect(one.waitForClose()).resolves.toMatchObject({ reason: "saved" });
  const clients = [...server.clients.values()];

  const two = await load({ storage });
  expect([...storage.texts]).toEqual([]);
  expect(two.active).toBe(true);
  expect([...server.clients.values()]).toEqual(clients);
  await two.close();
});

test("a page that its browser puts aside keeps its session", async () => {
  const storage = new FakeStorage();
  const client = net.client({ resume: { keeper: reloadKeeper({ storage }) } });
  net.connect(client, server);
  await client.waitForConnection();
  leave(true);
  expect([[...storage.texts], client.active]).toEqual([[], true]);
  await client.close();
});

test("the storage of the page is the default, and each key has a session of its own", async () => {
  const storage = new FakeStorage();
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, value: storage });
  for (const options of [{ key: "one" }, { key: "two" }]) {
    const client = net.client({ resume: { keeper: reloadKeeper(options) } });
    net.connect(client, server);
    await client.waitForConnection();
  }
  leave();
  expect([...storage.texts.keys()]).toEqual(["one", "two"]);
});

test("nothing is saved without a session", () => {
  const storage = new FakeStorage();
  reloadKeeper({ storage });
  leave();
  expect([...storage.texts]).toEqual([]);
});

const refuses = (): never => {
  throw new Error("SecurityError");
};

/** Jest runs tests in contexts of node:vm, whose globals swallow what a getter throws from Node 26 on. */
function swallowsErrors(): boolean {
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, get: refuses });
  try {
    void page.sessionStorage;
    return true;
  } catch {
    return false;
  } finally {
    delete page.sessionStorage;
  }
}

(swallowsErrors() ? test.skip : test)("a browser that refuses storage has the page begin anew", async () => {
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, get: refuses });
  const client = net.client({ resume: { keeper: reloadKeeper() } });
  net.connect(client, server);
  await client.waitForConnection();
  leave();
  // It has nowhere to put its session, and keeps it.
  expect(client.active).toBe(true);
  await client.close();
});

test("a storage that has no room has the page begin anew", async () => {
  const full = new FakeStorage();
  full.setItem = refuses;
  const client = net.client({ resume: { keeper: reloadKeeper({ storage: full }) } });
  net.connect(client, server);
  await client.waitForConnection();
  expect(() => leave()).not.toThrow();
});

test("where there is no storage at all, that is said", () => {
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, value: undefined });
  expect(() => reloadKeeper()).toThrow(InvalidStateError);
});

test.each([
  [{ storage: {} }, "the option storage is an object with getItem, setItem, removeItem"],
  [{ storage: null }, "the option storage is an object with getItem, setItem, removeItem"],
  [{ storag: new FakeStorage() }, 'reloadKeeper has no option "storag"; did you mean "storage"?'],
])("%p is refused, since nothing would be kept", (options, told) => {
  expect(() => reloadKeeper(options as never)).toThrow(told);
});
