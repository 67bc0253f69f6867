import { inflateSync } from "node:zlib";
import { decode } from "@msgpack/msgpack";
import {
  ClassicConnectionType,
  Client,
  CONNTYPE_CLASSIC,
  CONNTYPE_PING,
  FLAG_COMPRESSED,
  FLAG_ENCRYPTED_AES,
  InvalidStateError,
  MAX_PACKETLENGTH,
  MODE_CHAT,
  MODE_CLOSED,
  MODE_NOTSET,
  MODE_PING,
  MODE_PLAY,
  PROTOVERSION,
  type Server,
  SIDE_CLIENT,
  SIDE_SERVER,
  SmartPacket,
  SSLSEC_ENCRYPTED,
  SSLSEC_NONE,
  SSLSEC_SERVERAUTH,
  SSLSEC_WRAPPED,
  STATE_ACTIVE,
  STATE_CLOSED,
  STATE_HANDSHAKE_WAIT1,
  STATE_HELLOWAIT,
  STATE_INIT,
  STATE_LOGGEDIN,
  STATE_WAITTYPE,
  STRUCT_FORMAT_HEADER,
  STRUCT_FORMAT_LENGTH32,
  STRUCT_HEADER,
  STRUCT_LENGTH32,
} from "@peng3dnet/core";
import { enablePing, pingServer } from "@peng3dnet/ping";
import { clientTls, serverTls } from "../../packages/core/test/support/certificates.js";
import { track } from "../../packages/core/test/support/cleanup.js";
import { echo, handle, next } from "../../packages/core/test/support/peers.js";
import { RawPeer, rawServer } from "../../packages/core/test/support/raw-peer.js";
import { frame, hello, packet, settype, value } from "../../packages/core/test/support/wire.js";
import { type Checks, echoed, enter, FIRST, greet, makePeers, serve } from "./support.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A client of a server that says nothing more than hello, or not even that. */
async function waitingClient(greeted: boolean): Promise<Client> {
  const listening = await rawServer();
  const client = track(new Client({ addr: listening.addr }));
  await client.connect();
  const peer = await listening.accepted();
  if (greeted) {
    peer.write(hello());
    await peer.packet();
  }
  return client;
}

/** A packet that is only received in a mode of the application's. */
const receivedInMode = (mode: number) => async (): Promise<void> => {
  const received: unknown[] = [];
  class Moded extends SmartPacket {
    override mode: number | null = mode;
    override receive(msg: unknown): void {
      received.push(msg);
    }
  }
  const server = await serve();
  server.registerPacket("test:moded", new Moded(server.registry, server));
  const { peer, remote } = await enter(server);
  peer.write(packet(FIRST + 1, "too early"));
  await echoed(peer, "?");
  remote.mode = mode;
  peer.write(packet(FIRST + 1, "in time"));
  await echoed(peer, "?");
  expect(received).toEqual(["in time"]);
};

/** A client of a server with TLS, and what TLS established on the server: at first, and in the end. */
async function overTls(cfg = {}) {
  const server = await serve({ cfg: serverTls() });
  const accepted = next(server, "connection");
  const complete = next(server, "handshakecomplete");
  const client = track(new Client({ addr: ["localhost", server.addr[1]], cfg: { ...clientTls(), ...cfg } }));
  echo(client);
  let wrapped: number | undefined;
  server.once("connection", (remote) => {
    wrapped = remote.sslSeclevel;
  });
  await client.start();
  await accepted;
  const [remote] = await complete;
  return { client: client.sslSeclevel, wrapped, server: remote.sslSeclevel };
}

export const constants: Checks = Object.fromEntries(
  Object.entries({
    MAX_PACKETLENGTH: () => {
      expect(hex(STRUCT_LENGTH32.pack(MAX_PACKETLENGTH))).toBe("ffffffff");
      expect(() => STRUCT_LENGTH32.pack(MAX_PACKETLENGTH + 1)).toThrow(RangeError);
    },
    STRUCT_FORMAT_LENGTH32: () => {
      expect([STRUCT_FORMAT_LENGTH32, hex(STRUCT_LENGTH32.pack(258))]).toEqual(["!I", "00000102"]);
    },
    STRUCT_FORMAT_HEADER: () => {
      expect([STRUCT_FORMAT_HEADER, hex(STRUCT_HEADER.pack(258, 3))]).toEqual(["!IH", "000001020003"]);
    },
    STATE_INIT: async () => {
      expect(makePeers()[1].state).toBe(STATE_INIT);
      const server = await serve();
      let state: number | undefined;
      server.on("connection", (client) => {
        state = client.state;
      });
      await greet(server);
      expect(state).toBe(STATE_INIT);
    },
    STATE_WAITTYPE: async () => {
      expect((await greet(await serve())).remote.state).toBe(STATE_WAITTYPE);
    },
    STATE_HELLOWAIT: async () => {
      expect((await waitingClient(false)).state).toBe(STATE_HELLOWAIT);
    },
    STATE_HANDSHAKE_WAIT1: async () => {
      const { peer, remote } = await greet(await serve());
      peer.write(settype());
      await peer.packet();
      expect(remote.state).toBe(STATE_HANDSHAKE_WAIT1);
      expect((await waitingClient(true)).state).toBe(STATE_HANDSHAKE_WAIT1);
    },
    STATE_ACTIVE: async () => {
      const { remote } = await enter(await serve());
      expect([remote.state, remote.active]).toEqual([STATE_ACTIVE, true]);
    },
    STATE_LOGGEDIN: async () => {
      const server = await serve();
      const { remote } = await enter(server);
      remote.state = STATE_LOGGEDIN;
      expect([remote.state, remote.active]).toEqual([65, true]);
      const early = (await greet(server)).remote;
      expect(() => {
        early.state = STATE_LOGGEDIN;
      }).toThrow(InvalidStateError);
    },
    STATE_CLOSED: async () => {
      const server = await serve();
      const { peer, remote } = await enter(server);
      const closed = next(server, "close");
      peer.end();
      await closed;
      expect([remote.state, remote.active]).toEqual([STATE_CLOSED, false]);
    },
    MODE_NOTSET: async () => {
      expect((await enter(await serve())).remote.mode).toBe(MODE_NOTSET);
    },
    MODE_CLOSED: async () => {
      const server = await serve();
      const { peer, remote } = await enter(server);
      const closed = next(server, "close");
      peer.end();
      await closed;
      expect(remote.mode).toBe(MODE_CLOSED);
    },
    MODE_PING: receivedInMode(MODE_PING),
    MODE_PLAY: receivedInMode(MODE_PLAY),
    MODE_CHAT: receivedInMode(MODE_CHAT),
    CONNTYPE_CLASSIC: async () => {
      const server = await serve();
      expect((await enter(server)).remote.conntype).toBe(CONNTYPE_CLASSIC);
      expect(CONNTYPE_CLASSIC).toBe("classic");
      expect(server.getConnType(CONNTYPE_CLASSIC)).toBeInstanceOf(ClassicConnectionType);
    },
    CONNTYPE_PING: async () => {
      const server = await serve();
      enablePing(server);
      let conntype: string | undefined;
      server.on("close", (client) => {
        conntype = client.conntype;
      });
      const closed = next(server, "close");
      await pingServer({ addr: server.addr });
      await closed;
      expect([conntype, CONNTYPE_PING]).toEqual(["ping", "ping"]);
    },
    FLAG_COMPRESSED: async () => {
      const { peer, remote } = await enter(await serve());
      remote.sendMessage("test:echo", "a".repeat(9000));
      const { flags, body } = await peer.packet();
      expect(flags).toBe(FLAG_COMPRESSED);
      expect(decode(inflateSync(body))).toBe("a".repeat(9000));
    },
    FLAG_ENCRYPTED_AES: async () => {
      const { peer } = await enter(await serve());
      peer.write(frame(FIRST, Buffer.from([1]), FLAG_ENCRYPTED_AES));
      expect(await peer.closeReason()).toBe("unsupportedflags");
      expect(FLAG_ENCRYPTED_AES).toBe(2);
    },
    SIDE_CLIENT: () => expect([makePeers()[1].side, SIDE_CLIENT]).toEqual([0, 0]),
    SIDE_SERVER: () => expect([makePeers()[0].side, SIDE_SERVER]).toEqual([1, 1]),
    SSLSEC_NONE: async () => {
      expect((await enter(await serve())).remote.sslSeclevel).toBe(SSLSEC_NONE);
    },
    SSLSEC_WRAPPED: async () => expect((await overTls()).wrapped).toBe(SSLSEC_WRAPPED),
    SSLSEC_ENCRYPTED: async () => {
      const levels = await overTls({ "net.ssl.client.check_hostname": false });
      expect([levels.client, levels.server]).toEqual([SSLSEC_ENCRYPTED, SSLSEC_ENCRYPTED]);
    },
    SSLSEC_SERVERAUTH: async () => {
      const levels = await overTls();
      expect([levels.client, levels.server]).toEqual([SSLSEC_SERVERAUTH, SSLSEC_ENCRYPTED]);
    },
  } satisfies Record<string, () => void | Promise<void>>).map(([name, check]) => [
    `peng3dnet.constants.${name}`,
    check,
  ]),
);

/** A server that has registered `test:a` and `test:b` in this order. */
async function ordered(): Promise<Server> {
  const [server] = makePeers();
  handle(server, "test:a");
  handle(server, "test:b");
  await server.start();
  return server;
}

export const conntypes: Checks = {
  "peng3dnet.conntypes.ConnectionType(peer)": () => {
    for (const peer of makePeers()) expect(new ClassicConnectionType(peer).peer).toBe(peer);
  },
  "peng3dnet.conntypes.ClassicConnectionType": async () => {
    const server = await ordered();
    const { peer } = await greet(server);
    peer.write(settype());
    expect(value(await peer.packet())).toMatchObject({ registry: { "test:a": 64, "test:b": 65 } });
    const client = track(new Client({ addr: server.addr }));
    handle(client, "test:b");
    handle(client, "test:a");
    expect(client.registry.getID("test:a")).toBe(65);
    await client.start();
    expect(client.registry.getID("test:a")).toBe(64);
  },
  "peng3dnet.version.PROTOVERSION": async () => {
    const server = await serve();
    const peer = await RawPeer.connect(server.addr);
    expect(value(await peer.packet())).toMatchObject({ protoversion: 2 });
    expect(PROTOVERSION).toBe(2);
  },
};
