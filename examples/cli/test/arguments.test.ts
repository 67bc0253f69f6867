import { ArgumentError, parseArguments } from "../src/arguments.js";

const spec = {
  name: "some:server",
  summary: "Serves.",
  flags: {
    "allow-stop": { type: "boolean", help: "let it be stopped" },
    nick: { type: "string", value: "NAME", help: "who you are" },
  },
} as const;

describe("parseArguments", () => {
  test.each([
    [[], ["127.0.0.1", 8080]],
    [["localhost"], ["localhost", 8080]],
    [["10.0.0.1:99"], ["10.0.0.1", 99]],
    [["[::1]:0"], ["::1", 0]],
  ])("%j gives the address %j", (args, addr) => {
    expect(parseArguments(spec, args)).toMatchObject({ peer: { addr }, values: {} });
  });

  test("flags stand before or behind the address", () => {
    expect(parseArguments(spec, ["--nick", "Ada", "h:1", "--allow-stop"])).toMatchObject({
      peer: { addr: ["h", 1] },
      values: { nick: "Ada", "allow-stop": true },
    });
  });

  test.each([
    [["--nope"], "Unknown option '--nope'"],
    [["--nick"], "Option '--nick <value>' argument missing"],
    [["--allow-stop=yes"], "Option '--allow-stop' does not take an argument"],
    [["h:1", "h:2"], 'one HOST:PORT is enough; what is "h:2"?'],
    [["h:port"], '"port" is not a port; use an integer from 0 to 65535'],
    [["h:65536"], '"65536" is not a port; use an integer from 0 to 65535'],
    [["--tls", "--ca"], "Option '--ca <value>' argument missing"],
    [["--cert", "x.pem"], "--cert is of no use without --tls"],
    [["a b:1"], '"a b" is neither a host name nor an IP address'],
  ])("%j is refused in one line", (args, message) => {
    expect(() => parseArguments(spec, args)).toThrow(new ArgumentError(message));
  });

  test("without --tls nothing is said of it", () => {
    expect(parseArguments(spec, [])).toMatchObject({ peer: { cfg: {} } });
  });

  test("--tls is for either side; a server asks for certificates if it knows whose", () => {
    const files = { cert: "cert.pem", key: "key.pem", ca: "ca.pem" };
    const args = Object.entries(files).flatMap(([name, file]) => [`--${name}`, file]);
    expect(parseArguments(spec, ["--tls", ...args])).toEqual({
      peer: {
        addr: ["127.0.0.1", 8080],
        cfg: {
          "net.ssl.enabled": true,
          "net.ssl.cafile": "ca.pem",
          "net.ssl.server.certfile": "cert.pem",
          "net.ssl.server.keyfile": "key.pem",
          "net.ssl.server.force_verify": true,
          "net.ssl.client.certfile": "cert.pem",
          "net.ssl.client.keyfile": "key.pem",
        },
      },
      values: {},
    });
    expect(parseArguments(spec, ["--tls"])).toMatchObject({
      peer: { cfg: { "net.ssl.enabled": true, "net.ssl.server.force_verify": false } },
    });
  });

  test("--help is answered with all that there is", () => {
    const help = parseArguments(spec, ["--help"]);
    for (const part of ["npm run some:server -- [HOST:PORT]", "Serves.", "--allow-stop", "--nick NAME"]) {
      expect(help).toContain(part);
    }
  });
});
