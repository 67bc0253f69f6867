// What a client tells where no connection comes about, and what it connects to.

import { readFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import {
  Client,
  type ClientOptions,
  ConfigError,
  definePacket,
  InvalidAddressError,
  InvalidStateError,
  payload,
  SSLSEC_ENCRYPTED,
  SSLSEC_NONE,
  SSLSEC_SERVERAUTH,
  TimedOutError,
  TlsConfigError,
  UnsupportedAddressError,
  type WebSocketClass,
  WebSocketConnectError,
  WebSocketSubprotocolError,
  WebSocketTransport,
  webSocketConnector,
} from "@peng3dnet/browser";
import { Server } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/peer/testing";
import { serveWebSocket } from "@peng3dnet/websocket";
import { WebSocket } from "ws";
import { certPem, keyPem } from "../../../core/test/support/certificates.js";
import { CLASSES, WS } from "../support/classes.js";
import { onCleanup, track } from "../support/cleanup.js";
import { listenForTest } from "../support/listening.js";

/** What an error lists where the cause is not known. */
const GUESSES =
  /running.*reachable.*full.*certificate.*origin.*subprotocol peng3dnet\.2.*option bridge.*https.*connect-src/;

/** What `start` of a client rejects with. */
async function refusal(options: ClientOptions): Promise<Error> {
  const client = track(new Client({ WebSocket: WS, ...options }));
  try {
    await client.start();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it connected");
}

/** A port that nothing listens on. */
async function closedPort(): Promise<number> {
  const { port, close } = await listenForTest(() => {});
  await close();
  return port;
}

test.each(CLASSES)(
  "where nothing listens, the error says what is the matter, or can be ($name)",
  async ({ type }) => {
    const error = await refusal({
      addr: `ws://127.0.0.1:${await closedPort()}/play?token=secret`,
      WebSocket: type,
    });
    expect(error).toBeInstanceOf(WebSocketConnectError);
    expect(error).toMatchObject({ code: "P3D_ERR_WEBSOCKET_CONNECT" });
    if (type === WS) {
      expect(error.message).toMatch(/ECONNREFUSED.*; nothing listens there; start the server/);
      expect(error.message).not.toContain("certificate");
    } else expect(error.message).toMatch(GUESSES);
    expect(error.message).toContain("/play");
    expect(error.message).not.toContain("secret");
  },
);

test.each([
  ["wss:", false, "wrong version number; there is no TLS on this port; begin the address with ws://"],
  ["ws:", true, "if the server has TLS, begin the address with wss://"],
])("%s is told where the server has the other one, and at once", async (scheme, secure, message) => {
  const server = track(new Server());
  const drops: string[] = [];
  server.on("drop", ({ reason }) => drops.push(reason));
  const tls = secure && { cert: certPem("server"), key: keyPem("server") };
  const { address } = await serveWebSocket(server, { port: 0, host: "127.0.0.1", tls });
  const error = await refusal({ addr: `${scheme}//127.0.0.1:${address[1]}/` });
  expect(error).toBeInstanceOf(WebSocketConnectError);
  expect(error.message).toContain(message);
  expect(drops).toEqual([secure ? "tlsplainpeer" : "badupgrade"]);
});

test("a port of TCP is told from one of WebSockets", async () => {
  const server = track(new Server({ addr: "127.0.0.1:0" }));
  await server.start();
  const { message } = await refusal({ addr: `ws://127.0.0.1:${server.addr[1]}/` });
  expect(message).toContain("; what answers there is no HTTP; correct the port");
});

test("as a browser's, a class that tells no cause leads to all that can be the matter", async () => {
  class Silent extends WebSocket {
    override addEventListener(...args: unknown[]): void {
      const [type, listener] = args as [string, (event: object) => void];
      this.on(type, () => listener({ code: 1006, reason: "", wasClean: false }));
    }
  }
  const addr = `ws://127.0.0.1:${await closedPort()}/`;
  const error = await refusal({ addr, WebSocket: Silent as unknown as WebSocketClass });
  expect(error.message).toMatch(GUESSES);
  // The page of the docs lists the same.
  const docs = readFileSync(join(__dirname, "../../../../docs/guides/browsers.md"), "utf8");
  for (const word of ["full", "certificate", "origin", "subprotocol", "`bridge`", "https", "connect-src"])
    expect([word, docs.includes(word), error.message.includes(word.replaceAll("`", ""))]).toEqual([
      word,
      true,
      true,
    ]);
});

test("as Node's from 24 on, a class that tells of an error without a text leads there, too", async () => {
  const cause = new TypeError();
  class Textless extends WebSocket {
    override addEventListener(...args: unknown[]): void {
      const [type, listener] = args as [string, (event: object) => void];
      this.on(type, () => listener({ message: "", error: cause, code: 1006, reason: "" }));
    }
  }
  const addr = `ws://127.0.0.1:${await closedPort()}/`;
  const error = await refusal({ addr, WebSocket: Textless as unknown as WebSocketClass });
  expect(error.message).toMatch(/^cannot open ws:[^;]*\/; the server may not be running/);
  expect(error.cause).toBe(cause);
});

test("as Node's 22, a class that ends what it tells with a full stop leads to one line all the same", async () => {
  const cause = new Error("Received network error or non-101 status code.");
  class Sentence extends WebSocket {
    override addEventListener(...args: unknown[]): void {
      const [type, listener] = args as [string, (event: object) => void];
      this.on(type, () => listener({ message: cause.message, error: cause, code: 1006, reason: "" }));
    }
  }
  const addr = `ws://127.0.0.1:${await closedPort()}/`;
  const error = await refusal({ addr, WebSocket: Sentence as unknown as WebSocketClass });
  expect(error.message).toMatch(
    /^cannot open ws:[^;]*\/: Received network error or non-101 status code; the server may not be running/,
  );
  expect(error.cause).toBe(cause);
});

test.each(CLASSES)("where nothing listens, no error's name stands for a text ($name)", async ({ type }) => {
  const addr = `ws://127.0.0.1:${await closedPort()}/`;
  expect((await refusal({ addr, WebSocket: type })).message).not.toContain("Error");
});

test.each([
  [401, /^cannot open ws:[^:]*:\d+\/: Unexpected server response: 401$/],
  [403, /response: 403; the server does not admit it; its option origins/],
  [404, /response: 404; there is no WebSocket at this path/],
  [503, /response: 503; the server is full/],
])(
  "where the runtime tells what a server answered, the error says what that means: %d",
  async (status, message) => {
    const { url } = await listenForTest(() => {}, {
      verifyClient: (_info: unknown, answer: (admitted: boolean, code: number) => void) =>
        answer(false, status),
    });
    expect((await refusal({ addr: url })).message).toMatch(message);
  },
);

test("a WebSocket in the place of a class is refused at once", () => {
  const made = new WebSocket("ws://127.0.0.1:9/");
  made.on("error", () => {});
  const WebSocketOption = made as unknown as WebSocketClass;
  expect(() => new Client({ addr: "ws://127.0.0.1:9/", WebSocket: WebSocketOption })).toThrow(
    "handed in as addr",
  );
});

test.each(CLASSES)("a server without the subprotocol is no peng3dnet server ($name)", async ({ type }) => {
  const { url } = await listenForTest(() => {}, { handleProtocols: () => false });
  expect((await refusal({ addr: url, WebSocket: type })).message).toContain("subprotocol peng3dnet.2");
});

test("a WebSocket that was opened without the subprotocol is refused", async () => {
  const { url } = await listenForTest(() => {}, { handleProtocols: () => false });
  const error = await refusal({ addr: new WebSocket(url) });
  expect(error).toBeInstanceOf(WebSocketSubprotocolError);
  expect(error.message).toContain("option bridge");
});

test("a server that does not answer is given up after net.timeout.handshake", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  onCleanup(() => void silent.close());
  const { port } = silent.address() as { port: number };
  const clock = new ManualClock();
  const connecting = refusal({ addr: `ws://127.0.0.1:${port}/`, clock });
  clock.advance(600);
  const error = await connecting;
  expect(error).toBeInstanceOf(TimedOutError);
  expect(error.message).toContain("net.timeout.handshake");
});

test("an attempt that is given up opens nothing", async () => {
  let connections = 0;
  const { url } = await listenForTest(() => void connections++);
  const client = new Client({ addr: url, WebSocket: WS });
  const starting = client.start();
  client.stop();
  await expect(starting).rejects.toThrow("aborted");
  expect(await client.waitForClose()).toMatchObject({ reason: "socketclose" });
  expect(connections).toBe(0);
});

test("addresses are URLs of WebSockets", () => {
  const addressOf = (addr: string | URL) => new Client({ addr, WebSocket: WS }).addr;
  expect(addressOf("wss://game.example/play")).toEqual(["game.example", 443]);
  expect(addressOf("ws://game.example")).toEqual(["game.example", 80]);
  expect(addressOf("https://game.example:8443/#part")).toEqual(["game.example", 8443]);
  expect(addressOf(new URL("http://[::1]:9/"))).toEqual(["::1", 9]);
  expect(() => addressOf("/play")).toThrow(InvalidAddressError);
  expect(() => addressOf("localhost:8080")).toThrow(UnsupportedAddressError);
  expect(() => addressOf("ftp://game.example")).toThrow("begin it with wss:// or ws://");
});

test("without an address, the error names the option", async () => {
  for (const cfg of [{}, { "net.client.addr": "127.0.0.1:9" }]) {
    const error = await refusal({ cfg });
    expect(error).toBeInstanceOf(InvalidStateError);
    expect(error.message).toContain("option addr");
  }
});

test.each([[["game.example", 8080]], [{ host: "game.example", port: 8080 }], [null], [7]])(
  "%j is no address of a WebSocket",
  (addr) => {
    const make = (): unknown => new Client({ addr: addr as never, WebSocket: WS });
    expect(make).toThrow(InvalidAddressError);
    expect(make).toThrow('a URL such as "wss://');
  },
);

test("a server that refuses a text message says so once", async () => {
  const server = track(new Server({ addr: "127.0.0.1:0" }));
  await server.start();
  const { address } = await serveWebSocket(server, { port: 0 });
  const socket = new WebSocket(`ws://${address.join(":")}/`, "peng3dnet.2");
  const client = track(new Client({ addr: socket }));
  await client.start();
  socket.send("text");
  const { error } = await client.waitForClose();
  expect(error?.message.split("a text message came")).toHaveLength(2);
  expect(error?.message).toContain("1003");
});

test("what closes with 1002 is told as it is, and not as one of the reasons for that", async () => {
  const { url } = await listenForTest((socket) => socket.close(1002, "a reserved bit is set"));
  const client = track(new Client({ addr: url, WebSocket: WS }));
  await client.start().catch(() => {});
  const { error } = await client.waitForClose();
  expect(error?.message).toContain(
    "1002 (what came broke a rule of WebSocket or of the protocol), a reserved bit",
  );
});

test("in a page or worker, an address may be a path of its own server", () => {
  Object.defineProperty(globalThis, "location", {
    value: { href: "https://game.example/at/all" },
    configurable: true,
  });
  try {
    const make = (addr: string) => new Client({ addr, WebSocket: WS });
    expect(make("/play").addr).toEqual(["game.example", 443]);
    expect(make("1.2.3.4/5:6").addr).toEqual(["game.example", 443]);
    // What a client over TCP takes would be a path here.
    for (const addr of ["127.0.0.1:8080", "127.0.0.1:8080/play", "[::1]:8080", "127.0.0.1:8080?a"]) {
      expect(() => make(addr)).toThrow(UnsupportedAddressError);
      expect(() => make(addr)).toThrow("begin it with wss:// or ws://");
    }
  } finally {
    Reflect.deleteProperty(globalThis, "location");
  }
});

test("without a WebSocket, the error names the option", async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  Reflect.deleteProperty(globalThis, "WebSocket");
  try {
    const error = await refusal({ addr: "ws://127.0.0.1:9/", WebSocket: undefined });
    expect(error).toBeInstanceOf(InvalidStateError);
    expect(error.message).toContain("the option WebSocket");
  } finally {
    if (own !== undefined) Object.defineProperty(globalThis, "WebSocket", own);
  }
});

test("a WebSocket that cannot be made is a failure to connect, with its cause", async () => {
  const cause = new Error("insecure");
  class Refusing extends WebSocket {
    constructor() {
      super("ws://127.0.0.1:9/", { autoPong: false });
      this.on("error", () => {});
      this.terminate();
      throw cause;
    }
  }
  const error = await refusal({ addr: "ws://127.0.0.1:9/", WebSocket: Refusing });
  expect(error).toBeInstanceOf(WebSocketConnectError);
  expect(error.cause).toBe(cause);
});

test("with net.ssl.enabled, nothing is sent that is not encrypted", async () => {
  const error = await refusal({ addr: "ws://127.0.0.1:9/", cfg: { "net.ssl.enabled": true } });
  expect(error).toBeInstanceOf(TlsConfigError);
  expect(error.message).toContain("wss://");
});

test("a bridge that is neither true nor false is refused at once", () => {
  expect(() => new Client({ addr: "ws://127.0.0.1:9/", WebSocket: WS, bridge: "yes" as never })).toThrow(
    expect.objectContaining({ code: "P3D_ERR_CONFIG", key: "bridge" }),
  );
});

test.each([[-1], [Number.NaN], ["16 MiB"], [null]])("maxHeld %p is refused at once", (maxHeld) => {
  const options = { addr: "ws://127.0.0.1:9/", maxHeld: maxHeld as number };
  expect(() => new Client({ ...options, WebSocket: WS })).toThrow(ConfigError);
  expect(() => new Client({ ...options, WebSocket: WS })).toThrow('option "maxHeld"');
  const socket = new WebSocket("ws://127.0.0.1:9/");
  socket.on("error", () => {});
  expect(() => new WebSocketTransport(socket, options)).toThrow(ConfigError);
});

test.each<[string, ClientOptions]>([
  ["WebSocket", { WebSocket: WS }],
  ["bridge", { bridge: true }],
  ["maxHeld", { maxHeld: 1000 }],
])("%s beside a connector of one's own is refused at once", (key, options) => {
  const connector = webSocketConnector("ws://127.0.0.1:9/", options);
  expect(new Client({ connector, addr: connector.address }).addr).toEqual(["127.0.0.1", 9]);
  const make = (): unknown => new Client({ connector, ...options });
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(`option "${key}"`);
});

describe("a WebSocket that was handed in is closed where connecting is refused", () => {
  async function handedIn(): Promise<{ socket: WebSocket; closed: Promise<unknown> }> {
    let came: (socket: WebSocket) => void = () => {};
    const accepted = new Promise<WebSocket>((resolve) => {
      came = resolve;
    });
    const { url } = await listenForTest((socket) => came(socket));
    const socket = new WebSocket(url, "peng3dnet.2");
    const end = await accepted;
    return { socket, closed: new Promise((resolve) => end.once("close", resolve)) };
  }

  test("since it is not encrypted", async () => {
    const { socket, closed } = await handedIn();
    const error = await refusal({ addr: socket, cfg: { "net.ssl.enabled": true } });
    expect(error).toBeInstanceOf(TlsConfigError);
    await closed;
  });

  test("since it is given up", async () => {
    const { socket, closed } = await handedIn();
    const abort = new AbortController();
    abort.abort();
    const connecting = webSocketConnector(socket).connect({
      address: ["", 0],
      cfg: new Client().cfg,
      clock: new ManualClock(),
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      timeout: 10,
      signal: abort.signal,
      established: () => {},
    });
    await expect(connecting).rejects.toThrow("aborted");
    await closed;
  });
});

describe("over TLS", () => {
  const Secret = definePacket({ name: "test:secret", schema: payload<string>() });

  async function serveTls(): Promise<string> {
    const server = track(new Server({ packets: [Secret] }));
    server.initialize();
    server.processAsync();
    const https = createHttpsServer({ cert: certPem("server"), key: keyPem("server") });
    const { port } = await listenForTest(
      (socket) => server.accept(new WebSocketTransport(socket)),
      {},
      https,
    );
    return `wss://localhost:${port}/`;
  }

  class Trusting extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols, { ca: certPem("ca") });
    }
  }

  test("the server is authenticated by the class that connects", async () => {
    const client = track(new Client({ addr: await serveTls(), WebSocket: Trusting, packets: [Secret] }));
    await client.start();
    expect(client.sslSeclevel).toBe(SSLSEC_SERVERAUTH);
    await client.close();
  });

  test("of a WebSocket made elsewhere by another class, only the encryption is known", async () => {
    const socket = new Trusting(await serveTls(), "peng3dnet.2");
    const client = track(new Client({ addr: socket, packets: [Secret] }));
    expect(client.sslSeclevel).toBe(SSLSEC_NONE);
    await client.start();
    expect(client.sslSeclevel).toBe(SSLSEC_ENCRYPTED);
    await client.close();
  });

  test("a certificate that is not trusted is a failure to connect", async () => {
    const { message } = await refusal({ addr: await serveTls() });
    expect(message).toContain("certificate");
    expect(message).not.toContain("origin");
  });

  test("what OpenSSL tells is told in one line, without its sources", async () => {
    const addr = (await serveTls()).replace("wss:", "ws:");
    const https = addr.replace("ws:", "wss:");
    class Old extends WebSocket {
      constructor(url: string, protocols?: string | string[]) {
        super(url, protocols, { maxVersion: "TLSv1.1", minVersion: "TLSv1", ca: certPem("ca") });
      }
    }
    const { message } = await refusal({ addr: https, WebSocket: Old });
    expect(message).not.toMatch(/\\n|\.c:/);
    expect(message).toMatch(/^cannot open wss:\/\/localhost:\d+\/: [a-z ]/);
  });
});
