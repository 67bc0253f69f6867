// What Python peers exchange beyond plain data, over sockets: dates, maps with other keys than strings, extension types.

import { Client, type ExtensionCodec, MsgpackCodec } from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { deferred, handle, next, startPair, startServer } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";
import { frame } from "../support/wire.js";

class Place {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

const places: ExtensionCodec = {
  encode: (value) =>
    value instanceof Place ? { type: 7, data: Uint8Array.of(value.x, value.y) } : undefined,
  decode(type, [x = 0, y = 0]) {
    if (type !== 7) throw new RangeError(`no type ${type}`);
    return new Place(x, y);
  },
};

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const ID = 64;

describe.each([
  ["by default", {}],
  ["with another codec", { codec: new MsgpackCodec(512, places) }],
])("%s", (_name, coding) => {
  const options = { ...coding, extensions: places };

  test("they go to a server and come back, compressed ones too", async () => {
    const arrived = deferred<unknown>();
    const server = await startServer(options);
    const client = track(new Client({ addr: server.addr, ...options }));
    handle(client, "test:echo", arrived.resolve);
    await client.start();
    const value = {
      at: new Date(1_795_426_594_123),
      scores: new Map<unknown, unknown>([
        [7, "Ada"],
        [-1, new Place(1, 2)],
        [2n ** 63n, [new Date(-1)]],
        [Uint8Array.of(1, 2), new Map([[1, { a: new Map() }]])],
      ]),
      long: Array.from({ length: 3000 }, (_, index) => new Map([[index, new Date(1000 * index)]])),
    };
    expect(client.sendMessage("test:echo", value)).toBe(true);
    const back = await arrived.promise;
    const { scores } = value;
    const inner = new Map([[1, { a: {} }]]);
    const key = [...scores.keys()].find((one) => one instanceof Uint8Array);
    scores.set(key, inner);
    expect(back).toEqual(value);
  });

  test.each([
    ["what decode throws", "d40100"],
    ["a type that is msgpack's own", "d4fe00"],
    ["a timestamp beyond what a Date holds", "c70cff 00000000 7fffffffffffffff"],
    ["a key of another kind", "8201c0c0c0"],
  ])("%s ends one connection with baddata, and no other one", async (_what, body) => {
    const server = await startServer(options);
    const errors: unknown[] = [];
    server.on("handlerError", (error) => errors.push(error));
    const client = track(new Client({ addr: server.addr, ...options }));
    const answered = deferred<unknown>();
    handle(client, "test:echo", answered.resolve);
    await client.start();
    const closed = next(server, "close");
    const peer = await RawPeer.activeClient(server.addr);
    peer.write(frame(ID, bytes(body)));
    expect(await peer.closeReason()).toBe("baddata");
    const [, info] = await closed;
    expect(info).toMatchObject({ reason: "baddata", error: { code: "P3D_ERR_BAD_DATA" } });
    client.sendMessage("test:echo", [new Place(3, 4)]);
    expect(await answered.promise).toEqual([new Place(3, 4)]);
    expect(errors).toEqual([]);
  });

  test("what decode throws on a client ends that client, which gets the error with its cause", async () => {
    const unknown: ExtensionCodec = {
      encode: (value) => (value instanceof Place ? { type: 1, data: Uint8Array.of(1) } : undefined),
      decode: () => null,
    };
    const { client, remote } = await startPair({ server: { extensions: unknown }, client: options });
    const closed = client.waitForClose();
    remote.sendMessage("test:echo", new Place(1, 2));
    const { reason, error } = await closed;
    expect(reason).toBe("baddata");
    expect(error).toMatchObject({ code: "P3D_ERR_BAD_DATA", cause: expect.any(RangeError) as Error });
  });
});

test("without an ExtensionCodec, extension types are refused and the error names the option", async () => {
  const server = await startServer();
  const closed = next(server, "close");
  const peer = await RawPeer.activeClient(server.addr);
  peer.write(frame(ID, bytes("d5070102")));
  expect(await peer.closeReason()).toBe("baddata");
  const [, { error }] = await closed;
  expect(error?.message).toContain('an ExtensionCodec as the option "extensions"');
});

test("what cannot be sent throws where it is sent, with its path, and the connection goes on", async () => {
  const { server, client, remote } = await startPair({ client: { extensions: places } });
  expect(() => client.sendMessage("test:echo", { at: [new Date(Number.NaN)] })).toThrow(
    expect.objectContaining({ code: "P3D_ERR_ENCODE", path: "at[0]", packet: "test:echo" }) as Error,
  );
  expect(() => server.broadcast("test:echo", new Map([[1.5, 1]]))).toThrow("a key 1.5 cannot be sent");
  expect(() => remote.sendMessage("test:echo", new URL("http://localhost"))).toThrow('option "extensions"');
  const closed = next(server, "close");
  client.sendMessage("test:echo", new Date(5));
  await client.close();
  const [, { clean }] = await closed;
  expect(clean).toBe(true);
});
