// What two Python peers said to each other, one of them replaced by ours.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client, type CloseInfo, type Peer, Server } from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { handle, LOCAL, next, nextOf } from "../support/peers.js";
import { RawPeer, rawServer } from "../support/raw-peer.js";

interface Recorded {
  readonly dir: "S>C" | "C>S";
  readonly hex?: string;
  readonly eof?: boolean;
}

const { packets } = JSON.parse(
  readFileSync(join(__dirname, "../../../../vectors/classic-session.json"), "utf8"),
) as { readonly packets: readonly Recorded[] };

/** Registers the packets in the order in which the recorded peers had them: before the protocol's own. */
function registerRecorded(peer: Peer): void {
  handle(peer, "game:other");
  handle(peer, "echo:echo");
}

/** Plays one side of the recording and expects the other one from the peer. */
async function play(own: Recorded["dir"], peer: RawPeer): Promise<void> {
  for (const { dir, hex, eof } of packets) {
    const bytes = Buffer.from(hex ?? "", "hex");
    if (dir === own) {
      if (eof === true) peer.end();
      else peer.write(bytes);
    } else if (eof === true) {
      await peer.ended();
      expect(peer.pending.toString("hex")).toBe("");
    } else {
      expect((await peer.bytes(bytes.length)).toString("hex")).toBe(hex);
    }
  }
}

/** What makes a hello that of the reference, byte for byte. */
const NO_EXTENSIONS = { "net.heartbeat.interval": 0 };

const CLOSED: CloseInfo = { reason: "userrequest", error: undefined, clean: true };

test("a server answers a recorded client byte for byte", async () => {
  const server = track(new Server({ addr: LOCAL, cfg: NO_EXTENSIONS }));
  registerRecorded(server);
  await server.start();
  const closed = next(server, "close");
  await play("C>S", await RawPeer.connect(server.addr));
  const [, info] = await closed;
  expect(info).toEqual(CLOSED);
});

test("a server answers a recorded client whose bytes come one by one", async () => {
  const server = track(new Server({ addr: LOCAL, cfg: NO_EXTENSIONS }));
  registerRecorded(server);
  await server.start();
  const peer = await RawPeer.connect(server.addr);
  peer.socket.setNoDelay(true);
  peer.write = (...parts) => {
    for (const byte of Buffer.concat(parts)) peer.socket.write(Uint8Array.of(byte));
  };
  const closed = next(server, "close");
  await play("C>S", peer);
  expect((await closed)[1]).toEqual(CLOSED);
});

test("a client answers a recorded server byte for byte", async () => {
  const listening = await rawServer();
  const client = track(new Client({ addr: listening.addr }));
  // In another order than the server's, so that the ids have to be taken over.
  handle(client, "echo:echo");
  handle(client, "game:other");
  const closed = nextOf(client, "close");
  const started = client.start();
  const accepted = await listening.accepted();
  client.once("handshakecomplete", () => void client.close("userrequest"));
  await play("S>C", accepted);
  await started;
  expect(client.registry.getID("game:other")).toBe(64);
  expect(client.registry.getID("echo:echo")).toBe(65);
  expect((await closed)[0]).toEqual(CLOSED);
});
