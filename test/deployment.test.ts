// What docs/guides/deployment.md and docs/guides/proxies.md say, done: its program, as it stands there, behind nginx with the
// configurations of these pages. Only addresses, ports and the places of files are others.

import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type ConnectionClosedError, definePacket, payload, SSLSEC_ENCRYPTED } from "@peng3dnet/core";
import { pingServer } from "@peng3dnet/ping";
import { transformSync } from "esbuild";
import { bareTls, certFile, clientTls, keyFile } from "../packages/core/test/support/certificates.js";
import { onCleanup, track } from "../packages/core/test/support/cleanup.js";
import { ClientTransport } from "../packages/websocket/test/support/client-transport.js";
import {
  addressOf,
  type DialOptions,
  listening,
  refusal,
  request,
} from "../packages/websocket/test/support/http.js";
import { root } from "./support/markdown.js";
import { describeWithNginx, httpBlock, Nginx, STREAM_MODULE } from "./support/nginx.js";

const pages = ["deployment.md", "proxies.md"]
  .map((page) => readFileSync(join(root, "docs", "guides", page), "utf8"))
  .join("\n");
const Say = definePacket({ name: "chat:say", schema: payload<string>() });

/** A block of the pages: the first one in a language that has these words. */
function block(language: string, words: string): string {
  const blocks = [...pages.matchAll(/^```(\w+).*\n((?:.*\n)*?)```$/gm)];
  const found = blocks.find(([, kind, text = ""]) => kind === language && text.includes(words))?.[2];
  if (found === undefined) throw new Error(`the pages have no block of ${language} with ${words}`);
  return found;
}

/** Puts others in the place of words, each of which has to be there. */
function replaced(text: string, words: Readonly<Record<string, string>>): string {
  return Object.entries(words).reduce((all, [word, other]) => {
    if (!all.includes(word)) throw new Error(`the pages do not say ${word} any more`);
    return all.replaceAll(word, other);
  }, text);
}

function folder(parent: string): string {
  const path = mkdtempSync(join(parent, "deployment-"));
  chmodSync(path, 0o755); // nginx's workers may be another user
  onCleanup(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const certificate = () => ({
  "/etc/game/cert.pem": certFile("server"),
  "/etc/game/key.pem": keyFile("server"),
});

interface Running {
  readonly tcp: number;
  readonly web: number;
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
}

/**
 * Runs the program of the page, which also tells its ports, and each client how it sees it.
 *
 * @param port - where it listens for TCP; 0: anywhere.
 * @param others - what else is to be other words.
 */
async function run(port = 0, others: Readonly<Record<string, string>> = {}): Promise<Running> {
  const program = replaced(block("ts", "serveWebSocket"), {
    ...certificate(),
    ...others,
    "0.0.0.0:8080": `127.0.0.1:${port}`,
    "await serveWebSocket": "const ways = await serveWebSocket",
    "port: 8081": "port: 0",
  });
  const more = `
    server.on(Say, (text, { client }) => {
      client.sendMessage(Say, [text, client.addr[0], client.conn?.sslSeclevel].join(" "));
    });
    process.send?.({ tcp: server.addr[1], web: ways.address[1] });`;
  mkdirSync(join(root, ".docs-code"), { recursive: true });
  const file = join(folder(join(root, ".docs-code")), "server.mjs");
  writeFileSync(file, transformSync(program + more, { loader: "ts", target: "es2022" }).code);
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  onCleanup(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const ports = await new Promise<{ readonly tcp: number; readonly web: number }>((resolve, reject) => {
    child.once("message", (message) => resolve(message as { tcp: number; web: number }));
    void ended.then((code) => reject(new Error(`the program has ended with ${code}`)));
  });
  return { ...ports, child, ended };
}

async function startNginx(home: string, config: (port: number) => string): Promise<Nginx> {
  const nginx = await Nginx.start(home, config);
  onCleanup(() => nginx.stop());
  return nginx;
}

const secure = (headers: Record<string, string> = {}): DialOptions => ({
  ...bareTls(),
  scheme: "wss",
  servername: "localhost",
  path: "/play",
  headers,
});

/** A client over WebSocket, by nginx. */
async function play(port: number, headers: Record<string, string> = {}) {
  const client = track(new Client({ packets: [Say] }));
  client.initialize();
  client.processAsync();
  const ws = request(["127.0.0.1", port], secure(headers));
  await new Promise<void>((resolve, reject) => {
    ws.once("error", reject);
    ws.once("open", () => {
      client.attach(new ClientTransport(ws));
      resolve();
    });
  });
  await client.waitForConnection();
  return client;
}

/** Says something, and resolves with what comes back. */
function answer(client: Client<typeof Say>, text: string): Promise<string> {
  return new Promise((resolve) => {
    const heard = (said: string) => {
      client.off(Say, heard);
      resolve(said);
    };
    client.on(Say, heard);
    client.sendMessage(Say, text);
  });
}

interface Downloaded {
  readonly status: number | undefined;
  readonly text: string;
}

function download(url: string, headers: Record<string, string> = {}): Promise<Downloaded> {
  return new Promise((resolve, reject) => {
    get(url, { ...bareTls(), headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
    }).once("error", reject);
  });
}

const ping = (port: number) => pingServer({ addr: ["127.0.0.1", port], cfg: clientTls() });

test("after SIGTERM and another start, clients that reconnect are back", async () => {
  const atOnce = { "drain({ timeout: 60 })": "drain({ timeout: 0 })" }; // the client stays, as one that plays on does
  const old = await run(0, atOnce);
  const reconnect = { delay: 0.05, maxDelay: 0.2 };
  const addr: [string, number] = ["127.0.0.1", old.tcp];
  const client = track(new Client({ addr, packets: [Say], cfg: clientTls(), reconnect }));
  client.on("retry", () => {});
  const told: (string | null)[] = [];
  client.on("lost", ({ reason }) => told.push(reason));
  client.on("close", ({ reason }) => told.push(reason));
  await client.start();
  expect(await answer(client, "hello")).toMatch(/^hello /);

  old.child.kill("SIGTERM");
  expect(await old.ended).toBe(0);
  expect(told).toEqual(["servershutdown"]);
  await run(old.tcp, atOnce);
  await client.waitForConnection();
  expect(await answer(client, "and on")).toMatch(/^and on /);
  expect(told).toEqual(["servershutdown"]);
});

describeWithNginx("pages and WebSockets", () => {
  /** nginx as the page says, and the configuration for another port of the server. */
  async function proxy(web: number) {
    const home = folder(tmpdir());
    writeFileSync(join(home, "index.html"), "the page");
    const config = (to: number) => (port: number) =>
      httpBlock(
        home,
        replaced(block("nginx", "location /play"), {
          ...certificate(),
          "listen 443 ssl": `listen 127.0.0.1:${port} ssl`,
          "/srv/game/public": home,
          "127.0.0.1:8081": `127.0.0.1:${to}`,
        }),
      );
    const nginx = await startNginx(home, config(web));
    return { port: nginx.port, pointTo: (to: number) => nginx.reload(config(to)) };
  }

  test("come from one host, and the server learns who the client is, and that it is encrypted", async () => {
    const { port } = await proxy((await run()).web);
    expect(await download(`https://localhost:${port}/`)).toEqual({ status: 200, text: "the page" });
    const origin = `https://localhost:${port}`;
    const client = await play(port, { origin, host: `localhost:${port}`, "x-forwarded-for": "203.0.113.5" });
    expect(await answer(client, "hello")).toBe(`hello 203.0.113.5 ${SSLSEC_ENCRYPTED}`);
  });

  test("nginx puts the address that it sees behind what the client says of itself", async () => {
    const http = createServer((request, response) => response.end(request.headers["x-forwarded-for"]));
    const { port } = await proxy(addressOf(await listening(http))[1]);
    const headers = { "x-forwarded-for": "203.0.113.5" };
    expect((await download(`https://localhost:${port}/play`, headers)).text).toBe("203.0.113.5, 127.0.0.1");
  });

  test("another host's page does not get in", async () => {
    const { port } = await proxy((await run()).web);
    const headers = { origin: "https://elsewhere.example", host: `localhost:${port}` };
    expect((await refusal(["127.0.0.1", port], secure(headers))).status).toBe(403);
  });

  test("a server is replaced: newcomers get the other one, and those who play stay, until they leave", async () => {
    const old = await run();
    const { port, pointTo } = await proxy(old.web);
    const player = await play(port);

    const next = await run();
    await pointTo(next.web);
    old.child.kill("SIGTERM");
    const newcomer = await play(port);
    expect(await answer(newcomer, "hello")).toMatch(/^hello /);
    expect(await ping(next.tcp)).toMatchObject({ usercount: 1 });

    // The signal takes its time.
    let known = await ping(old.tcp);
    while (!JSON.stringify(known).includes('"draining":true')) known = await ping(old.tcp);
    expect(known).toMatchObject({ usercount: 1, peng3dnet: { draining: true } });
    const late = track(new Client({ addr: ["127.0.0.1", old.tcp], packets: [Say], cfg: clientTls() }));
    const refused = await late.start().catch((error: unknown) => error);
    expect((refused as ConnectionClosedError).reason).toBe("serverdraining");
    expect(await answer(player, "still here")).toMatch(/^still here /);

    await player.close("the match is over");
    expect(await old.ended).toBe(0);
    expect(await answer(newcomer, "and on")).toMatch(/^and on /);
  });
});

describeWithNginx(
  "TCP",
  () => {
    test("TLS goes through to the server, which sees the proxy's address", async () => {
      const { tcp } = await run();
      const stream = (port: number) =>
        replaced(block("nginx", "stream {"), {
          "listen 8090": `listen 127.0.0.1:${port}`,
          "127.0.0.1:8080": `127.0.0.1:${tcp}`,
        });
      const { port } = await startNginx(folder(tmpdir()), (port) => `${STREAM_MODULE}\n${stream(port)}`);
      const client = track(new Client({ addr: ["127.0.0.1", port], packets: [Say], cfg: clientTls() }));
      await client.start();
      expect(await answer(client, "hello")).toBe(`hello 127.0.0.1 ${SSLSEC_ENCRYPTED}`);
      expect(await ping(port)).toMatchObject({ usercount: 1 });
    });
  },
  STREAM_MODULE === undefined,
);
