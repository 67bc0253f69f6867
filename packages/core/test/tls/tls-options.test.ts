// What is wrong with certificates and keys is found at bind and connect, and named; nothing falls back to plain TCP.

import { spawnSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Client,
  type ConfigKey,
  type ConfigOverrides,
  Server,
  SSLSEC_BOTHAUTH,
  SSLSEC_NONE,
  SSLSEC_SERVERAUTH,
  TlsConfigError,
} from "@peng3dnet/core";
import {
  certFile,
  certPem,
  clientTls,
  keyFile,
  keyPem,
  mutualTls,
  serverTls,
} from "../support/certificates.js";
import { onCleanup, track } from "../support/cleanup.js";
import { LOCAL, startPair } from "../support/peers.js";
import { rawServer } from "../support/raw-peer.js";

/** The error of a server that cannot bind. */
async function bindError(cfg: ConfigOverrides): Promise<TlsConfigError> {
  const server = track(new Server({ addr: LOCAL, cfg: { "net.ssl.enabled": true, ...cfg } }));
  const error = await server.start().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TlsConfigError);
  // It can be tried again.
  await expect(server.bind()).rejects.toThrow(TlsConfigError);
  return error as TlsConfigError;
}

function temporary(name: string, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "peng3dnet-pem-"));
  onCleanup(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const CERT = "net.ssl.server.certfile";
const KEY = "net.ssl.server.keyfile";

describe("a server's mistakes", () => {
  const expectError = async (cfg: ConfigOverrides, key: ConfigKey, message: RegExp, file?: string) => {
    const error = await bindError(cfg);
    expect(error).toMatchObject({ code: "P3D_ERR_TLS_CONFIG", key, file });
    expect(error.message).toContain(`"${key}"`);
    expect(error.message).toMatch(message);
    if (file !== undefined) expect(error.message).toContain(file);
    return error;
  };

  test("enabled without certificates", async () => {
    await expectError({}, CERT, /TLS is enabled .* but the server has no certificate; set this option/);
  });

  test("a file that is not there", async () => {
    const error = await expectError(
      { [CERT]: "missing.pem", [KEY]: keyFile("server") },
      CERT,
      /cannot be read: ENOENT/,
      "missing.pem",
    );
    expect(error.cause).toMatchObject({ code: "ENOENT" });
    await expectError({ [CERT]: certFile("server"), [KEY]: "missing.pem" }, KEY, /ENOENT/, "missing.pem");
    const cafile = { ...serverTls(), "net.ssl.cafile": "missing.pem" };
    await expectError(cafile, "net.ssl.cafile", /ENOENT/, "missing.pem");
  });

  test("a certificate without a key, and a key without a certificate", async () => {
    await expectError(
      { [CERT]: certFile("server") },
      KEY,
      /there is a certificate, but no private key for it/,
    );
    await expectError({ [KEY]: keyFile("server") }, CERT, /there is a key, but no certificate for it/);
  });

  test("another certificate's key", async () => {
    const cfg = { [CERT]: certFile("server"), [KEY]: keyFile("client") };
    const error = await expectError(cfg, KEY, /is not the one of the certificate/, keyFile("client"));
    expect(error.message).toContain(certFile("server"));
    const direct = { "net.ssl.server.cert": certPem("server"), "net.ssl.server.key": keyPem("client") };
    await expectError(direct, "net.ssl.server.key", /certificate of net\.ssl\.server\.cert;/);
  });

  test("expired and not valid yet", async () => {
    const message = /certificate \(CN=localhost\) that expired on Feb 1 00:00:00 2020 GMT; get a new one/;
    const at = (text: RegExp) => new RegExp(text.source.replaceAll(" 1 ", " +1 "));
    await expectError(serverTls("expired"), CERT, at(message), certFile("expired"));
    await expectError(serverTls("future"), CERT, /is not valid before Jan/, certFile("future"));
  });

  test("files that hold something else", async () => {
    const [text, damaged] = [
      temporary("text.pem", "hello"),
      temporary("damaged.pem", certPem("server").replace(/\n[A-Za-z0-9+/]{20}/, "\nAAAAAAAAAAAAAAAAAAAA")),
    ];
    const key = { [KEY]: keyFile("server") };
    const cert = { [CERT]: certFile("server") };
    await expectError({ ...key, [CERT]: keyFile("server") }, CERT, /holds no certificate/, keyFile("server"));
    await expectError({ ...key, [CERT]: text }, CERT, /holds a damaged certificate/, text);
    await expectError({ ...key, [CERT]: damaged }, CERT, /holds a damaged certificate/, damaged);
    await expectError(
      { ...cert, [KEY]: certFile("server") },
      KEY,
      /holds no private key/,
      certFile("server"),
    );
    await expectError({ ...cert, [KEY]: text }, KEY, /private key that cannot be used/, text);
    await expectError(
      { ...key, "net.ssl.server.cert": "hello" },
      "net.ssl.server.cert",
      /holds no certificate/,
    );
    const ca = { ...serverTls(), "net.ssl.ca": keyPem("ca") };
    await expectError(ca, "net.ssl.ca", /holds no certificate/);
  });

  test("an encrypted key", async () => {
    const { privateKey } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" },
    });
    const cfg = { [CERT]: certFile("server"), "net.ssl.server.key": privateKey };
    await expectError(cfg, "net.ssl.server.key", /encrypted private key; decrypt it/);
  });

  test("a key that OpenSSL finds too short", async () => {
    const files = { cert: temporary("short.pem", ""), key: temporary("short-key.pem", "") };
    const request = ["req", "-x509", "-newkey", "rsa:512", "-nodes", "-days", "1", "-subj", "/CN=localhost"];
    const made = spawnSync("openssl", [...request, "-keyout", files.key, "-out", files.cert]);
    expect(made.status).toBe(0);
    const message = /^config option "[\w.]+": the certificate or key cannot be used: .*too small/;
    const error = await expectError({ [CERT]: files.cert, [KEY]: files.key }, CERT, message);
    expect(error.cause).toMatchObject({ message: expect.stringContaining("too small") });
    const client = { "net.ssl.client.certfile": files.cert, "net.ssl.client.keyfile": files.key };
    const connecting = track(
      new Client({ addr: "127.0.0.1:1", cfg: { ...clientTls(), ...client } }),
    ).connect();
    await expect(connecting).rejects.toMatchObject({
      key: "net.ssl.client.certfile",
      message: expect.stringMatching(message),
    });
  });

  test("nothing listens after them", async () => {
    const server = track(new Server({ addr: LOCAL, cfg: { "net.ssl.enabled": true } }));
    await expect(server.start()).rejects.toThrow(TlsConfigError);
    expect(server.addr[1]).toBe(0);
  });
});

describe("a client's mistakes", () => {
  test.each([
    ["net.ssl.client.certfile", { "net.ssl.client.certfile": "missing.pem" }, /ENOENT/],
    ["net.ssl.client.certfile", { "net.ssl.client.keyfile": "KEY client" }, /no certificate for it/],
    ["net.ssl.client.keyfile", { "net.ssl.client.certfile": "CERT client" }, /no private key for it/],
    [
      "net.ssl.client.keyfile",
      { "net.ssl.client.certfile": "CERT client", "net.ssl.client.keyfile": "KEY server" },
      /is not the one of the certificate/,
    ],
    [
      "net.ssl.client.certfile",
      { "net.ssl.client.certfile": "CERT expired", "net.ssl.client.keyfile": "KEY expired" },
      /that expired on/,
    ],
    ["net.ssl.cafile", { "net.ssl.cafile": "missing.pem" }, /ENOENT/],
  ] as const)("%s", async (key, options, message) => {
    const server = await rawServer();
    let connections = 0;
    void server.accepted().then(() => connections++);
    const files = Object.entries(options).map(([option, value]) => [
      option,
      value
        .replace(/^CERT (.*)/, (_, name) => certFile(name))
        .replace(/^KEY (.*)/, (_, name) => keyFile(name)),
    ]);
    const cfg: ConfigOverrides = { "net.ssl.enabled": true, ...Object.fromEntries(files) };
    const client = track(new Client({ addr: server.addr, cfg }));
    const error = await client.start().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TlsConfigError);
    expect(error).toMatchObject({ key, message: expect.stringMatching(message) });
    // It is found before anything is sent.
    expect(connections).toBe(0);
    await expect(client.waitForClose()).resolves.toMatchObject({ error, reason: "socketclose" });
  });
});

describe("material of all kinds", () => {
  const der = (name: "server" | "client" | "ca") => new X509Certificate(certPem(name)).raw;
  const keyDer = (name: "server" | "client"): Uint8Array =>
    Buffer.from(keyPem(name).replace(/-----[^-]+-----/g, ""), "base64");
  const authorities = () => ({ "net.ssl.enabled": true, "net.ssl.cafile": null });

  test.each([
    [
      "text",
      () => ({ cert: certPem("server"), key: keyPem("server"), ca: certPem("ca") }),
      () => ({ cert: certPem("client"), key: keyPem("client") }),
    ],
    [
      "bytes",
      () => ({
        cert: Buffer.from(certPem("server")),
        key: Buffer.from(keyPem("server")),
        ca: Buffer.from(certPem("ca")),
      }),
      () => ({ cert: Buffer.from(certPem("client")), key: Buffer.from(keyPem("client")) }),
    ],
    [
      "DER",
      () => ({ cert: der("server"), key: keyDer("server"), ca: der("ca") }),
      () => ({ cert: der("client"), key: keyDer("client") }),
    ],
    [
      "several",
      () => ({
        cert: [certPem("server"), der("ca")],
        key: [keyPem("server")],
        ca: [certPem("other-ca"), der("ca")],
      }),
      () => ({ cert: `${certPem("client")}${certPem("ca")}`, key: keyPem("client") }),
    ],
  ])("%s", async (_what, makeServer, makeClient) => {
    const { cert, key, ca } = makeServer();
    const mine = makeClient();
    const { client, remote } = await startPair({
      server: {
        cfg: { ...authorities(), "net.ssl.ca": ca, "net.ssl.server.cert": cert, "net.ssl.server.key": key },
      },
      client: {
        cfg: {
          ...authorities(),
          "net.ssl.ca": ca,
          "net.ssl.client.cert": mine.cert,
          "net.ssl.client.key": mine.key,
        },
      },
    });
    expect([client.sslSeclevel, remote.sslSeclevel]).toEqual([SSLSEC_BOTHAUTH, SSLSEC_BOTHAUTH]);
  });

  test("one file with certificate and key, as Python allows", async () => {
    const file = temporary("both.pem", keyPem("server") + certPem("server"));
    const { client } = await startPair({
      server: { cfg: { ...serverTls(), [CERT]: file, [KEY]: null } },
      client: { cfg: clientTls() },
    });
    expect(client.sslSeclevel).toBe(SSLSEC_SERVERAUTH);
  });

  test("PKCS#8 and PKCS#1 in DER", async () => {
    for (const type of ["pkcs8", "pkcs1"] as const) {
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const key = privateKey.export({ type, format: "der" });
      const error = await bindError({ "net.ssl.server.cert": certPem("server"), "net.ssl.server.key": key });
      // It was read: it is only not the right one.
      expect(error.message).toMatch(/is not the one of the certificate/);
    }
  });

  test("material in code goes before files", async () => {
    const { client } = await startPair({
      server: {
        cfg: {
          ...serverTls("expired"),
          "net.ssl.server.cert": certPem("server"),
          "net.ssl.server.key": keyPem("server"),
        },
      },
      client: { cfg: clientTls() },
    });
    expect(client.sslSeclevel).toBe(SSLSEC_SERVERAUTH);
  });

  test("a server that takes clients of any public authority warns", async () => {
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} };
    const start = async (cfg: ConfigOverrides): Promise<void> => {
      await track(new Server({ addr: LOCAL, cfg, logger })).start();
    };
    await start(mutualTls());
    await start({ ...serverTls(), "net.ssl.cafile": null });
    expect(warnings).toEqual([]);
    await start({ ...mutualTls(), "net.ssl.cafile": null });
    expect(warnings).toEqual([
      expect.stringMatching(/any public authority .*; name your own in net\.ssl\.cafile/),
    ]);
  });
});

describe("a runtime without TLS", () => {
  beforeEach(() => {
    const { openssl } = process.versions;
    Object.defineProperty(process.versions, "openssl", {
      value: undefined,
      configurable: true,
      enumerable: true,
    });
    onCleanup(() => {
      Object.defineProperty(process.versions, "openssl", {
        value: openssl,
        configurable: true,
        enumerable: true,
      });
    });
  });

  test("is an error", async () => {
    expect(await bindError(serverTls())).toMatchObject({ key: "net.ssl.force" });
    const client = track(new Client({ addr: "127.0.0.1:1", cfg: clientTls() }));
    await expect(client.connect()).rejects.toThrow(/this runtime has none/);
  });

  test("is a warning where that was asked for", async () => {
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} };
    const off = { "net.ssl.force": false };
    const { client, remote } = await startPair({
      server: { cfg: { ...serverTls(), ...off }, logger },
      client: { cfg: { ...clientTls(), ...off }, logger },
    });
    expect(warnings).toEqual(Array(2).fill(expect.stringMatching(/^TLS is enabled.*nothing is encrypted$/)));
    expect([client.sslSeclevel, remote.sslSeclevel]).toEqual([SSLSEC_NONE, SSLSEC_NONE]);
  });
});
