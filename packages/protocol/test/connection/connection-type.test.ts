// What a connection type may rely on: an interface, and no class of this package behind it.

import {
  ClassicConnectionType,
  type ConnectionHooks,
  InvalidStateError,
  MODE_NOTSET,
  type Peer,
  type PluginConnection,
  SIDE_CLIENT,
  SIDE_SERVER,
  type Side,
  SSLSEC_NONE,
  STATE_HANDSHAKE_WAIT2,
} from "@peng3dnet/protocol";
import { FakePeer } from "../support/pair.js";

/** A connection that writes down what is asked of it. */
function connectionOn(side: Side, closing: boolean): PluginConnection & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    cid: side === SIDE_SERVER ? 1 : null,
    side,
    state: STATE_HANDSHAKE_WAIT2,
    mode: MODE_NOTSET,
    conntype: "classic",
    sslSeclevel: SSLSEC_NONE,
    active: false,
    closing,
    packetsIn: 1,
    packetsOut: 1,
    unsent: 0,
    behind: false,
    sendRaw: (id) => asked.push(`sendRaw ${id}`) > 0,
    startHandshake: () => void asked.push("startHandshake"),
    sendHandshake: () => void asked.push("sendHandshake"),
    activate: () => void asked.push("activate"),
    fail: () => undefined,
    watch: (_result, where) => void asked.push(`watch ${where}`),
  };
}

function peerWith(side: Side, connection: PluginConnection | undefined): Peer {
  const { registry, cfg } = new FakePeer(side);
  return {
    side,
    registry,
    cfg,
    sendMessage: () => true,
    closeConnection: async (_cid, reason = null) => ({ reason, error: undefined, clean: true }),
    getConnection: () => connection,
    getConnType: () => undefined,
  };
}

test.each([
  ["the server's sends the registry", SIDE_SERVER, false, ["startHandshake", "sendHandshake"]],
  ["the client's awaits it", SIDE_CLIENT, false, ["startHandshake"]],
  ["nothing is sent to who is gone, whose part may have come", SIDE_SERVER, true, ["startHandshake"]],
] as const)("the classic handshake, on any connection: %s", (_, side, closing, asked) => {
  const connection = connectionOn(side, closing);
  const type: ConnectionHooks = new ClassicConnectionType(peerWith(side, connection));
  type.init(connection.cid);
  expect(connection.asked).toEqual(asked);
});

test("a connection that is gone cannot be asked for", () => {
  const type = new ClassicConnectionType(peerWith(SIDE_SERVER, undefined));
  expect(() => type.init(1)).toThrow(InvalidStateError);
  expect(() => type.init(1)).toThrow("the connection is closed");
});

test("a server that refuses newcomers refuses those of any type that says nothing of it", () => {
  const type: ConnectionHooks = new ClassicConnectionType(peerWith(SIDE_SERVER, undefined));
  expect(type.servedWhileDraining).toBe(false);
});
