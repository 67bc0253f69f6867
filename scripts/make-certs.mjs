// Makes a test certificate authority and certificates signed by it, with the `openssl` program and without network:
//
//   node scripts/make-certs.mjs DIR
//
// For trying out and for tests only: the authority's key lies beside the certificates.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const HERE = "DNS:localhost,IP:127.0.0.1,IP:::1";
const LONG_AGO = ["20200101000000Z", "20200201000000Z"];
const IN_FUTURE = ["20980101000000Z", "20990101000000Z"];

/** File name, common name, what it is for, and what is special about it. */
const AUTHORITIES = [
  { file: "ca", cn: "peng3dnet test authority" },
  { file: "other-ca", cn: "another test authority" },
];
const CERTIFICATES = [
  { file: "server", cn: "localhost", san: HERE, use: "serverAuth" },
  { file: "server-renewed", cn: "localhost", san: HERE, use: "serverAuth" },
  { file: "client", cn: "test client", use: "clientAuth" },
  { file: "expired", cn: "localhost", san: HERE, use: "serverAuth,clientAuth", dates: LONG_AGO },
  { file: "future", cn: "localhost", san: HERE, use: "serverAuth,clientAuth", dates: IN_FUTURE },
  { file: "wrong-host", cn: "elsewhere.invalid", san: "DNS:elsewhere.invalid", use: "serverAuth" },
  { file: "stranger", cn: "localhost", san: HERE, use: "serverAuth,clientAuth", issuer: "other-ca" },
];

function fail(message) {
  process.stderr.write(`make-certs: ${message}\n`);
  process.exit(1);
}

function openssl(cwd, ...args) {
  const { error, status, stderr } = spawnSync("openssl", args, { cwd, encoding: "utf8" });
  if (error?.code === "ENOENT")
    fail("the program `openssl` is not installed or not on the PATH; install it and try again");
  if (error) fail(`openssl cannot be run: ${error.message}`);
  if (status !== 0) fail(`openssl ${args.join(" ")} ended with ${status}:\n${stderr}`);
}

/** Settings of `openssl ca`, which unlike `openssl x509` can set both dates in every version. */
function settings(authority, extensions) {
  return `[ca]
default_ca = this
[this]
dir = .
database = ${authority}.index
serial = ${authority}.serial
new_certs_dir = .
certificate = ${authority}.pem
private_key = ${authority}-key.pem
default_md = sha256
policy = any
unique_subject = no
x509_extensions = extensions
[any]
commonName = supplied
[extensions]
${extensions.join("\n")}
[req]
distinguished_name = name
prompt = no
[name]
CN = unused
`;
}

function request(folder, { file, cn }) {
  openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${file}-key.pem`);
  const request = ["-new", "-key", `${file}-key.pem`, "-subj", `/CN=${cn}`, "-out", `${file}.csr`];
  openssl(folder, "req", "-config", "settings", ...request);
}

function sign(folder, { file, dates }, ...more) {
  const dated = dates ? ["-startdate", dates[0], "-enddate", dates[1]] : ["-days", "3650"];
  const common = ["ca", "-config", "settings", "-batch", "-notext", ...dated];
  openssl(folder, ...common, "-in", `${file}.csr`, "-out", `${file}.pem`, ...more);
}

function makeAuthority(folder, authority) {
  const { file } = authority;
  writeFileSync(join(folder, `${file}.index`), "");
  writeFileSync(join(folder, `${file}.serial`), "1000\n");
  const extensions = [
    "basicConstraints = critical,CA:TRUE",
    "keyUsage = critical,keyCertSign,cRLSign",
    "subjectKeyIdentifier = hash",
  ];
  writeFileSync(join(folder, "settings"), settings(file, extensions));
  request(folder, authority);
  sign(folder, authority, "-selfsign", "-keyfile", `${file}-key.pem`);
}

function makeCertificate(folder, certificate) {
  const { issuer = "ca", use, san } = certificate;
  const extensions = [
    "basicConstraints = critical,CA:FALSE",
    "keyUsage = critical,digitalSignature",
    "subjectKeyIdentifier = hash",
    "authorityKeyIdentifier = keyid",
    `extendedKeyUsage = ${use}`,
  ];
  if (san) extensions.push(`subjectAltName = ${san}`);
  writeFileSync(join(folder, "settings"), settings(issuer, extensions));
  request(folder, certificate);
  sign(folder, certificate);
}

const [target, ...rest] = process.argv.slice(2);
if (target === undefined || target.startsWith("-") || rest.length > 0)
  fail("usage: npm run certs -- DIR, where DIR is the folder to write to");
const out = resolve(target);
mkdirSync(out, { recursive: true });
const folder = mkdtempSync(join(out, ".making-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

process.stdout.on("error", ({ message }) => fail(`the output cannot be written: ${message}`));
for (const authority of AUTHORITIES) makeAuthority(folder, authority);
for (const certificate of CERTIFICATES) makeCertificate(folder, certificate);
for (const { file } of [...AUTHORITIES, ...CERTIFICATES]) {
  for (const name of [`${file}.pem`, `${file}-key.pem`]) {
    try {
      renameSync(join(folder, name), join(out, name));
    } catch (error) {
      fail(`${join(out, name)} cannot be written: ${error.message}`);
    }
  }
}
process.stdout.write(`ca.pem, server.pem, client.pem and others, with their keys, are in ${out}\n`);
