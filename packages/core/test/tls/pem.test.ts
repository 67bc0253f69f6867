// Certificates and keys as people have them, and what is told of those that cannot be used.

import { spawnSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { type ConfigOverrides, Server, TlsConfigError } from "@peng3dnet/core";
import { PemSource } from "../../src/tls/pem.js";
import { certPem, keyPem } from "../support/certificates.js";
import { onCleanup, track } from "../support/cleanup.js";
import { LOCAL } from "../support/peers.js";

const CERT = "net.ssl.server.cert";
const KEY = "net.ssl.server.key";

const der = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64");
const printOf = (pem: string): string => new X509Certificate(pem).fingerprint256;

const certificates = (pem: ConstructorParameters<typeof PemSource>[1]): string[] =>
  new PemSource(CERT, pem).certificates().map(({ fingerprint256 }) => fingerprint256);

test("certificates are found among other text, in their order, under each name that they go by", () => {
  const [server, ca] = [certPem("server"), certPem("ca")];
  const both = [printOf(server), printOf(ca)];
  expect(certificates(`subject=CN\n${server}\nand\n${ca}`)).toEqual(both);
  expect(certificates(Buffer.from(`${server}${ca}`))).toEqual(both);
  expect(certificates([der(server), ca])).toEqual(both);
  expect(certificates([keyPem("server"), server, "nothing", Buffer.from(ca)])).toEqual(both);
  for (const name of ["X509 CERTIFICATE", "TRUSTED CERTIFICATE"]) {
    const renamed = server.replaceAll(" CERTIFICATE", ` ${name}`);
    // What OpenSSL takes under the name, and what it does not, is OpenSSL's.
    let accepted: string[] | undefined;
    try {
      accepted = [new X509Certificate(renamed).fingerprint256];
    } catch {
      expect(() => certificates(renamed)).toThrow(/holds a damaged certificate: /);
      continue;
    }
    expect(certificates(renamed)).toEqual(accepted);
  }
});

test.each<[string, ConstructorParameters<typeof PemSource>[1]]>([
  ["text without any", "hello"],
  ["a key", "KEY"],
  ["a key in bytes", Buffer.from("KEY")],
  ["nothing", []],
  ["a request for one", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"],
])("%s is no certificate", (_what, pem) => {
  const key = keyPem("server");
  const given = pem === "KEY" ? key : Buffer.isBuffer(pem) ? Buffer.from(key) : pem;
  const source = new PemSource(CERT, given);
  expect(() => source.certificates()).toThrow(
    expect.objectContaining({
      name: "TlsConfigError",
      key: CERT,
      file: undefined,
      message: `config option "${CERT}": holds no certificate; PEM or DER is needed`,
    }),
  );
});

test("a damaged certificate is told with what is wrong, and its file", () => {
  for (const pem of [certPem("server").replace("MII", "AAA"), Buffer.from([0x30, 0x03, 1, 2, 3])]) {
    expect(() => new PemSource(CERT, pem, "some.pem").certificates()).toThrow(
      expect.objectContaining({
        file: "some.pem",
        message: expect.stringMatching(
          /^config option "[\w.]+": the file "some\.pem" holds a damaged certificate: ./,
        ),
        cause: expect.objectContaining({ message: expect.any(String) }),
      }),
    );
  }
});

describe("a private key", () => {
  const rsa = (): ReturnType<typeof generateKeyPairSync>["privateKey"] =>
    generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const ec = (): ReturnType<typeof generateKeyPairSync>["privateKey"] =>
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

  test.each([
    ["pkcs8", rsa],
    ["pkcs1", rsa],
    ["pkcs8", ec],
    ["sec1", ec],
  ] as const)("in the format %s is read, as PEM and as DER; %#", (type, make) => {
    const key = make();
    const pem = key.export({ type, format: "pem" }).toString();
    const raw = key.export({ type, format: "der" });
    for (const given of [pem, Buffer.from(pem), raw, [certPem("server"), pem], [`first\n${pem}`]]) {
      expect(new PemSource(KEY, given).privateKey().equals(key)).toBe(true);
    }
    expect(new PemSource(KEY, [certPem("server"), Buffer.from(pem)]).holdsKey).toBe(true);
    expect(new PemSource(KEY, certPem("server")).holdsKey).toBe(false);
  });

  test.each<[string, () => ConstructorParameters<typeof PemSource>[1]]>([
    ["text without any", () => "hello"],
    ["a certificate", () => certPem("server")],
    ["a certificate in bytes", () => Buffer.from(certPem("server"))],
    ["nothing", () => []],
    ["text, and then DER", () => ["hello", der(keyPem("server"))]],
    ["a public key", () => "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"],
  ])("is not %s", (_what, make) => {
    expect(() => new PemSource(KEY, make()).privateKey()).toThrow(
      new TlsConfigError(KEY, `config option "${KEY}": holds no private key; PEM or DER is needed`),
    );
  });

  test("that is damaged is told with what is wrong", () => {
    const damaged = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for (const given of [damaged, Buffer.from([0x30, 0x03, 1, 2, 3])]) {
      expect(() => new PemSource(KEY, given).privateKey()).toThrow(
        expect.objectContaining({
          message: expect.stringMatching(
            /^config option "[\w.]+": holds a private key that cannot be used: ./,
          ),
          cause: expect.objectContaining({ message: expect.any(String) }),
        }),
      );
    }
  });

  test.each(["pkcs8", "sec1"] as const)("that is encrypted has to be decrypted first: %s", (type) => {
    const pem = ec().export({ type, format: "pem", cipher: "aes-256-cbc", passphrase: "secret" });
    expect(() => new PemSource(KEY, pem).privateKey()).toThrow(
      expect.objectContaining({
        message: `config option "${KEY}": holds an encrypted private key; decrypt it, e.g. with \`openssl pkey\``,
        cause: expect.objectContaining({ message: expect.any(String) }),
      }),
    );
  });
});

describe("what a server says of a mistake, in whole", () => {
  const message = async (cfg: ConfigOverrides): Promise<string> => {
    const server = track(new Server({ addr: LOCAL, cfg: { "net.ssl.enabled": true, ...cfg } }));
    return server.start().then(
      () => "none",
      ({ message: text }: Error) => text,
    );
  };

  test("no certificate at all", async () => {
    expect(await message({})).toBe(
      'config option "net.ssl.server.certfile": TLS is enabled (net.ssl.enabled), but the server has no certificate; set this option and "net.ssl.server.keyfile", or "net.ssl.server.cert" and "net.ssl.server.key"',
    );
  });

  test("one half without the other", async () => {
    expect(await message({ [CERT]: certPem("server") })).toBe(
      'config option "net.ssl.server.keyfile": there is a certificate, but no private key for it; set this option or "net.ssl.server.key"',
    );
    expect(await message({ [KEY]: keyPem("server") })).toBe(
      'config option "net.ssl.server.certfile": there is a key, but no certificate for it; set this option or "net.ssl.server.cert"',
    );
  });

  test("the key of another certificate", async () => {
    expect(await message({ [CERT]: certPem("server"), [KEY]: keyPem("client") })).toBe(
      'config option "net.ssl.server.key": holds a private key that is not the one of the certificate of net.ssl.server.cert; the chain starts with the certificate itself',
    );
  });

  test("dates, also of what stands behind the certificate", async () => {
    const both = { [CERT]: certPem("expired"), [KEY]: keyPem("expired") };
    expect(await message(both)).toMatch(
      /^config option "net\.ssl\.server\.cert": holds a certificate \(CN=localhost\) that expired on Feb +1 00:00:00 2020 GMT; get a new one$/,
    );
    const future = { [CERT]: certPem("future"), [KEY]: keyPem("future") };
    expect(await message(future)).toMatch(
      /holds a certificate \(CN=localhost\) that is not valid before Jan .* GMT; check this machine's clock$/,
    );
    const behind = { [CERT]: [certPem("server"), certPem("expired")], [KEY]: keyPem("server") };
    expect(await message(behind)).toContain("that expired on");
  });

  test("a certificate holds in the first and in the last second that it names", async () => {
    const now = jest.spyOn(Date, "now");
    onCleanup(() => now.mockRestore());
    const { validFrom, validTo } = new X509Certificate(certPem("server"));
    const at = (time: number): Promise<string> => {
      now.mockReturnValue(time);
      return message({ [CERT]: certPem("server"), [KEY]: keyPem("server") });
    };
    expect(await at(Date.parse(validFrom) - 1)).toContain("not valid before");
    expect(await at(Date.parse(validFrom))).toBe("none");
    expect(await at(Date.parse(validTo))).toBe("none");
    expect(await at(Date.parse(validTo) + 1)).toContain("expired on");
  });

  test.each([
    ["/O=Some/CN=host", "(O=Some, CN=host)"],
    ["/", "()"],
  ])("the names of one that is for %s", async (subject, shown) => {
    const made = spawnSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", "-"],
      { encoding: "utf8" },
    );
    const now = jest.spyOn(Date, "now").mockReturnValue(Date.parse("2400-01-01"));
    onCleanup(() => now.mockRestore());
    expect(await message({ [CERT]: made.stdout, [KEY]: made.stdout })).toContain(
      `holds a certificate ${shown} that expired on`,
    );
  });
});
