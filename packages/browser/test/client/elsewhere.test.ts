// A client over WebSocket that comes back for its session, and is led to another server, which says where the session is.

import { createServer as createHttpsServer } from "node:https";
import {
  Client,
  type ClientOptions,
  definePacket,
  payload,
  UnsupportedAddressError,
  WebSocketTransport,
  webSocketConnector,
} from "@peng3dnet/browser";
import { CLUSTER_HOST, Server } from "@peng3dnet/core";
import { WebSocket } from "ws";
import { certPem, keyPem } from "../../../core/test/support/certificates.js";
import { CLASSES } from "../support/classes.js";
import { track } from "../support/cleanup.js";
import { listenForTest } from "../support/listening.js";

jest.setTimeout(30_000);

const Text = definePacket({ name: "elsewhere:text", schema: payload<string>() });

class Trusting extends WebSocket {
  constructor(url: string, protocols?: string | string[]) {
    super(url, protocols, { ca: certPem("ca") });
  }
}

const http = (secure: boolean) =>
  secure ? createHttpsServer({ cert: certPem("server"), key: keyPem("server") }) : undefined;

/** Servers `a` and `b` behind one address that leads to either; `b` knows where `a` is. */
async function world(secure: boolean, advertised: (url: string) => string, client: ClientOptions) {
  const [a, b] = ["a", "b"].map((name) => {
    const server = track(new Server({ packets: [Text], cfg: { "net.resume.window": 20 } }));
    server.initialize();
    server.processAsync();
    server[CLUSTER_HOST].resumeAmong({
      mark: new TextEncoder().encode(name.repeat(8)),
      addressOf: async () => advertised(direct),
    });
    return server;
  }) as [Server, Server];
  const urlOf = ({ port }: { readonly port: number }): string =>
    `ws${secure ? "s" : ""}://localhost:${port}/`;
  let goes = 0;
  const own = await listenForTest(
    (socket) => {
      goes++;
      a.accept(new WebSocketTransport(socket));
    },
    {},
    http(secure),
  );
  const direct = urlOf(own);
  let to = a;
  const balancer = await listenForTest(
    (socket) => to.accept(new WebSocketTransport(socket)),
    {},
    http(secure),
  );
  const texts: string[] = [];
  a.on(Text, (text) => void texts.push(text));
  const made = track(new Client({ addr: urlOf(balancer), packets: [Text], ...client }));
  await made.start();
  to = b;
  const outcome = Promise.race([
    new Promise<string>((resolve) => made.once("resume", () => resolve("resume"))),
    made.waitForClose().then(({ reason, error }) => `${reason}: ${error?.message}`),
  ]);
  const suspended = new Promise<void>((resolve) => made.once("suspend", () => resolve()));
  balancer.cut();
  await suspended;
  made.sendMessage(Text, "after");
  return { outcome: await outcome, client: made, texts, goes: () => goes };
}

test("over TLS it goes there by default, by the class that it connects with", async () => {
  const { outcome, client, texts, goes } = await world(true, (url) => `game-1.example:8080 ${url}`, {
    WebSocket: Trusting,
    resume: true,
  });
  expect(outcome).toBe("resume");
  await client.close();
  expect([texts, goes()]).toEqual([["after"], 1]);
});

test("from wss it never goes to ws", async () => {
  const { outcome, goes } = await world(true, (url) => url.replace("wss:", "ws:"), {
    WebSocket: Trusting,
    resume: { redirect: true },
  });
  expect(outcome).toMatch(/^resumeelsewhere: .*is encrypted, and an address to go on at has to be, too$/);
  expect(goes()).toBe(0);
});

describe.each(CLASSES)("without TLS, with $name", ({ type }) => {
  test("it goes nowhere by default", async () => {
    const { outcome, goes } = await world(false, (url) => url, { WebSocket: type, resume: true });
    expect([outcome.slice(0, 13), goes()]).toEqual(["resumeunknown", 0]);
  });

  test("it goes there where redirect is true", async () => {
    const { outcome, goes } = await world(false, (url) => url, {
      WebSocket: type,
      resume: { redirect: true },
    });
    expect([outcome, goes()]).toEqual(["resume", 1]);
  });
});

test.each([
  "game.example:8080",
  "/play",
  "play",
  "//game.example/play",
  "https://game.example/",
  "javascript:0",
])("what is no URL of a WebSocket is no address to go on at: %s", (address) => {
  const { redirected } = webSocketConnector("ws://game.example/play");
  expect(() => redirected?.(address)).toThrow(UnsupportedAddressError);
});

test("a WebSocket that was made elsewhere leads to no other address", () => {
  const socket = new WebSocket("ws://127.0.0.1:9/");
  socket.on("error", () => {});
  expect(webSocketConnector(socket).redirected).toBeUndefined();
});
