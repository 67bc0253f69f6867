// A SmartPacket's lowest security level holds before a byte is queued, on both sides, over real TLS.

import {
  type InvalidAction,
  type PacketRegistry,
  type Peer,
  SmartPacket,
  SmartPacketInvalidError,
  SSLSEC_BOTHAUTH,
  SSLSEC_ENCRYPTED,
  SSLSEC_NONE,
  SSLSEC_SERVERAUTH,
  type SslSecLevel,
} from "@peng3dnet/core";
import { clientTls, mutualTls, serverTls } from "../support/certificates.js";
import { startPair } from "../support/peers.js";
import { sessionOf } from "../support/session.js";

const received: unknown[] = [];

class Guarded extends SmartPacket {
  override readonly minSslsecLevel: SslSecLevel;
  override readonly invalidAction: InvalidAction;

  constructor(registry: PacketRegistry, peer: Peer, level: SslSecLevel, action: InvalidAction) {
    super(registry, peer);
    this.minSslsecLevel = level;
    this.invalidAction = action;
  }

  override receive(msg: unknown): void {
    received.push(msg);
  }
}

const LEVELS = [SSLSEC_ENCRYPTED, SSLSEC_SERVERAUTH, SSLSEC_BOTHAUTH] as const;
const ACTIONS = ["ignore", "close", "error"] as const;
const nameOf = (level: SslSecLevel, action: InvalidAction): string => `test:level${level}.${action}`;

function setUp(peer: Peer): void {
  for (const level of LEVELS) {
    for (const action of ACTIONS) {
      peer.registry.register(new Guarded(peer.registry, peer, level, action), nameOf(level, action));
    }
  }
}

const connections = {
  plain: () => ({ server: {}, client: {} }),
  server: () => ({ server: { cfg: serverTls() }, client: { cfg: clientTls() } }),
  mutual: () => ({ server: { cfg: mutualTls() }, client: { cfg: clientTls("client") } }),
};

const rows = (["plain", "server", "mutual"] as const).flatMap((kind) =>
  (["client", "server"] as const).flatMap((side) =>
    LEVELS.flatMap((level) => ACTIONS.map((action) => ({ kind, side, level, action }))),
  ),
);

/** What each side knows (docs/guides/tls.md). */
const KNOWN = {
  plain: { client: SSLSEC_NONE, server: SSLSEC_NONE },
  server: { client: SSLSEC_SERVERAUTH, server: SSLSEC_ENCRYPTED },
  mutual: { client: SSLSEC_BOTHAUTH, server: SSLSEC_BOTHAUTH },
} as const;

test.each(rows)("$kind: the $side sends a packet of level $level, or else: $action", async (row) => {
  const { kind, side, level, action } = row;
  received.length = 0;
  const { server, client, remote } = await startPair({ ...connections[kind](), setUp });
  const sender: Peer = side === "client" ? client : server;
  const cid = side === "client" ? null : remote.cid;
  const { connection } = sessionOf(side === "client" ? client.conn : remote.conn);
  expect(connection.sslSeclevel).toBe(KNOWN[kind][side]);
  const before = connection.packetsOut;
  const send = (): boolean => sender.sendMessage(nameOf(level, action), "secret", cid);

  if (KNOWN[kind][side] >= level) {
    expect(send()).toBe(true);
    expect(connection.packetsOut).toBe(before + 1);
    await sender.closeConnection(cid, "done");
    expect(received).toEqual(["secret"]);
    return;
  }
  if (action === "error") expect(send).toThrow(SmartPacketInvalidError);
  else send();
  // The farewell is all that may follow.
  expect(connection.packetsOut).toBe(before + (action === "close" ? 1 : 0));
  expect(connection.closing).toBe(action === "close");
  if (action !== "close") await sender.closeConnection(cid, "done");
  const { reason } = await client.waitForClose();
  expect(reason).toBe(action === "close" ? "smartpacketinvalid" : "done");
  expect(received).toEqual([]);
});
