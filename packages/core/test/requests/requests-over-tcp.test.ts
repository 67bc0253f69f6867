// Requests over TCP: between two of ours, and with the other end as a script of bare packets, as a Python peer would be one.

import { once } from "node:events";
import {
  AbortedError,
  Client,
  defineRequest,
  payload,
  RequestClosedError,
  RequestError,
  Server,
  SIDE_CLIENT,
  SIDE_SERVER,
  TimedOutError,
} from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { LOCAL, next } from "../support/peers.js";
import { RawPeer, rawServer } from "../support/raw-peer.js";
import { packet, value } from "../support/wire.js";

const Buy = defineRequest({
  name: "shop:buy",
  request: payload<{ item: string }>(),
  response: payload<{ gold: number }>(),
  errors: { toopoor: payload<{ missing: number }>() },
  side: SIDE_SERVER,
});
const Confirm = defineRequest({
  name: "shop:confirm",
  request: payload<string>(),
  response: payload<boolean>(),
  side: SIDE_CLIENT,
});
const packets = [Buy, Confirm];
/** Ids that the packets have, in order of registration. */
const [BUY, BUY_ANSWER, CONFIRM, CONFIRM_ANSWER] = [64, 65, 66, 67] as const;
const names = {
  "shop:buy": BUY,
  "shop:buy.answer": BUY_ANSWER,
  "shop:confirm": CONFIRM,
  "shop:confirm.answer": CONFIRM_ANSWER,
};

async function pair() {
  const server = track(new Server({ addr: LOCAL, packets }));
  await server.start();
  const client = track(new Client({ addr: server.addr, packets }));
  const accepted = next(server, "handshakecomplete");
  await client.start();
  const [remote] = await accepted;
  return { server, client, remote };
}

/** A client of ours at a scripted server. */
async function atScriptedServer() {
  const raw = await rawServer();
  const client = track(new Client({ addr: raw.addr, packets }));
  const [peer] = await Promise.all([
    raw.accepted().then(async (accepted) => {
      await accepted.serveHandshake(names);
      return accepted;
    }),
    client.start(),
  ]);
  return { client, peer };
}

/** A scripted client at a server of ours. */
async function withScriptedClient() {
  const server = track(new Server({ addr: LOCAL, packets }));
  await server.start();
  const accepted = next(server, "handshakecomplete");
  const peer = await RawPeer.activeClient(server.addr);
  const [remote] = await accepted;
  return { server, peer, remote };
}

async function nextBody(peer: RawPeer, id: number): Promise<unknown> {
  const received = await peer.packet();
  expect(received.id).toBe(id);
  return value(received);
}

describe("two of ours", () => {
  test("ask and answer in both directions, thousands at a time", async () => {
    const { server, client, remote } = await pair();
    server.answer(Buy, ({ item }) => ({ gold: Number(item) }));
    client.answer(Confirm, async (text) => text.length > 2);
    const bought = Array.from({ length: 5000 }, (_, i) => i);
    const loops = Array.from({ length: 500 }, async (_, first) => {
      for (let i = first; i < bought.length; i += 500) {
        const { gold } = await client.request(Buy, { item: String(i) });
        expect(gold).toBe(i);
        expect(await remote.request(Confirm, String(i))).toBe(i >= 100);
      }
    });
    await Promise.all(loops);
    expect({ ...server.metrics.rejectedBy, ...client.metrics.rejectedBy }).toEqual({});
  });

  test("errors, time-outs and aborts are told as over any transport", async () => {
    const { server, client } = await pair();
    const fired: Promise<unknown>[] = [];
    server.answer(Buy, ({ item }, { signal }) => {
      if (item === "crown") throw Buy.error("toopoor", "too poor", { missing: 3 });
      fired.push(once(signal, "abort"));
      return new Promise<never>(() => {});
    });
    const error: unknown = await client.request(Buy, { item: "crown" }).catch((thrown: unknown) => thrown);
    expect(Buy.isError(error, "toopoor") && error.data).toEqual({ missing: 3 });
    await expect(client.request(Buy, { item: "" }, { timeout: 0.05 })).rejects.toBeInstanceOf(TimedOutError);
    const controller = new AbortController();
    const aborted = client.request(Buy, { item: "" }, { signal: controller.signal });
    controller.abort();
    await expect(aborted).rejects.toBeInstanceOf(AbortedError);
    await expect(client.request(Buy, { item: "crown" })).rejects.toBeInstanceOf(RequestError);
    await Promise.all(fired);
    expect(fired).toHaveLength(2);
  });

  test("a close in order, a stop and a reset settle what waits, on both sides", async () => {
    for (const end of ["close", "stop", "reset"] as const) {
      const { server, client, remote } = await pair();
      const signals: AbortSignal[] = [];
      const begun = [Buy, Confirm].map(
        (_, index) =>
          new Promise<void>((resolve) => {
            const never = (_input: unknown, { signal }: { readonly signal: AbortSignal }): Promise<never> => {
              signals.push(signal);
              resolve();
              return new Promise<never>(() => {});
            };
            if (index === 0) server.answer(Buy, never);
            else client.answer(Confirm, never);
          }),
      );
      const asked = [client.request(Buy, { item: "" }), remote.request(Confirm, "")].map((promise) =>
        promise.catch((error: unknown) => error),
      );
      await Promise.all(begun);
      if (end === "close") void client.close("bye");
      else if (end === "stop") client.stop();
      else client.sock?.resetAndDestroy();
      for (const error of await Promise.all(asked)) {
        expect(error).toBeInstanceOf(RequestClosedError);
        expect(error).toMatchObject({ outcome: "unknown", reason: end === "close" ? "bye" : "socketclose" });
      }
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    }
  });
});

describe("a scripted server", () => {
  test("gets the recorded form, and answers it", async () => {
    const { client, peer } = await atScriptedServer();
    const asked = client.request(Buy, { item: "a" });
    // Length, id, no flags; [1, {"item": "a"}].
    expect((await peer.packet()).bytes.toString("hex")).toBe("00000010000000400000920181a46974656da161");
    // [1, {"gold": 5}].
    peer.write(Buffer.from("0000000f000000410000920181a4676f6c6405", "hex"));
    await expect(asked).resolves.toEqual({ gold: 5 });
  });

  test("refuses, and is told that the caller gave up", async () => {
    const { client, peer } = await atScriptedServer();
    const refused = client.request(Buy, { item: "a" });
    expect(await nextBody(peer, BUY)).toEqual([1, { item: "a" }]);
    peer.write(packet(BUY_ANSWER, [1, "toopoor", "too poor", { missing: 2 }]));
    await expect(refused).rejects.toMatchObject({
      code: "toopoor",
      message: "too poor",
      data: { missing: 2 },
    });
    const controller = new AbortController();
    const aborted = client.request(Buy, { item: "b" }, { signal: controller.signal });
    expect(await nextBody(peer, BUY)).toEqual([2, { item: "b" }]);
    controller.abort();
    await expect(aborted).rejects.toBeInstanceOf(AbortedError);
    expect(await nextBody(peer, BUY)).toEqual([2]);
  });

  test("asks, and gets answers", async () => {
    const { client, peer } = await atScriptedServer();
    client.answer(Confirm, (text) => text === "sure?");
    peer.write(packet(CONFIRM, [1, "sure?"]), packet(CONFIRM, [900, "no"]));
    expect(await nextBody(peer, CONFIRM_ANSWER)).toEqual([1, true]);
    expect(await nextBody(peer, CONFIRM_ANSWER)).toEqual([900, false]);
  });
});

describe("a scripted client", () => {
  test("asks, gives up, and gets answers and errors", async () => {
    const { server, peer } = await withScriptedClient();
    let signal: AbortSignal | undefined;
    server.answer(Buy, ({ item }, context) => {
      if (item === "crown") throw Buy.error("toopoor", "too poor", { missing: 3 });
      if (item !== "slow") return { gold: item.length };
      signal = context.signal;
      return new Promise<never>(() => {});
    });
    peer.write(
      packet(BUY, [1, { item: "slow" }]),
      packet(BUY, [2, { item: "abc" }]),
      packet(BUY, [3, { item: "crown" }]),
      packet(BUY, [1]),
      packet(BUY, [4, { item: "" }]),
    );
    expect(await nextBody(peer, BUY_ANSWER)).toEqual([2, { gold: 3 }]);
    expect(await nextBody(peer, BUY_ANSWER)).toEqual([3, "toopoor", "too poor", { missing: 3 }]);
    expect(await nextBody(peer, BUY_ANSWER)).toEqual([4, { gold: 0 }]);
    expect(signal?.aborted).toBe(true);
  });

  test("is asked, and answers", async () => {
    const { peer, remote } = await withScriptedClient();
    const asked = remote.request(Confirm, "sure?");
    expect(await nextBody(peer, CONFIRM)).toEqual([1, "sure?"]);
    peer.write(packet(CONFIRM_ANSWER, [1, true]));
    await expect(asked).resolves.toBe(true);
  });

  test("that leaves fires the signal of the handler", async () => {
    const { server, peer } = await withScriptedClient();
    const fired = new Promise<unknown>((resolve) => {
      server.answer(Buy, (_input, { signal }) => {
        signal.addEventListener("abort", () => resolve(signal.reason));
        return new Promise<never>(() => {});
      });
    });
    peer.write(packet(BUY, [1, { item: "" }]));
    peer.end();
    expect(await fired).toMatchObject({ code: "P3D_ERR_CONNECTION_CLOSED", reason: "socketclose" });
  });

  test("that floods is answered with busy past the limit, and served on", async () => {
    const server = track(new Server({ addr: LOCAL, packets, cfg: { "net.limits.requests": 10 } }));
    await server.start();
    let running = 0;
    server.answer(Buy, ({ item }) => {
      if (item === "now") return { gold: 1 };
      running++;
      return new Promise<never>(() => {});
    });
    const peer = await RawPeer.activeClient(server.addr);
    const flood = Array.from({ length: 2000 }, (_, i) => packet(BUY, [i, { item: "" }]));
    // Each is cancelled at once, which makes no room: the handlers run on.
    peer.write(...flood.flatMap((ask, i) => [ask, packet(BUY, [i])]));
    for (let i = 10; i < 2000; i++)
      expect(await nextBody(peer, BUY_ANSWER)).toEqual([i, "busy", expect.any(String)]);
    expect(running).toBe(10);
    expect(server.clients.size).toBe(1);
  });
});
