// Whatever a handler of requests throws, rejects with or returns: the caller is answered, and nothing is left behind.

import { Client, defineRequest, RequestError, Server, SIDE_SERVER } from "@peng3dnet/core";
import { HORRORS as THROWN } from "../../../protocol/test/support/horrors.js";
import { onCleanup, track } from "../support/cleanup.js";
import { LOCAL } from "../support/peers.js";

const Ask = defineRequest({ name: "test:ask", side: SIDE_SERVER });
/** Nobody awaits a promise that is told as data: that stays its maker's business. */
const PROMISE = "a promise that rejects";
const HORRORS: typeof THROWN = [...THROWN, [PROMISE, () => Promise.reject(new Error("of a promise"))]];

test.each(HORRORS)("%s", async (what, make) => {
  const unhandled: unknown[] = [];
  const listen = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", listen);
  onCleanup(() => process.off("unhandledRejection", listen));
  const server = track(new Server({ addr: LOCAL, packets: [Ask] }));
  const reported: unknown[] = [];
  server.on("handlerError", (error) => void reported.push(error));
  server.answer(Ask, (manner) => {
    if (manner === "throws") throw make();
    if (manner === "rejects") return Promise.reject(make());
    if (manner === "as data") throw new RequestError("horror", "", make());
    return manner === "returns" ? make() : manner;
  });
  await server.start();
  const client = track(new Client({ addr: server.addr, packets: [Ask] }));
  await client.start();
  for (const manner of ["throws", "rejects"]) {
    await expect(client.request(Ask, manner)).rejects.toMatchObject({ code: "internalerror" });
  }
  expect(reported).toHaveLength(2);
  for (const manner of what === PROMISE ? ["returns"] : ["returns", "as data"]) {
    const result: unknown = await client.request(Ask, manner).catch((error: unknown) => error);
    if (result instanceof Error) expect(result).toBeInstanceOf(RequestError);
  }
  // The connection goes on.
  await expect(client.request(Ask, "hello")).resolves.toBe("hello");
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});
