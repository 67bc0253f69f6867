// What the command makes of its arguments, and what it says of wrong ones.

import { ArgumentError, parseArguments } from "../../src/command/arguments.js";

const PLAIN = {
  targets: [{ label: "one", address: ["one", 8080] }],
  count: 1,
  interval: 1,
  timeout: 10,
  watch: false,
  json: false,
  quiet: false,
  data: {},
  cfg: {},
  family: 0,
};
const TLS = {
  "net.ssl.enabled": true,
  "net.ssl.cafile": null,
  "net.ssl.client.certfile": null,
  "net.ssl.client.keyfile": null,
  "net.ssl.server_hostname": null,
  "net.ssl.client.check_hostname": true,
  "net.ssl.client.force_verify": true,
};

test.each<[readonly string[], object]>([
  [["one"], {}],
  [
    ["one:1", "[::1]:2", "wss://three.example/play"],
    {
      targets: [
        { label: "one:1", address: ["one", 1] },
        { label: "[::1]:2", address: ["::1", 2] },
        { label: "wss://three.example/play", address: "wss://three.example/play" },
      ],
    },
  ],
  [["-c", "1", "one"], {}],
  [["-c", "25", "one"], { count: 25 }],
  [["--count", "25", "--watch", "one"], { count: 25, watch: true }],
  [["--watch", "one"], { count: Number.POSITIVE_INFINITY, watch: true }],
  [["-i", "0", "one"], { interval: 0 }],
  [["--interval", "86400", "one"], { interval: 86_400 }],
  [["-W", "0.001", "one"], { timeout: 0.001 }],
  [["--timeout", "2.5", "one"], { timeout: 2.5 }],
  [["--json", "-q", "one"], { json: true, quiet: true }],
  [["--quiet", "one"], { quiet: true }],
  [["-4", "one"], { family: 4 }],
  [["-6", "one"], { family: 6 }],
  [["--ipv6", "one"], { family: 6 }],
  [
    [
      "--data",
      "a=1",
      "--data",
      "b=x=y",
      "--data",
      "c=",
      "--data",
      "date=two\nlines",
      "--data",
      "e=[1,null]",
      "one",
    ],
    { data: { a: 1, b: "x=y", c: "", date: "two\nlines", e: [1, null] } },
  ],
  [["--tls", "one"], { cfg: TLS }],
  [["--ca", "ca.pem", "one"], { cfg: { ...TLS, "net.ssl.cafile": "ca.pem" } }],
  [["--cert", "me.pem", "one"], { cfg: { ...TLS, "net.ssl.client.certfile": "me.pem" } }],
  [["--key", "key.pem", "one"], { cfg: { ...TLS, "net.ssl.client.keyfile": "key.pem" } }],
  [["--servername", "two", "one"], { cfg: { ...TLS, "net.ssl.server_hostname": "two" } }],
  [
    ["--insecure", "one"],
    { cfg: { ...TLS, "net.ssl.client.check_hostname": false, "net.ssl.client.force_verify": false } },
  ],
])("%j", (argv, differs) => {
  expect(parseArguments(argv)).toEqual({ ...PLAIN, ...differs });
});

test("help and version go before everything else", () => {
  expect(parseArguments(["-h", "--version"])).toBe("help");
  expect(parseArguments(["--help", "-c", "no number"])).toBe("help");
  expect(parseArguments(["--version", "-4", "-6"])).toBe("version");
});

const FOR_HOSTS =
  'is for HOST[:PORT], not for "wss://one.example/"; wss: has TLS, and trusts the authorities in the file';

test.each<[readonly string[], string]>([
  [[], "give at least one server, as HOST, HOST:PORT or wss://HOST/PATH"],
  [["--bogus", "one"], "Unknown option '--bogus'"],
  [["-4", "-6", "one"], "-4 and -6 exclude each other"],
  ...["0", "-0", "1.5", "1e3", "", " 2", "2 ", "9007199254740993"].map((count): [string[], string] => [
    [`--count=${count}`, "one"],
    "--count has to be an integer of 1 or more",
  ]),
  ...["-0.1", "86400.1", "", " ", "soon", "Infinity"].map((interval): [string[], string] => [
    [`--interval=${interval}`, "one"],
    "--interval has to be a number of seconds from 0 to 86400",
  ]),
  ...["0", "0.0009", "86401"].map((timeout): [string[], string] => [
    [`--timeout=${timeout}`, "one"],
    "--timeout has to be a number of seconds from 0.001 to 86400",
  ]),
  [["--data", "motd", "one"], '--data needs KEY=VALUE, not "motd"'],
  [["--data", "=1", "one"], '--data needs KEY=VALUE, not "=1"'],
  [["--data", "=a=1", "one"], '--data needs KEY=VALUE, not "=a=1"'],
  [["two", "wss://one.example/", "--key=key.pem"], `--key ${FOR_HOSTS}`],
  [["-6", "wss://one.example/"], `-6 ${FOR_HOSTS}`],
  ...["--tls", "--cert=me.pem", "--servername=x", "--insecure"].map((option): [string[], string] => [
    [option, "wss://one.example/"],
    `${option.replace(/=.*/, "")} ${FOR_HOSTS}`,
  ]),
])("%j is wrong", (argv, message) => {
  const parsed = (): unknown => parseArguments(argv);
  expect(parsed).toThrow(ArgumentError);
  expect(parsed).toThrow(expect.objectContaining({ name: "ArgumentError", code: "P3D_ERR_ARGUMENT" }));
  expect(parsed).toThrow(message);
});

test("only the first sentence of what Node says of an option is passed on", () => {
  expect(() => parseArguments(["--", "--bogus"])).toThrow(ArgumentError);
  expect(() => parseArguments(["-i", "-1", "one"])).toThrow(/^Option '-i' argument is ambiguous$/);
  expect(() => parseArguments(["--count"])).toThrow(
    expect.objectContaining({
      cause: expect.objectContaining({ code: "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" }),
    }),
  );
});

test("what is wrong with an address or with data is passed on, with its cause", () => {
  expect(() => parseArguments(["one:99999"])).toThrow(
    expect.objectContaining({
      code: "P3D_ERR_ARGUMENT",
      message: expect.stringContaining("port"),
      cause: expect.objectContaining({ message: expect.stringContaining("port") }),
    }),
  );
  expect(() => parseArguments(["--data", `x=${"a".repeat(1100)}`, "one"])).toThrow(
    "at most 1024 are allowed",
  );
});
