// When options of TLS are read: by a server on start and by reloadCertificates(), by a client on connecting.

import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import {
  Client,
  type ConfigKey,
  type ConfigOverrides,
  DEFAULT_CONFIG,
  InvalidStateError,
  Server,
  SSLSEC_NONE,
} from "@peng3dnet/core";
import { bareTlsClient } from "../support/bare-tls.js";
import {
  bareTls,
  certFile,
  certPem,
  clientTls,
  keyFile,
  keyPem,
  mutualTls,
  serverTls,
} from "../support/certificates.js";
import { onCleanup, track } from "../support/cleanup.js";
import { LOCAL, startServer } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";

interface ServerRow {
  readonly key: ConfigKey;
  readonly base: ConfigOverrides;
  readonly to: ConfigOverrides;
  /** What is seen before the change and after it. */
  readonly seen: readonly [unknown, unknown];
  look(server: Server): Promise<unknown>;
}

const fingerprint = (name: "server" | "server-renewed"): string =>
  new X509Certificate(certPem(name)).fingerprint256;

/** Whether a client gets in. */
const lets = (cfg: () => ConfigOverrides) => async (server: Server) => {
  const client = track(new Client({ addr: ["localhost", server.addr[1]], cfg: cfg() }));
  return client.start().then(
    () => true,
    () => false,
  );
};

/** Which certificate it shows. */
async function shown(server: Server): Promise<unknown> {
  const { socket } = await bareTlsClient(server.addr, bareTls());
  return socket.getPeerX509Certificate()?.fingerprint256;
}

const older = (server: Server): Promise<{ readonly socket: TLSSocket }> =>
  bareTlsClient(server.addr, { ...bareTls(), maxVersion: "TLSv1.2" });

const serverRows: (() => ServerRow)[] = [
  () => ({
    key: "net.ssl.cafile",
    base: { ...mutualTls(), "net.ssl.cafile": certFile("other-ca") },
    to: { "net.ssl.cafile": certFile("ca") },
    seen: [false, true],
    look: lets(() => clientTls("client")),
  }),
  () => ({
    key: "net.ssl.ca",
    base: { ...mutualTls(), "net.ssl.ca": certPem("other-ca") },
    to: { "net.ssl.ca": certPem("ca") },
    seen: [false, true],
    look: lets(() => clientTls("client")),
  }),
  () => ({
    key: "net.ssl.minversion",
    base: serverTls(),
    to: { "net.ssl.minversion": "TLSv1.3" },
    seen: [true, false],
    look: (server) =>
      older(server).then(
        () => true,
        () => false,
      ),
  }),
  () => ({
    key: "net.ssl.resumption",
    base: serverTls(),
    to: { "net.ssl.resumption": true },
    seen: [false, true],
    look: async (server) => (await older(server)).socket.getTLSTicket() !== undefined,
  }),
  () => ({
    key: "net.ssl.server.force_verify",
    base: serverTls(),
    to: { "net.ssl.server.force_verify": true },
    seen: [true, false],
    look: lets(() => clientTls()),
  }),
  ...(["net.ssl.server.certfile", "net.ssl.server.keyfile"] as const).map((key) => () => ({
    key,
    base: serverTls(),
    to: {
      "net.ssl.server.certfile": certFile("server-renewed"),
      "net.ssl.server.keyfile": keyFile("server-renewed"),
    },
    seen: [fingerprint("server"), fingerprint("server-renewed")] as const,
    look: shown,
  })),
  ...(["net.ssl.server.cert", "net.ssl.server.key"] as const).map((key) => () => ({
    key,
    base: serverTls(),
    to: {
      "net.ssl.server.cert": certPem("server-renewed"),
      "net.ssl.server.key": keyPem("server-renewed"),
    },
    seen: [fingerprint("server"), fingerprint("server-renewed")] as const,
    look: shown,
  })),
];
const serverKeys = [
  "net.ssl.cafile",
  "net.ssl.ca",
  "net.ssl.minversion",
  "net.ssl.resumption",
  "net.ssl.server.force_verify",
  "net.ssl.server.certfile",
  "net.ssl.server.keyfile",
  "net.ssl.server.cert",
  "net.ssl.server.key",
] as const;

function set(peer: Server | Client, values: ConfigOverrides): void {
  for (const [key, value] of Object.entries(values)) peer.cfg.set(key as ConfigKey, value as never);
}

describe("a server", () => {
  test.each(serverKeys)("%s: on start, and when certificates are read again", async (key) => {
    const row = serverRows[serverKeys.indexOf(key)]?.() as ServerRow;
    expect(row.key).toBe(key);
    const fresh = track(new Server({ addr: LOCAL, cfg: row.base }));
    fresh.initialize();
    set(fresh, row.to);
    await fresh.start();
    expect(await row.look(fresh)).toBe(row.seen[1]);

    const server = await startServer({ cfg: row.base }, () => {});
    set(server, row.to);
    expect(await row.look(server)).toBe(row.seen[0]);
    await server.reloadCertificates();
    expect(await row.look(server)).toBe(row.seen[1]);
  });

  test("net.ssl.enabled: on start alone", async () => {
    const server = track(new Server({ addr: LOCAL, cfg: { ...serverTls(), "net.ssl.enabled": false } }));
    server.initialize();
    server.cfg.set("net.ssl.enabled", true);
    await server.start();
    server.cfg.set("net.ssl.enabled", false);
    await server.reloadCertificates();
    expect(await shown(server)).toBe(fingerprint("server"));

    const plain = await startServer({ cfg: { ...serverTls(), "net.ssl.enabled": false } }, () => {});
    plain.cfg.set("net.ssl.enabled", true);
    await expect(plain.reloadCertificates()).rejects.toThrow(InvalidStateError);
    await RawPeer.activeClient(plain.addr);
  });

  test("net.ssl.force: on start", async () => {
    const { openssl } = process.versions;
    const setVersion = (value: string | undefined) =>
      Object.defineProperty(process.versions, "openssl", { value, configurable: true, enumerable: true });
    onCleanup(() => setVersion(openssl));
    setVersion(undefined);
    const server = track(new Server({ addr: LOCAL, cfg: serverTls() }));
    server.initialize();
    server.cfg.set("net.ssl.force", false);
    await server.start();
    await RawPeer.activeClient(server.addr);
  });
});

interface ClientRow {
  readonly key: ConfigKey;
  readonly server: ConfigOverrides;
  readonly base: ConfigOverrides;
  /** Without this change, the client is refused. */
  readonly to: ConfigOverrides;
}

const clientRows = (): ClientRow[] => [
  {
    key: "net.ssl.enabled",
    server: serverTls(),
    base: { ...clientTls(), "net.ssl.enabled": false, "net.timeout.handshake": 1 },
    to: { "net.ssl.enabled": true },
  },
  {
    key: "net.ssl.cafile",
    server: serverTls(),
    base: { "net.ssl.enabled": true },
    to: { "net.ssl.cafile": certFile("ca") },
  },
  {
    key: "net.ssl.ca",
    server: serverTls(),
    base: { "net.ssl.enabled": true },
    to: { "net.ssl.ca": certPem("ca") },
  },
  {
    key: "net.ssl.client.check_hostname",
    server: serverTls("wrong-host"),
    base: clientTls(),
    to: { "net.ssl.client.check_hostname": false },
  },
  {
    key: "net.ssl.server_hostname",
    server: serverTls("wrong-host"),
    base: clientTls(),
    to: { "net.ssl.server_hostname": "elsewhere.invalid" },
  },
  {
    key: "net.ssl.client.force_verify",
    server: serverTls("stranger"),
    base: clientTls(),
    to: { "net.ssl.client.force_verify": false },
  },
  ...(["net.ssl.client.certfile", "net.ssl.client.keyfile"] as const).map((key) => ({
    key,
    server: mutualTls(),
    base: clientTls(),
    to: {
      "net.ssl.client.certfile": certFile("client"),
      "net.ssl.client.keyfile": keyFile("client"),
    },
  })),
  ...(["net.ssl.client.cert", "net.ssl.client.key"] as const).map((key) => ({
    key,
    server: mutualTls(),
    base: clientTls(),
    to: { "net.ssl.client.cert": certPem("client"), "net.ssl.client.key": keyPem("client") },
  })),
];
const clientKeys = [
  "net.ssl.enabled",
  "net.ssl.cafile",
  "net.ssl.ca",
  "net.ssl.client.check_hostname",
  "net.ssl.server_hostname",
  "net.ssl.client.force_verify",
  "net.ssl.client.certfile",
  "net.ssl.client.keyfile",
  "net.ssl.client.cert",
  "net.ssl.client.key",
] as const;

describe("a client", () => {
  test.each(clientKeys)("%s: on connecting", async (key) => {
    const row = clientRows()[clientKeys.indexOf(key)] as ClientRow;
    expect(row.key).toBe(key);
    const server = await startServer({ cfg: row.server }, () => {});
    const options = { addr: ["localhost", server.addr[1]] as const, cfg: row.base };
    await expect(track(new Client(options)).start()).rejects.toThrow();
    const client = track(new Client(options));
    client.initialize();
    set(client, row.to);
    await client.start();
    expect(client.sslSeclevel).not.toBe(SSLSEC_NONE);
  });
});

test("the tables have every option of TLS", () => {
  const known = Object.keys(DEFAULT_CONFIG).filter((key) => key.startsWith("net.ssl."));
  expect([...new Set([...serverKeys, ...clientKeys, "net.ssl.force"])].sort()).toEqual(known.sort());
});
