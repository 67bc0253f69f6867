// What an application gets of compressed packets is memory of its own, and none of zlib's that others have used.

import { deflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { MsgpackCodec, type Server } from "@peng3dnet/core";
import { deferred, handle, startServer } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";
import { frame } from "../support/wire.js";

const ID = 64;

describe.each([
  ["by default", undefined],
  ["with another codec", new MsgpackCodec()],
])("%s", (_name, codec) => {
  async function receive(value: unknown): Promise<unknown> {
    const arrived = deferred<unknown>();
    const server: Server = await startServer({ codec }, (peer) =>
      handle(peer, "test:value", arrived.resolve),
    );
    const peer = await RawPeer.activeClient(server.addr);
    peer.write(frame(ID, deflateSync(encode(value)), 1));
    return arrived.promise;
  }

  test.each([0, 1, 16, 64, 1000, 9000, 16_383, 16_384, 40_000])(
    "a binary value of %d bytes",
    async (length) => {
      const sent = new Uint8Array(length).fill(7);
      for (const value of [sent, [sent, sent]]) {
        const received = await receive(value);
        for (const one of [received].flat() as Uint8Array[]) {
          expect(Buffer.from(one).equals(sent)).toBe(true);
          // Beside the value there is its head, and no more than as much of the same packet.
          expect(one.buffer.byteLength).toBeLessThanOrEqual(2 * length + 8);
          expect(structuredClone(one).buffer.byteLength).toBeLessThanOrEqual(2 * length + 8);
        }
      }
    },
  );

  test("a short one beside a long text holds none of it", async () => {
    const [one] = (await receive([new Uint8Array(16), "x".repeat(1_000_000)])) as [Uint8Array];
    expect(one.buffer.byteLength).toBe(16);
  });
});
