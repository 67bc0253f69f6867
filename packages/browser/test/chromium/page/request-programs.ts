import { Client, type CloseInfo, RequestClosedError, RequestError } from "@peng3dnet/browser";
import { Buy, Confirm, Enter, Heard, REQUEST_PACKETS, Think } from "../support/request-packets.js";
import type { RequestPrograms, Settled } from "../support/request-program-types.js";

const LONG_QUESTIONS = 8;

type RequestClient = Client<(typeof REQUEST_PACKETS)[number]>;

function newClient(addr: string, cfg = {}): RequestClient {
  return new Client({ addr, packets: REQUEST_PACKETS, cfg });
}

function closeOf(client: RequestClient): Promise<CloseInfo> {
  return new Promise((resolve) => client.on("close", resolve));
}

function describeError(error: Error): Settled {
  const { name, message } = error;
  if (error instanceof RequestError)
    return { error: name, code: error.code, message, data: error.data as unknown };
  if (error instanceof RequestClosedError) return { error: name, outcome: error.outcome };
  return { error: name };
}

function settled(promise: Promise<unknown>): Promise<Settled> {
  return promise.then((value) => ({ value }), describeError);
}

export const requestPrograms: RequestPrograms = {
  async buy({ url, items }) {
    const client = newClient(url);
    await client.start();
    const results: Settled[] = [];
    for (const item of items) results.push(await settled(client.request(Buy, { item })));
    await client.close();
    return results;
  },

  async think({ url, cfg, questions, timeout, aborts }) {
    const client = newClient(url, cfg);
    await client.start();
    const controller = new AbortController();
    const options = { signal: controller.signal, ...(timeout !== undefined && { timeout }) };
    // The server says so once the handlers of all of them wait.
    client.on(Heard, () => {
      if (aborts === true) controller.abort(new Error("the page wants to know it no more"));
    });
    const results = await Promise.all(
      questions.map((question) => settled(client.request(Think, question, options))),
    );
    await client.close();
    return results;
  },

  async askAtTheEnd({ url }) {
    const client = newClient(url, { "net.compress.enabled": false });
    const closed = closeOf(client);
    await client.start();
    // More than a WebSocket takes in one go.
    const long = Array.from(
      { length: LONG_QUESTIONS },
      (_, number) => `${number + 1} ${"x".repeat(500_000)}`,
    );
    const before = ["0", ...long, "in the moment"].map((question) =>
      settled(client.request(Think, question)),
    );
    client.stop();
    const after = settled(client.request(Think, "after it"));
    await closed;
    return Promise.all([...before, after]);
  },

  async answer({ url }) {
    const client = newClient(url);
    const closed = closeOf(client);
    const [asked, givenUp]: [string[], string[]] = [[], []];
    client.on("handlerError", () => {});
    client.answer(Confirm, (question, { signal }) => {
      asked.push(question);
      if (question === "unsure") throw Confirm.error("unsure", "who knows", { percent: 40 });
      if (question === "broken") throw new Error("a secret of the page's");
      if (question === "sure") return Promise.resolve({ yes: true, told: question });
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          givenUp.push(`${question}: ${(signal.reason as Error).name}`);
          reject(signal.reason as Error);
        });
      });
    });
    await client.start();
    const { reason } = await closed;
    return { asked, givenUp, reason };
  },

  enterRooms({ url, rooms }) {
    return Promise.all(
      rooms.map(async (room) => {
        const client = newClient(url);
        const closed = closeOf(client);
        const heard: string[] = [];
        client.on(Heard, (text) => {
          heard.push(text);
        });
        await client.start();
        await client.request(Enter, { room });
        await closed;
        return heard;
      }),
    );
  },
};
