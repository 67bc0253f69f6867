// What is kept of a request, beside what Node makes of it.

import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { trackSocket } from "../../../core/test/support/cleanup.js";
import { decisive, joinedHeader, tooLongToWait } from "../../src/upgrade/decisive-request.js";
import { addressOf, httpServer } from "../support/http.js";

/** A request for an upgrade with such headers, as Node reads it. */
async function read(...lines: readonly string[]): Promise<IncomingMessage> {
  const http = await httpServer();
  const request = new Promise<IncomingMessage>((resolve) => {
    http.on("upgrade", (upgrade: IncomingMessage) => {
      trackSocket(upgrade.socket).on("error", () => {});
      resolve(upgrade);
    });
  });
  const [host, port] = addressOf(http);
  const socket = trackSocket(connect({ host, port }));
  socket.on("error", () => {});
  socket.write(`${["GET /there HTTP/1.1", "Connection: Upgrade", ...lines].join("\r\n")}\r\n\r\n`);
  return request;
}

const ALL = [
  "Host: one.example",
  "Origin: https://one.example",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "Sec-WebSocket-Protocol: one, two",
  "Sec-WebSocket-Version: 13",
  "Upgrade: websocket",
];
const NAMES = ALL.map((line) => (line.split(":")[0] as string).toLowerCase());

test.each<[string, readonly string[]]>([
  ["as browsers write them", ALL],
  ["in small letters", ALL.map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase()))],
  ["in capital letters", ALL.map((line) => line.replace(/^[^:]*/, (name) => name.toUpperCase()))],
  ["twice each", [...ALL, ...ALL.map((line) => line.replace(/: /, ": other"))]],
  ["three times each, with others between", [...ALL, "X: y", ...ALL, "Age: 3", "Pragma: upgrade", ...ALL]],
  ["with nothing in them", ["Host: a", "Origin:", "Upgrade: websocket", "Sec-WebSocket-Protocol:"]],
])("headers %s are as Node reads them", async (_how, lines) => {
  const request = await read(...lines);
  const copy = decisive(request);
  expect(copy.method).toBe("GET");
  expect(copy.socket).toBe(request.socket);
  const known = Object.entries(request.headers).filter(([name]) => NAMES.includes(name));
  expect(copy.headers).toEqual(Object.fromEntries(known));
});

test.each<[string, readonly string[]]>([
  ["once", ["X-Forwarded-For: 10.0.0.1, 10.0.0.2"]],
  ["twice", ["X-Forwarded-For: 10.0.0.1", "X-Real-IP-Is-No: b", "x-forwarded-for: 10.0.0.2"]],
  ["not at all", ["X-Forwarded-Fop: 10.0.0.1"]],
])("a header that comes %s is joined as Node joins it", async (_often, lines) => {
  const request = await read("Host: a", "Upgrade: websocket", ...lines);
  expect(joinedHeader(request, "x-forwarded-for")).toBe(request.headers["x-forwarded-for"]);
});

test("what decides may have 4,096 characters while it waits, and all else is not counted", async () => {
  const long = (count: number) => `Origin: ${"x".repeat(count)}`;
  const rest = ["Host: a", "Upgrade: websocket", `Other: ${"x".repeat(5000)}`];
  const used = "a".length + "websocket".length;
  expect(tooLongToWait(decisive(await read(...rest, long(4096 - used))))).toBe(false);
  expect(tooLongToWait(decisive(await read(...rest, long(4097 - used))))).toBe(true);
});
