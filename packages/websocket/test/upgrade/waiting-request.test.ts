// A request that waits, whose connection may be gone before its turn.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onCleanup, trackSocket } from "../../../core/test/support/cleanup.js";
import { WaitingRequest } from "../../src/upgrade/waiting-request.js";

/** Both ends of a connection. */
async function pair(): Promise<{ client: Socket; accepted: Socket }> {
  const server = createServer();
  onCleanup(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const coming = once(server, "connection");
  const client = trackSocket(connect((server.address() as AddressInfo).port, "127.0.0.1"));
  const [accepted] = (await coming) as [Socket];
  return { client: client.on("error", () => {}), accepted: trackSocket(accepted).on("error", () => {}) };
}

/** A request that waits, and what became of it, in order. */
function waiting(socket: Socket) {
  const events: string[] = [];
  const request = new WaitingRequest(
    "somebody",
    socket,
    () => events.push("take"),
    () => events.push("leave"),
  );
  return { request, events };
}

test("one whose connection is gone counts no more, at once, and is not answered in its turn", async () => {
  const { client, accepted } = await pair();
  const { request, events } = waiting(accepted);
  const closed = new Promise((resolve) => accepted.once("close", resolve));
  client.resetAndDestroy();
  accepted.resume();
  await closed;
  expect(events).toEqual(["leave"]);
  request.takeTurn();
  expect(events).toEqual(["leave"]);
});

test("one that had its turn is told of its connection's end no more", async () => {
  const { accepted } = await pair();
  const { request, events } = waiting(accepted);
  request.takeTurn();
  expect(events).toEqual(["leave", "take"]);
  expect(accepted.listenerCount("close")).toBe(0);
});
