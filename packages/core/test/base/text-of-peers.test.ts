// What a peer writes never stands raw in an error, a log or a print, and takes no more room than is stated.

import { inspect } from "node:util";
import {
  Client,
  type CloseInfo,
  definePacket,
  InvalidPayloadError,
  type Logger,
  Server,
  type StandardSchemaV1,
} from "@peng3dnet/core";
import { TestNetwork } from "@peng3dnet/core/testing";
import { track } from "../support/cleanup.js";
import { deferred, echo, LOCAL, next, startServer } from "../support/peers.js";
import { RawPeer, rawServer } from "../support/raw-peer.js";
import { sessionOf } from "../support/session.js";
import { closeconn, handshake, hello, packet, settype } from "../support/wire.js";

/** Clears a screen, turns text around, forges a line, hides. Lone surrogates are refused with the body. */
const NASTY = '\u001b[2J\u009b2J\u202egnp\u2066\u2028\r\nforged: line\u0007\u007f\u200b\u{e0041}\ue000" \\';
const RAW = /[\p{C}\p{Zl}\p{Zp}]/u;

function recorder(): { readonly lines: string[]; readonly logger: Logger } {
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  return { lines, logger: { debug: note, info: note, warn: note, error: note } };
}

/** Messages of an error and of those that led to it. */
function messages(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...messages(error.cause)] : [];
}

/** A schema whose issues quote what they got, as those of many libraries do. */
const quoting: StandardSchemaV1<unknown, unknown> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => ({
      issues: Array.from({ length: 1000 }, () => ({
        message: `not ${String(value)}`,
        path: ["key", String(value)],
      })),
    }),
  },
};

describe("a server", () => {
  const printed = {
    "net.debug.print.recv": true,
    "net.debug.print.connect": true,
    "net.debug.print.close": true,
  };

  test.each([
    ["its connection type", settype(NASTY)],
    ["a long connection type", settype(NASTY.repeat(50))],
    ["the first bytes", Buffer.from("\r\n\r\n")],
    ["its closing reason", closeconn(NASTY)],
    ["a long closing reason", closeconn(NASTY.repeat(50))],
  ])("before the handshake: %s", async (_name, bytes) => {
    const { lines, logger } = recorder();
    const server = await startServer({ cfg: printed, print: (line) => void lines.push(line), logger });
    const closed = next(server, "close");
    const peer = await RawPeer.connect(server.addr);
    await peer.packet();
    peer.write(bytes);
    peer.end();
    const [, { error, reason }] = await closed;
    expect(lines.length).toBeGreaterThan(1);
    for (const text of [...lines, ...messages(error)]) {
      expect(text).not.toMatch(RAW);
      expect(text.length).toBeLessThan(2000);
    }
    expect(Buffer.byteLength(reason ?? "")).toBeLessThanOrEqual(256);
  });

  test("payloads: each is printed on one line of bounded length", async () => {
    const lines: string[] = [];
    const server = await startServer({ cfg: printed, print: (line) => void lines.push(line) });
    const peer = await RawPeer.activeClient(server.addr);
    const payloads = [
      NASTY,
      { [NASTY]: NASTY },
      [NASTY, { deep: [[[NASTY]]] }],
      "x".repeat(500_000),
      Object.fromEntries(
        Array.from({ length: 5000 }, (_, n) => [`${n}`, `a value on a line of its own ${n}`]),
      ),
    ];
    for (const payload of payloads) {
      peer.write(packet(64, payload));
      await peer.packet();
    }
    const received = lines.filter((line) => line.startsWith("recv"));
    expect(received).toHaveLength(payloads.length);
    for (const line of received) {
      expect(line).not.toMatch(RAW);
      expect(line.length).toBeLessThan(100_000);
    }
    expect([...(received[3] as string)].length).toBeLessThanOrEqual(10_001);
    expect(received[0]).toContain("\\u001b[2J\\u009b2J\\u202egnp");
  });

  test("payloads that do not fit: issues are escaped and bounded, in the error, the event and the log", async () => {
    const { lines, logger } = recorder();
    const Checked = definePacket({ name: "test:checked", schema: quoting, invalidAction: "close" });
    const server = await startServer({ logger, packets: [Checked] }, () => {});
    const closed = next(server, "close");
    const peer = await RawPeer.activeClient(server.addr);
    peer.write(packet(64, NASTY.repeat(100)));
    peer.end();
    const [, { error }] = await closed;
    expect(error).toBeInstanceOf(InvalidPayloadError);
    expect((error as InvalidPayloadError).issues).toHaveLength(20);
    expect(error?.message.length).toBeLessThan(100_000);
    expect(error?.message).toContain("and 980 more");
    expect([...messages(error), ...lines].join("")).not.toMatch(RAW);
    expect(inspect(error).replaceAll("\n", "")).not.toMatch(RAW);
  });

  test("handlers that throw it: the log has one line for it, and its frames", async () => {
    const { lines, logger } = recorder();
    const server = track(new Server({ addr: LOCAL, logger }));
    const Note = definePacket({ name: "test:note" });
    server.on(Note, (msg) => {
      throw new Error(String(msg));
    });
    await server.start();
    const peer = await RawPeer.activeClient(server.addr);
    for (let n = 0; n < 12; n++) peer.write(packet(64, `${NASTY}\n    at forged (file.js:1:1) ${n}`));
    while (lines.length < 2) await new Promise((turn) => setImmediate(turn));
    expect(lines).toHaveLength(2);
    const [head, ...frames] = (lines[0] as string).split("\n");
    expect(head).toContain("\\n    at forged");
    expect(frames.every((frame) => /^ +at /.test(frame))).toBe(true);
    expect(lines[1]).toMatch(/^test:note: .* \(happened 10 times so far\)$/);
    for (const text of [head, ...frames, lines[1]]) expect(text).not.toMatch(RAW);
  });
});

describe("a client", () => {
  const refused = async (...bytes: readonly Uint8Array[]): Promise<unknown> => {
    const raw = await rawServer();
    const client = track(new Client({ addr: raw.addr }));
    echo(client);
    const started = client.start().then(
      () => undefined,
      (error: unknown) => error,
    );
    const server = await raw.accepted();
    server.write(...bytes);
    server.end();
    return started;
  };

  test.each([
    ["the version of a hello", [packet(1, { version: NASTY, protoversion: NASTY })]],
    ["a name without an id", [hello(), handshake({ [NASTY]: "no id" })]],
    ["names that differ", [hello(), handshake({ [NASTY]: 64, [`${NASTY}2`]: 65 })]],
    ["a name with a fixed id", [hello(), handshake({ [NASTY]: 7 })]],
    ["a closing reason", [hello(), closeconn(NASTY)]],
    ["a closing reason of a megabyte", [hello(), closeconn(NASTY.repeat(20_000))]],
  ])("%s", async (_name, bytes) => {
    const error = await refused(...bytes);
    expect(error).toBeInstanceOf(Error);
    for (const text of messages(error)) {
      expect(text).not.toMatch(RAW);
      expect(text.length).toBeLessThan(5000);
    }
  });
});

describe("a closing reason", () => {
  test("is cut to 256 bytes of UTF-8, whole characters, on either side", async () => {
    const net = new TestNetwork();
    const server = net.server();
    const client = net.client();
    net.connect(client, server);
    const closed = deferred<CloseInfo>();
    server.on("close", (_client, info) => closed.resolve(info));
    await client.waitForConnection();
    await client.close(`a${"é".repeat(300)}`);
    expect((await closed.promise).reason).toBe(`a${"é".repeat(127)}`);
  });

  test("that fits is left as it is", async () => {
    const net = new TestNetwork();
    const server = net.server();
    const client = net.client();
    net.connect(client, server);
    await client.waitForConnection();
    const [remote] = server.clients.values();
    void remote?.close("é".repeat(128));
    expect((await client.waitForClose()).reason).toBe("é".repeat(128));
    expect(() => client.sendMessage("any", 1)).toThrow(`(${"é".repeat(128)})`);
  });
});

describe("metrics.rejectedBy", () => {
  test("has no key that a peer chose, whatever its reason and its end", async () => {
    const server = await startServer({
      cfg: { "net.limits.pending": 10, "net.limits.pending.address": 1000 },
    });
    const peers: RawPeer[] = [];
    for (let n = 0; n < 1000; n++) {
      const peer = await RawPeer.connect(server.addr);
      await peer.packet();
      // It stays until it is evicted.
      peer.write(closeconn(n % 2 === 0 ? `reason ${n}` : "baddata"));
      peers.push(peer);
    }
    const evicted = 1000 - server.clients.size;
    expect(evicted).toBeGreaterThan(900);
    expect(server.metrics.rejectedBy).toEqual({ serverfull: expect.any(Number) as number });
    for (const peer of peers) peer.socket.destroy();
    while (server.clients.size > 0) await new Promise((turn) => setImmediate(turn));
    expect(Object.keys(server.metrics.rejectedBy)).toEqual(["serverfull"]);
    expect(server.metrics.packetsIn).toBe(1000);
  });

  test("counts an application's own errors as other", async () => {
    const net = new TestNetwork();
    const server = net.server();
    const client = net.client();
    net.connect(client, server);
    await client.waitForConnection();
    const [remote] = server.clients.values();
    class Own extends InvalidPayloadError {
      override readonly closeReason = "ownreason" as "invalidpayload";
    }
    sessionOf(remote?.conn).fail(new Own("test:own", []), "test");
    expect((await client.waitForClose()).reason).toBe("ownreason");
    await net.settle();
    expect(server.metrics.rejectedBy).toEqual({ other: 1 });
  });
});

describe("without a logger and a handlerError listener", () => {
  test("the first error of each place is warned of, of 20 places", async () => {
    const seen: string[] = [];
    const spy = jest
      .spyOn(process, "emitWarning")
      .mockImplementation((warning) => void seen.push(String(warning)));
    const net = new TestNetwork();
    const server = net.server();
    const packets = Array.from({ length: 30 }, (_, n) => definePacket({ name: `test:p${n}` }));
    const client = net.client({ packets });
    for (const one of packets) {
      server.on(one, () => {
        throw new Error(one.name);
      });
    }
    net.connect(client, server);
    await client.waitForConnection();
    for (let round = 0; round < 3; round++) for (const one of packets) client.sendMessage(one, round);
    await net.settle();
    spy.mockRestore();
    expect(seen).toHaveLength(20);
    expect(seen[0]).toMatch(/^a handler failed in test:p0: Error: test:p0\n +at /);
    expect(seen[19]).toContain("a handler failed in test:p19");
  });
});
