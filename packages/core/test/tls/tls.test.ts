// What the handshake comes to, over real sockets: a table of certificates, checks and versions.

import tls from "node:tls";
import {
  Client,
  type ClientOnServer,
  type CloseInfo,
  type ConfigOverrides,
  Peng3dnetError,
  SSLSEC_BOTHAUTH,
  SSLSEC_ENCRYPTED,
  SSLSEC_SERVERAUTH,
  SSLSEC_WRAPPED,
  type SslSecLevel,
} from "@peng3dnet/core";
import { type Authority, certFile, clientTls, type Identity, serverTls } from "../support/certificates.js";
import { onCleanup, track } from "../support/cleanup.js";
import { echo, next, startServer } from "../support/peers.js";

interface Case {
  readonly what: string;
  /** Default `server`, which is for localhost. */
  readonly server?: Identity;
  /** Whether the server asks for certificates. Default no. */
  readonly asks?: boolean;
  readonly serverTrusts?: Authority;
  /** Default none. */
  readonly client?: Identity;
  readonly clientTrusts?: Authority;
  readonly options?: ConfigOverrides;
  /** Levels at the client and at the server, if there is a connection. */
  readonly levels?: readonly [client: SslSecLevel, server: SslSecLevel];
  /** What the client rejects with. */
  readonly code?: string;
  /** What the server reports; by then, it may have taken the connection for a good one. */
  readonly serverCode?: string | undefined;
}

const [ENCRYPTED, SERVERAUTH, BOTHAUTH] = [SSLSEC_ENCRYPTED, SSLSEC_SERVERAUTH, SSLSEC_BOTHAUTH] as const;
const unverified: ConfigOverrides = { "net.ssl.client.force_verify": false };
const anyHost: ConfigOverrides = { "net.ssl.client.check_hostname": false };

const cases: Case[] = [
  { what: "a good server", levels: [SERVERAUTH, ENCRYPTED] },
  {
    what: "a good server, nobody asks for the client's certificate",
    client: "client",
    levels: [SERVERAUTH, ENCRYPTED],
  },
  { what: "both good", asks: true, client: "client", levels: [BOTHAUTH, BOTHAUTH] },
  {
    what: "both good, host not checked",
    asks: true,
    client: "client",
    options: anyHost,
    levels: [ENCRYPTED, BOTHAUTH],
  },
  {
    what: "both good, server not verified",
    asks: true,
    client: "client",
    options: unverified,
    levels: [ENCRYPTED, BOTHAUTH],
  },
  { what: "a good server, not verified", options: unverified, levels: [ENCRYPTED, ENCRYPTED] },
  { what: "a good server, host not checked", options: anyHost, levels: [ENCRYPTED, ENCRYPTED] },

  { what: "server of an unknown CA", clientTrusts: "other-ca", code: "P3D_ERR_TLS_UNKNOWN_CA" },
  {
    what: "server of an unknown CA, host not checked",
    clientTrusts: "other-ca",
    options: anyHost,
    code: "P3D_ERR_TLS_UNKNOWN_CA",
  },
  {
    what: "server of an unknown CA, not verified",
    clientTrusts: "other-ca",
    options: unverified,
    levels: [ENCRYPTED, ENCRYPTED],
  },
  { what: "server for another host", server: "wrong-host", code: "P3D_ERR_TLS_HOST_MISMATCH" },
  {
    what: "server for another host, host not checked",
    server: "wrong-host",
    options: anyHost,
    levels: [ENCRYPTED, ENCRYPTED],
  },
  {
    what: "server for another host, not verified",
    server: "wrong-host",
    options: unverified,
    levels: [ENCRYPTED, ENCRYPTED],
  },
  {
    what: "server for another host that is asked for",
    server: "wrong-host",
    options: { "net.ssl.server_hostname": "elsewhere.invalid" },
    levels: [SERVERAUTH, ENCRYPTED],
  },
  {
    what: "a good server, another host asked for",
    options: { "net.ssl.server_hostname": "elsewhere.invalid" },
    code: "P3D_ERR_TLS_HOST_MISMATCH",
  },

  {
    what: "client without a certificate",
    asks: true,
    code: "P3D_ERR_TLS_CLIENT_CERT_REQUIRED",
    serverCode: "P3D_ERR_TLS_CLIENT_CERT_REQUIRED",
  },
  {
    what: "client of an unknown CA",
    asks: true,
    client: "stranger",
    code: "P3D_ERR_TLS_CERT_REJECTED",
    serverCode: "P3D_ERR_TLS_UNKNOWN_CA",
  },
  {
    what: "client of a CA that the server does not know",
    asks: true,
    client: "client",
    serverTrusts: "other-ca",
    code: "P3D_ERR_TLS_CERT_REJECTED",
    serverCode: "P3D_ERR_TLS_UNKNOWN_CA",
  },
  {
    what: "client with a server's certificate",
    asks: true,
    client: "server",
    code: "P3D_ERR_TLS_CERT_REJECTED",
    serverCode: "P3D_ERR_TLS_CERT_INVALID",
  },
  {
    what: "client without a certificate, server unknown",
    asks: true,
    clientTrusts: "other-ca",
    code: "P3D_ERR_TLS_UNKNOWN_CA",
  },
];

function limitVersion(version: "TLSv1.2" | "TLSv1.3"): void {
  const before = tls.DEFAULT_MAX_VERSION;
  tls.DEFAULT_MAX_VERSION = version;
  onCleanup(() => {
    tls.DEFAULT_MAX_VERSION = before;
  });
}

/** Both ends of a connection, each with what became of it. */
async function meet({
  server: identity,
  asks,
  serverTrusts = "ca",
  client: shown,
  clientTrusts = "ca",
  options,
}: Case) {
  const server = await startServer({
    cfg: {
      ...serverTls(identity),
      "net.ssl.server.force_verify": asks ?? false,
      "net.ssl.cafile": certFile(serverTrusts),
    },
  });
  const remotes: ClientOnServer[] = [];
  const levels: number[] = [];
  server.on("connection", (remote) => {
    remotes.push(remote);
    levels.push(remote.sslSeclevel);
  });
  const closed = next(server, "close");
  const [, port] = server.addr;
  const client = track(
    new Client({
      addr: ["localhost", port],
      cfg: { ...clientTls(shown), "net.ssl.cafile": certFile(clientTrusts), ...options },
    }),
  );
  echo(client);
  return { client, remotes, levels, closed };
}

describe.each(["TLSv1.2", "TLSv1.3"] as const)("%s", (version) => {
  beforeEach(() => limitVersion(version));

  test.each(cases.filter(({ levels }) => levels))("$what: $levels", async (row) => {
    const { client, remotes } = await meet(row);
    await client.start();
    const [remote] = remotes;
    expect([client.sslSeclevel, remote?.sslSeclevel]).toEqual(row.levels);
    expect((client.sock as tls.TLSSocket).getProtocol()).toBe(version);
    expect(remote?.peerCertificate?.subject).toEqual(
      row.levels?.[1] === BOTHAUTH ? { CN: "test client" } : undefined,
    );
    expect(client.peerCertificate).toMatchObject({
      subject: { CN: row.server === "wrong-host" ? "elsewhere.invalid" : "localhost" },
      verified: (row.levels?.[0] ?? 0) >= SSLSEC_SERVERAUTH,
    });
    const sum = new Promise((resolve) => client.on("close", resolve));
    await client.close("done");
    await expect(sum).resolves.toMatchObject({ reason: "done", clean: true, error: undefined });
  });

  test.each(cases.filter(({ code }) => code))("$what: $code", async (row) => {
    const { client, closed, levels } = await meet(row);
    const error = await client.start().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Peng3dnetError);
    expect(error).toMatchObject({ code: row.code });
    expect((error as Error).message).toMatch(/; (?!$)/);
    const [, info] = (await closed) as [ClientOnServer, CloseInfo];
    expect(info.clean).toBe(false);
    if (row.serverCode)
      expect(info.error).toMatchObject({ code: row.serverCode, message: expect.stringMatching(/; /) });
    // What is not known yet is not claimed.
    expect(levels).toEqual([SSLSEC_WRAPPED]);
    await expect(client.waitForClose()).resolves.toMatchObject({ error, clean: false });
  });
});
