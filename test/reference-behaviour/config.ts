import { inflateSync } from "node:zlib";
import { decode } from "@msgpack/msgpack";
import { Client, type ConfigOverrides, ConnectionClosedError, Server } from "@peng3dnet/core";
import { track } from "../../packages/core/test/support/cleanup.js";
import { handle, LOCAL, next } from "../../packages/core/test/support/peers.js";
import { packet } from "../../packages/core/test/support/wire.js";
import { type Checks, echoed, enter, FIRST, serve } from "./support.js";

type Kind = "server" | "client";

/** The address that a peer goes by. */
const address = (kind: Kind, values: Readonly<Record<string, unknown>>, addr?: string) => {
  const cfg = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`net.${kind}.addr${name}`, value]),
  ) as ConfigOverrides;
  return (kind === "server" ? new Server({ addr, cfg }) : new Client({ addr, cfg })).addr;
};

function addresses(kind: Kind): Checks {
  const host = kind === "server" ? "0.0.0.0" : "localhost";
  return {
    [`net.${kind}.addr`]: () => {
      expect(address(kind, {})).toEqual([host, 8080]);
      expect(address(kind, { "": "one:1", ".host": "two", ".port": 2 })).toEqual(["one", 1]);
      expect(address(kind, { "": "one", ".port": 2 })).toEqual(["one", 2]);
      expect(address(kind, { "": "one:1" }, "three:3")).toEqual(["three", 3]);
    },
    [`net.${kind}.addr.host`]: () => {
      expect(address(kind, { ".host": "two" })).toEqual(["two", 8080]);
    },
    [`net.${kind}.addr.port`]: () => {
      expect(address(kind, { ".port": 2 })).toEqual([host, 2]);
      expect(address(kind, { ".port": 2 }, "three")).toEqual(["three", 2]);
    },
  };
}

/** What a server sends for a text whose body is so long. */
async function sent(length: number, cfg: ConfigOverrides) {
  const { peer, remote } = await enter(await serve({ cfg }));
  const text = Array.from({ length: length - 3 }, (_, at) => String((at * at) % 7)).join("");
  remote.sendMessage("test:echo", text);
  const { flags, body } = await peer.packet();
  expect(decode(flags === 1 ? inflateSync(body) : body)).toBe(text);
  return { flags, length: body.length };
}

/** What is printed of a connection on which one packet goes each way, and that the server closes. */
async function printed(key: "recv" | "send" | "connect" | "close"): Promise<void> {
  for (const on of [true, false]) {
    const lines: string[] = [];
    const cfg = on ? ({ [`net.debug.print.${key}`]: true } as ConfigOverrides) : {};
    const server = await serve({ cfg, print: (line) => void lines.push(line) });
    const { peer, remote } = await enter(server);
    await echoed(peer, "text");
    peer.end();
    const closed = next(server, "close");
    await remote.close("enough");
    await closed;
    expect(lines.map((line) => line.split(" ").slice(0, 2))).toEqual(on ? [[key, "1"]] : []);
    const shown = { recv: "text", send: "text", connect: "127.0.0.1", close: "enough" };
    for (const line of lines) expect(line).toContain(shown[key]);
  }
}

/** A client, not started, of a server with other packets or another order. */
async function pair(onServer: readonly string[], onClient: readonly string[], cfg: ConfigOverrides) {
  const server = track(new Server({ addr: LOCAL }));
  for (const name of onServer) handle(server, name);
  await server.start();
  const client = track(new Client({ addr: server.addr, cfg }));
  for (const name of onClient) handle(client, name);
  return client;
}

export const config: Checks = {
  ...addresses("server"),
  ...addresses("client"),
  "net.compress.enabled": async () => {
    expect((await sent(20_000, {})).flags).toBe(1);
    const off = { "net.compress.enabled": false };
    expect((await sent(20_000, off)).flags).toBe(0);
    // What comes compressed is understood all the same.
    const { peer } = await enter(await serve({ cfg: off }));
    const { deflateSync } = await import("node:zlib");
    const plain = packet(FIRST, "text");
    const body = deflateSync(plain.subarray(10));
    const bytes = Buffer.concat([plain.subarray(0, 8), Buffer.from([0, 1]), body]);
    bytes.writeUInt32BE(6 + body.length, 0);
    peer.write(bytes);
    expect(decode((await peer.packet()).body)).toBe("text");
  },
  "net.compress.threshold": async () => {
    expect((await sent(8192, {})).flags).toBe(0);
    expect((await sent(8193, {})).flags).toBe(1);
    expect((await sent(1000, { "net.compress.threshold": 999 })).flags).toBe(1);
  },
  "net.compress.level": async () => {
    const lengths: number[] = [];
    for (const level of [0, 1, 9]) {
      lengths.push((await sent(20_000, { "net.compress.level": level })).length);
    }
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
    expect(lengths[0]).toBeGreaterThan(20_000);
    expect(await sent(20_000, {})).toEqual(await sent(20_000, { "net.compress.level": 6 }));
  },
  "net.debug.print.recv": () => printed("recv"),
  "net.debug.print.send": () => printed("send"),
  "net.debug.print.connect": () => printed("connect"),
  "net.debug.print.close": () => printed("close"),
  "net.registry.autosync": async () => {
    for (const [cfg, id] of [
      [{}, 65],
      [{ "net.registry.autosync": false }, 64],
    ] as const) {
      const client = await pair(["a:1", "a:2"], ["a:2", "a:1"], cfg);
      await client.start();
      expect(client.registry.getID("a:2")).toBe(id);
    }
  },
  "net.registry.missingpacketaction": async () => {
    const strict = await pair(["a:1", "a:2"], ["a:1", "a:3"], {});
    const error = await strict.start().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ reason: "packetregmismatch" });
    const lax = await pair(["a:1", "a:2"], ["a:1", "a:3"], { "net.registry.missingpacketaction": "ignore" });
    await lax.start();
    expect(lax.active).toBe(true);
  },
};
