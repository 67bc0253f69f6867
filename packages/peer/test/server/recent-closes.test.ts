// What a server still knows of clients that have just left.

import { type CloseInfo, ConnectionLostError } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { RecentCloses } from "../../src/server/recent-closes.js";
import { collect } from "../support/collect.js";

const MOST = 256;

function info(reason: string): CloseInfo {
  return { reason, error: undefined, clean: true };
}

test("of a client that nobody knows, it says that there is none", () => {
  const closes = new RecentCloses();
  for (const cid of [7, null, undefined]) {
    const { reason, error, clean } = closes.of(cid);
    expect({ reason, clean }).toEqual({ reason: "socketclose", clean: false });
    expect(error).toMatchObject({ code: "P3D_ERR_CONNECTION_CLOSED", reason: null });
    expect(error?.message).toContain(`there is no client with the cid ${cid}`);
    expect(closes.missing(cid)).toMatchObject({ message: error?.message, reason: null });
  }
});

test("without a cid it is none of those that are known", () => {
  const closes = new RecentCloses();
  for (const cid of [0, 1]) closes.add(cid, info("kicked"));
  expect(closes.of(0).reason).toBe("kicked");
  expect(closes.missing(0).reason).toBe("kicked");
  for (const cid of [null, undefined]) expect(closes.of(cid).reason).toBe("socketclose");
});

test("the last 256 are known, and the one that left longest ago is forgotten first", () => {
  const closes = new RecentCloses();
  for (let cid = 1; cid <= MOST; cid++) closes.add(cid, info(`left ${cid}`));
  for (const cid of [1, 2, MOST]) expect(closes.of(cid)).toEqual(info(`left ${cid}`));
  // One that leaves again is the last one.
  closes.add(1, info("left again"));
  closes.add(MOST + 1, info("one more"));
  expect(closes.of(2).reason).toBe("socketclose");
  expect(closes.of(3).reason).toBe("left 3");
  expect(closes.of(1).reason).toBe("left again");
  expect(closes.of(MOST + 1).reason).toBe("one more");
});

/** What is left of an object that made an error, with a cause that it made as well, and of which nothing but the error is kept. */
function failed(fail: (error: Error) => void): WeakRef<object> {
  class Part {
    fail(): void {
      fail(new ConnectionLostError("lost", { cause: this.cause() }));
    }
    cause(): Error {
      return new Error("the cause");
    }
  }
  const part = new Part();
  part.fail();
  return new WeakRef(part);
}

test("of what an error was made by, nothing is kept with it", async () => {
  const closes = new RecentCloses();
  const ref = failed((error) => closes.add(1, { reason: "socketclose", error, clean: false }));
  await collect();
  expect(ref.deref()).toBeUndefined();
  expect(closes.of(1).error).toMatchObject({ message: "lost", cause: { message: "the cause" } });
});

test("of a client whose connection was lost, its error is kept and nothing else", async () => {
  const net = new TestNetwork();
  const server = net.server({ cfg: { "net.resume.window": 5 } });
  const play = async (): Promise<WeakRef<object>> => {
    const client = net.client({ resume: true });
    const link = net.connect(client, server);
    await net.pass(1);
    const ref = new WeakRef(server.clients.get(1) as object);
    expect(ref.deref()).toBeDefined();
    link.cut();
    client.stop();
    await net.pass(6);
    return ref;
  };
  const ref = await play();
  await collect();
  expect(ref.deref()).toBeUndefined();
  expect(await server.closeConnection(1)).toMatchObject({
    reason: "resumeexpired",
    error: { code: "P3D_ERR_RESUME" },
  });
  server.stop();
});

test("an error that is its own cause harms nothing", () => {
  const closes = new RecentCloses();
  const [one, other] = [new Error("one"), new Error("other")];
  one.cause = other;
  other.cause = one;
  closes.add(1, { reason: "socketclose", error: one as unknown as CloseInfo["error"], clean: false });
  expect(closes.of(1).error).toBe(one);
});

test.each<[string, () => Error]>([
  [
    "whose stack cannot be read",
    () =>
      Object.defineProperty(new ConnectionLostError("lost"), "stack", {
        get() {
          throw new Error("no stack");
        },
      }),
  ],
  [
    "whose cause is a proxy that is revoked",
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return new ConnectionLostError("lost", { cause: proxy });
    },
  ],
])("an error %s harms nothing", (_what, make) => {
  const closes = new RecentCloses();
  const error = make() as ConnectionLostError;
  closes.add(1, { reason: "socketclose", error, clean: false });
  expect(closes.of(1).error).toBe(error);
});
