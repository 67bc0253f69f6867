// The client in a real browser, and a real server in this process: what each of the two sees.

import { createServer } from "node:http";
import type { Socket } from "node:net";
import { SSLSEC_ENCRYPTED, SSLSEC_SERVERAUTH, silentLogger } from "@peng3dnet/core";
import { certPem, keyPem } from "../../../core/test/support/certificates.js";
import { onCleanup } from "../support/cleanup.js";
import { Move, Moved, Numbered } from "./support/client-packets.js";
import { gameServer } from "./support/game-server.js";
import { describeInChromium, PLACES } from "./support/in-chromium.js";
import { numbersUpTo } from "./support/numbers.js";

jest.setTimeout(60_000);

const MANY = 10_000;
const SOME = 3000;
const SUBPROTOCOL = "peng3dnet.2";

describeInChromium("client", (page) => {
  describe.each(PLACES)("%s", (place) => {
    test("values of all kinds come back, short and long", async () => {
      const { url } = await gameServer();
      expect(await page().call(place, "echoValues", { url })).toBeGreaterThan(20);
    });

    test("10,000 in flight come back in order", async () => {
      const { server, url, received } = await gameServer();
      server.on(Numbered, (packet, { client }) => {
        client.sendMessage(Numbered, packet);
      });
      const result = await page().call(place, "session", { url, send: MANY, expect: MANY, close: "bye" });
      expect(received).toEqual(numbersUpTo(MANY));
      expect(result).toMatchObject({ received: numbersUpTo(MANY), reason: "bye", clean: true });
    });

    test("what the client sends before it closes arrives, and the reason behind it", async () => {
      const { url, received, closed } = await gameServer();
      const order = { url, send: SOME, letters: 500, close: "gone to bed \u263e" };
      const result = await page().call(place, "session", order);
      expect(await closed).toMatchObject({ reason: "gone to bed \u263e", clean: true });
      expect(received).toEqual(numbersUpTo(SOME));
      expect(result).toMatchObject({ reason: "gone to bed \u263e", clean: true });
    });

    test("what the server sends before it closes arrives, and the reason behind it", async () => {
      const { server, url, closed } = await gameServer();
      server.on("handshakecomplete", (client) => {
        const more = "x".repeat(500);
        for (let n = 1; n <= SOME; n++) client.sendMessage(Numbered, { n, more });
        void client.close("kicked \u2620");
      });
      expect(await page().call(place, "session", { url })).toMatchObject({
        received: numbersUpTo(SOME),
        reason: "kicked \u2620",
        clean: true,
      });
      expect(await closed).toMatchObject({ reason: "kicked \u2620", clean: true });
    });

    test("a shutdown of the server reaches the client", async () => {
      const { server, url } = await gameServer();
      server.on("handshakecomplete", () => void server.shutdown());
      expect(await page().call(place, "session", { url })).toMatchObject({
        reason: "servershutdown",
        clean: true,
      });
    });

    test("a packet that is too long for the client is refused, and both know why", async () => {
      const { server, url, closed } = await gameServer();
      server.on("handshakecomplete", (client) => {
        client.sendMessage(Numbered, { n: 1, more: "\u{1f600}".repeat(3000) });
      });
      const cfg = { "net.limits.packetlength": 5000, "net.compress.enabled": false };
      server.cfg.set("net.compress.enabled", false);
      const result = await page().call(place, "session", { url, cfg });
      expect(result).toMatchObject({ received: [], reason: "packettoolong" });
      expect(await closed).toMatchObject({ reason: "packettoolong" });
    });

    test("a packet that is too long for the server is refused, and both know why", async () => {
      const { url, received, closed } = await gameServer({ "net.limits.packetlength": 5000 });
      const cfg = { "net.compress.enabled": false };
      const result = await page().call(place, "session", { url, cfg, send: 1, letters: 6000 });
      expect(await closed).toMatchObject({ reason: "packettoolong" });
      expect(result).toMatchObject({ reason: "packettoolong" });
      expect(received).toEqual([]);
    });

    test("a server that is full lets nobody in; a browser does not tell the page why", async () => {
      const { server, url } = await gameServer({ "net.limits.connections": 1 });
      const first = page().call("page", "session", { url });
      await new Promise<void>((resolve) => server.on("handshakecomplete", () => resolve()));
      const second = await page().call(place, "session", { url });
      expect(second.failure?.code).toBe("P3D_ERR_WEBSOCKET_CONNECT");
      await server.shutdown();
      expect(await first).toMatchObject({ reason: "servershutdown" });
    });

    test("a server that lets nobody in tells the client why", async () => {
      const { server, url } = await gameServer();
      await server.drain();
      expect((await page().call(place, "session", { url })).failure).toMatchObject({
        code: "P3D_ERR_CONNECTION_CLOSED",
        message: expect.stringContaining("serverdraining"),
      });
    });

    test("a ticker makes its steps, and ends with the connection", async () => {
      const { url, received, closed } = await gameServer();
      expect(await page().call(place, "ticks", { url, hz: 100, steps: 30 })).toBe(true);
      expect(await closed).toMatchObject({ reason: "enough", clean: true });
      expect(received).toEqual(numbersUpTo(30));
    });

    test("a page of another origin is not let in, unless it is listed", async () => {
      const { url } = await gameServer({}, { origins: [] });
      const { failure } = await page().call(place, "session", { url });
      expect(failure).toMatchObject({
        code: "P3D_ERR_WEBSOCKET_CONNECT",
        message: expect.stringContaining("origin"),
      });
      const { origin } = await page().call(place, "describeSurroundings", undefined);
      const listed = await gameServer({}, { origins: [origin] });
      expect(await page().call(place, "session", { url: listed.url, close: "bye" })).toMatchObject({
        reason: "bye",
        clean: true,
      });
    });

    test.each([
      ["a text message", [SUBPROTOCOL], ["hello"], 1003],
      ["bytes that are no packet", [SUBPROTOCOL], [[255, 255, 255, 255, 0, 0, 0, 0, 0, 0]], 4000],
    ])("%s: the WebSocket is closed with a code and a reason", async (_what, protocols, messages, code) => {
      // A WebSocket by hand does not end its stream: the server does not wait for that for long.
      const { url } = await gameServer({ "net.timeout.close": 0.1 });
      const result = await page().call(place, "raw", { url, protocols, messages });
      expect(result).toMatchObject({ opened: true, protocol: SUBPROTOCOL, code });
      expect(result.reason).not.toBe("");
    });

    test.each([[[]], [["chat"]]])("no WebSocket is opened for the subprotocols %j", async (protocols) => {
      const { url } = await gameServer();
      expect(await page().call(place, "raw", { url, protocols, messages: [] })).toMatchObject({
        opened: false,
      });
    });

    test("payloads have the form of their packet on both sides", async () => {
      const { server, url, closed } = await gameServer();
      server.on(Move, ({ x, who }, { client }) => {
        expect(who).toBe("ada");
        client.sendMessage(Moved, { x: x + 1 });
        if (x === 3) void client.close("done");
      });
      const order = { url, x: [1, "2", 3], validateSent: true };
      expect(await page().call(place, "move", order)).toEqual({
        thrown: "P3D_ERR_INVALID_PAYLOAD",
        moved: [2, 4],
        reason: "done",
      });
      expect(await closed).toMatchObject({ reason: "done" });
    });

    test("a payload of another form does not get past the server's door", async () => {
      const { server, url } = await gameServer({}, {}, { logger: silentLogger });
      const moves: number[] = [];
      server.on(Move, ({ x }, { client }) => {
        moves.push(x);
        if (x === 3) void client.close("done");
      });
      const result = await page().call(place, "move", { url, x: [1, "2", 3], validateSent: false });
      expect(result).toMatchObject({ thrown: undefined, reason: "done" });
      expect(moves).toEqual([1, 3]);
      expect(server.metrics.rejectedBy).toMatchObject({ invalidpayload: 1 });
    });

    test("over wss, both know that it is encrypted, and the client that the browser knows the server", async () => {
      const tls = { cert: certPem("server"), key: keyPem("server") };
      const { server, url } = await gameServer({}, { tls });
      const levels: number[] = [];
      server.on("handshakecomplete", (client) => levels.push(client.sslSeclevel));
      const result = await page().call(place, "session", { url, close: "bye" });
      expect(result).toMatchObject({ reason: "bye", clean: true, sslSeclevel: SSLSEC_SERVERAUTH });
      expect(levels).toEqual([SSLSEC_ENCRYPTED]);
    });

    test("a connection that breaks is closed with an error", async () => {
      const http = createServer();
      const sockets: Socket[] = [];
      http.on("connection", (socket: Socket) => sockets.push(socket));
      onCleanup(() => http.close());
      await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
      const { server, url } = await gameServer({}, { server: http });
      server.on("handshakecomplete", () => {
        for (const socket of sockets) socket.destroy();
      });
      expect(await page().call(place, "session", { url })).toMatchObject({
        clean: false,
        error: "P3D_ERR_CONNECTION_LOST",
      });
    });
  });
});
