// What two Python peers said to each other in a ping, one of them replaced by ours.
//
// In the server's role all bytes are those of the recording. In the client's role the recording cannot be repeated
// to its end: the Python client closes twice, first with nil and then, when the server has closed already, with
// `pingcomplete`. Ours closes once, with `pingcomplete`; the bytes of that packet are those of the recorded one.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Server } from "@peng3dnet/core";
import { PingableServerMixin, pingServer } from "@peng3dnet/ping";
import { track } from "../../../core/test/support/cleanup.js";
import { LOCAL, next } from "../../../core/test/support/peers.js";
import { RawPeer, rawServer } from "../../../core/test/support/raw-peer.js";

interface Recorded {
  readonly dir: "S>C" | "C>S";
  readonly hex?: string;
  readonly eof?: boolean;
}

const { packets } = JSON.parse(
  readFileSync(join(__dirname, "../../../../vectors/ping-session.json"), "utf8"),
) as { readonly packets: readonly Recorded[] };
const [hello, settype, ping, pong, closeWithNil, , closeWithReason] = packets.map(({ hex }) =>
  Buffer.from(hex ?? "", "hex"),
) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
/** `time` of the recorded ping, in milliseconds. */
const RECORDED_AT = 1795426594568.6133;

class RecordedServer extends PingableServerMixin(Server) {
  override pingdata = { motd: "hi" };
  override getPingData() {
    return { usercount: 3 };
  }
}

async function expectBytes(peer: RawPeer, expected: Buffer): Promise<void> {
  expect((await peer.bytes(expected.length)).toString("hex")).toBe(expected.toString("hex"));
}

afterEach(() => jest.restoreAllMocks());

test.each([
  ["as they were sent", (peer: RawPeer, bytes: Buffer) => peer.write(bytes)],
  [
    "one by one",
    (peer: RawPeer, bytes: Buffer) => {
      for (const byte of bytes) peer.socket.write(Uint8Array.of(byte));
    },
  ],
])("a server answers the recorded client byte for byte, its bytes %s", async (_, write) => {
  const server = track(new RecordedServer({ addr: LOCAL, cfg: { "net.heartbeat.interval": 0 } }));
  await server.start();
  const closed = next(server, "close");
  const peer = await RawPeer.connect(server.addr);
  await expectBytes(peer, hello);
  write(peer, settype);
  write(peer, ping);
  await expectBytes(peer, pong);
  write(peer, closeWithNil);
  await peer.ended();
  expect(peer.pending).toHaveLength(0);
  write(peer, closeWithReason);
  peer.end();
  expect((await closed)[1]).toEqual({ reason: null, error: undefined, clean: true });
  expect(server.clients.size).toBe(0);
});

test("a client pings the recorded server byte for byte, and closes once", async () => {
  jest.spyOn(Date, "now").mockReturnValue(RECORDED_AT);
  const listening = await rawServer();
  const answer = pingServer({ addr: listening.addr, data: { q: 1 } });
  const peer = await listening.accepted();
  peer.write(hello);
  await expectBytes(peer, settype);
  await expectBytes(peer, ping);
  peer.write(pong);
  await expectBytes(peer, closeWithReason);
  peer.end();
  await peer.ended();
  expect(peer.pending).toHaveLength(0);
  expect(await answer).toEqual({
    oldmsg: { q: 1, time: RECORDED_AT / 1000 },
    usercount: 3,
    motd: "hi",
    peng3dnet: { version: "0.2.0", release: "0.2.0", protoversion: 2 },
    recvtime: RECORDED_AT / 1000,
    delay: expect.any(Number),
  });
});

test("the time of a ping is a float on the wire, also on a full second", async () => {
  jest.spyOn(Date, "now").mockReturnValue(1_795_426_594_000);
  const listening = await rawServer();
  const answer = pingServer({ addr: listening.addr });
  const peer = await listening.accepted();
  peer.write(hello);
  await expectBytes(peer, settype);
  const { body } = await peer.packet();
  // A map of one key, "time", and the mark of a float64.
  expect(body.subarray(0, 7).toString("hex")).toBe("81a474696d65cb");
  expect(body.readDoubleBE(7)).toBeCloseTo(1_795_426_594, 5);
  peer.write(pong);
  peer.end();
  await answer;
});
