// Requests in both directions, and groups, between a real browser and a real server in this process.

import { AbortedError, RequestClosedError, RequestError, TimedOutError } from "@peng3dnet/core";
import { describeInChromium, PLACES } from "./support/in-chromium.js";
import { Buy, Confirm, Enter, Heard, Think } from "./support/request-packets.js";
import { nextClient, type RequestingClient, requestServer } from "./support/request-server.js";

jest.setTimeout(60_000);

/** What a promise came to: its value or error. */
const settled = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describeInChromium("requests and groups", (page) => {
  describe.each(PLACES)("%s", (place) => {
    test("the server's answers come, and its errors with their data", async () => {
      const { server, url } = await requestServer();
      const at = new Date(1_700_000_000_123);
      server.on("handlerError", () => {});
      server.answer(Buy, async ({ item }) => {
        if (item === "crown") throw Buy.error("toopoor", "too dear", { missing: 900 });
        if (item === "star") throw new RequestError("notforsale", "", [item]);
        if (item === "bomb") throw new Error("a secret of the server's");
        return { gold: item.length, at };
      });
      const items = ["sword", "crown", "star", "bomb", "x".repeat(100_000)];
      const results = await page().call(place, "buy", { url, items });
      expect(results.map(({ value }) => (value as { readonly gold: number } | undefined)?.gold)).toEqual([
        5,
        undefined,
        undefined,
        undefined,
        100_000,
      ]);
      expect(results.slice(1, 4)).toEqual([
        { error: "RequestError", code: "toopoor", message: "too dear", data: { missing: 900 } },
        { error: "RequestError", code: "notforsale", message: expect.any(String), data: ["star"] },
        { error: "RequestError", code: "internalerror", message: expect.any(String), data: null },
      ]);
      expect(JSON.stringify(results)).not.toContain("secret");
    });

    test("one that nothing answers is refused", async () => {
      const { url } = await requestServer();
      const results = await page().call(place, "buy", { url, items: ["sword"] });
      expect(results).toMatchObject([{ error: "RequestError", code: "nohandler" }]);
    });

    test("when its time is over, caller and handler learn it", async () => {
      const { server, url } = await requestServer();
      const told = new Promise<unknown>((resolve) => {
        server.answer(Think, (_question, { signal }) => {
          signal.addEventListener("abort", () => resolve(signal.reason));
          return new Promise(() => {});
        });
      });
      const order = { url, questions: ["why?"], timeout: 0.3 };
      expect(await page().call(place, "think", order)).toEqual([{ error: "TimedOutError" }]);
      expect(await told).toBeInstanceOf(AbortedError);
    });

    test("giving up fires the handlers' signals, and the others are answered", async () => {
      const { server, url } = await requestServer();
      const given: string[] = [];
      server.answer(Think, (question, { client, signal }) => {
        if (question === "now") return "at once";
        return new Promise<string>((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            given.push(`${question}: ${(signal.reason as Error).name}`);
            reject(signal.reason as Error);
          });
          if (question === "last") client.sendMessage(Heard, "all are here");
        });
      });
      const gone = new Promise<void>((resolve) => server.on("close", () => resolve()));
      const order = { url, questions: ["now", "first", "last"], aborts: true };
      expect(await page().call(place, "think", order)).toEqual([
        { value: "at once" },
        { error: "AbortedError" },
        { error: "AbortedError" },
      ]);
      await gone;
      expect(given).toEqual(["first: AbortedError", "last: AbortedError"]);
      expect(server.metrics.rejectedBy).toEqual({});
    });

    test("what is under way when the server closes may have been carried out", async () => {
      const { server, url } = await requestServer();
      server.answer(Think, (_question, { client }) => {
        void client.close("closing time");
        return new Promise(() => {});
      });
      expect(await page().call(place, "think", { url, questions: ["who?"] })).toEqual([
        { error: "RequestClosedError", outcome: "unknown" },
      ]);
    });

    test("what was not sent when the page closes was not carried out", async () => {
      const { server, url } = await requestServer();
      const reached: number[] = [];
      server.answer(Think, (question) => {
        reached.push(Number.parseInt(question, 10));
        return question;
      });
      const gone = new Promise<void>((resolve) => server.on("close", () => resolve()));
      const results = await page().call(place, "askAtTheEnd", { url });
      await gone;
      const outcomes = results.map(({ error, outcome }) => `${error} ${outcome}`);
      // The first was handed to the WebSocket; those behind the long ones, and after the end, were not.
      expect(outcomes[0]).toBe("RequestClosedError unknown");
      expect(outcomes.slice(-2)).toEqual(["RequestClosedError notsent", "RequestClosedError notsent"]);
      for (const number of reached) expect(outcomes[number]).toBe("RequestClosedError unknown");
    });

    test("more than may be under way are refused, here and there", async () => {
      const { server, url } = await requestServer({ "net.limits.requests": 2 });
      const answers: ((text: string) => void)[] = [];
      server.answer(Think, (_question, { client }) => {
        const answer = new Promise<string>((resolve) => answers.push(resolve));
        // The third one is refused meanwhile: it is in the same batch.
        if (answers.length === 2) {
          void client.flush().then(() => {
            for (const resolve of answers) resolve("answered");
          });
        }
        return answer;
      });
      const order = { url, cfg: { "net.limits.requests": 3 }, questions: ["1", "2", "3", "4"] };
      expect(await page().call(place, "think", order)).toMatchObject([
        { value: "answered" },
        { value: "answered" },
        { error: "RequestError", code: "busy" },
        { error: "TooManyRequestsError" },
      ]);
    });

    test("the page's answers come, and its errors without what is its own", async () => {
      const { server, url } = await requestServer();
      const joining = nextClient(server);
      const result = page().call(place, "answer", { url });
      const client = await joining;
      expect(await client.request(Confirm, "sure")).toEqual({ yes: true, told: "sure" });
      const unsure = await settled(client.request(Confirm, "unsure"));
      expect(Confirm.isError(unsure, "unsure") && unsure.data).toEqual({ percent: 40 });
      const broken = await settled(server.request(Confirm, "broken", client));
      expect(broken).toMatchObject({ code: "internalerror", data: null });
      expect(String(broken)).not.toContain("secret");

      const controller = new AbortController();
      const aborted = settled(client.request(Confirm, "aborted", { signal: controller.signal }));
      const late = settled(client.request(Confirm, "late", { timeout: 0.2 }));
      const open = settled(client.request(Confirm, "open"));
      controller.abort();
      expect(await aborted).toBeInstanceOf(AbortedError);
      expect(await late).toBeInstanceOf(TimedOutError);
      // Comes behind what tells the page that two of them are given up.
      await client.request(Confirm, "sure");
      await client.close("enough");
      expect(await open).toBeInstanceOf(RequestClosedError);
      expect(await result).toEqual({
        asked: ["sure", "unsure", "broken", "aborted", "late", "open", "sure"],
        givenUp: ["aborted: AbortedError", "late: AbortedError", "open: ConnectionClosedError"],
        reason: "enough",
      });
    });

    test("a group's broadcast reaches its members among three clients, and nobody else", async () => {
      const { server, url } = await requestServer();
      const inside: RequestingClient[] = [];
      server.answer(Enter, ({ room }, { client }) => {
        server.group(room).add(client);
        return inside.push(client);
      });
      const all = new Promise<void>((resolve) => {
        server.on("groupenter", () => {
          if ([...server.groups.values()].reduce((sum, { size }) => sum + size, 0) === 3) resolve();
        });
      });
      const result = page().call(place, "enterRooms", { url, rooms: ["kitchen", "kitchen", "cellar"] });
      await all;
      const kitchen = server.group("kitchen");
      const cellar = server.group("cellar");
      expect([kitchen.size, cellar.size]).toEqual([2, 1]);
      const [first] = kitchen;
      expect(kitchen.broadcast(Heard, "tea \u2615")).toBe(2);
      expect(kitchen.broadcast(Heard, "not for the first", { except: first! })).toBe(1);
      expect(cellar.broadcast(Heard, "y".repeat(20_000))).toBe(1);
      server.broadcast(Heard, "for two", { to: [first!, ...cellar] });
      kitchen.delete(first!);
      kitchen.broadcast(Heard, "after the first has left");
      await server.shutdown();
      const [one, other, third] = await result;
      expect([one, other].sort((a, b) => a!.length - b!.length)).toEqual([
        ["tea \u2615", "for two"],
        ["tea \u2615", "not for the first", "after the first has left"],
      ]);
      expect(third).toEqual(["y".repeat(20_000), "for two"]);
      expect(server.groups.size).toBe(0);
    });
  });
});
