import {
  type AddressLike,
  InvalidAddressError,
  InvalidHostError,
  InvalidPortError,
  normalizeAddrFormatted,
  normalizeAddrSocketstyle,
  parseAddress,
  UnsupportedAddressError,
} from "@peng3dnet/protocol";

const LONG = `${"a".repeat(63)}.`.repeat(4);

describe("parseAddress", () => {
  test.each<[string, string, number]>([
    ["127.0.0.1", "127.0.0.1", 8080],
    ["127.0.0.1:80", "127.0.0.1", 80],
    ["0.0.0.0:0", "0.0.0.0", 0],
    ["255.255.255.255:65535", "255.255.255.255", 65535],
    [" localhost:1234 ", "localhost", 1234],
    ["example.com", "example.com", 8080],
    ["example.com.:1", "example.com.", 1],
    ["a-b_c.d1.example:1", "a-b_c.d1.example", 1],
    ["_service.example:1", "_service.example", 1],
    ["müller.example:1", "müller.example", 1],
    ["1host:00080", "1host", 80],
    ["::", "::", 8080],
    ["::1", "::1", 8080],
    ["1::", "1::", 8080],
    ["[::1]", "::1", 8080],
    ["[::1]:90", "::1", 90],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 8080],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7::", 8080],
    ["[2001:db8::ff00:42:8329]:8081", "2001:db8::ff00:42:8329", 8081],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1", 8080],
    ["1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:192.0.2.1", 8080],
    ["[fe80::1%eth0]:90", "fe80::1%eth0", 90],
    ["fe80::1%en-1.2", "fe80::1%en-1.2", 8080],
  ])("%p", (addr, host, port) => {
    expect(parseAddress(addr)).toEqual([host, port]);
    expect(normalizeAddrSocketstyle(addr)).toEqual([host, port]);
  });

  test.each([
    "host:",
    "host:x",
    "host:-1",
    "host:65536",
    "host:99999",
    "host:1e3",
    "host:080000",
    "host: 80",
    "[::1]:",
    "[::1]:x",
    "[::1]:65536",
  ])("%p: the port is wrong", (addr) => {
    expect(() => parseAddress(addr)).toThrow(InvalidPortError);
    expect(() => parseAddress(addr)).toThrow(/is not a port/);
  });

  test.each([
    "",
    ":80",
    " ",
    "[]:80",
    "[localhost]:80",
    "[127.0.0.1]",
    "a b",
    "-a",
    "a-",
    "a..b",
    ".a",
    "a/b",
    "a@b:80",
    "256.0.0.1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.4000",
    "0001.2.3.4",
    "1.2.3.0004",
    "1:2:3::4:5:6::7:8",
    "::1:g:1.2.3.4",
    "x[::1]:80",
    "1..2.3",
    "1234",
    LONG,
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "12345::",
    "g::",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "::256.0.0.1",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::%",
    "[::1",
    "[::1]x",
  ])("%p: the host is wrong", (addr) => {
    expect(() => parseAddress(addr)).toThrow(InvalidHostError);
    expect(() => parseAddress(addr)).toThrow(
      /^(the host is empty; give|".*" is not|".*" is neither|".*" in brackets is not)/,
    );
  });

  test.each([
    ["http://host:80", true],
    ["HTTPS://host", true],
    ["ws://host:80/", true],
    ["wss://host", true],
    ["tcp://[::1]:80", false],
    ["see http://host", false],
    ["/run/server.sock", false],
    ["a://b", false],
  ])("%p: not of a supported kind, and whether there is a hint at WebSockets: %p", (addr, hint) => {
    expect(() => parseAddress(addr)).toThrow(UnsupportedAddressError);
    const text = `"${addr}" is a URL or a path; give "host:port"`;
    const more =
      "; for a WebSocket, take the Client of @peng3dnet/browser, or its webSocketConnector as the option connector";
    expect(() => parseAddress(addr)).toThrow(new UnsupportedAddressError(hint ? text + more : text));
  });

  test.each([
    ["", 'the host is empty; give a name or an IP address, e.g. "127.0.0.1"'],
    ["1.2.3", '"1.2.3" is not an IPv4 address'],
    ["1::2::3", '"1::2::3" is not an IPv6 address'],
    ["[localhost]:80", '"localhost" in brackets is not an IPv6 address'],
    ["a b", '"a b" is neither a host name nor an IP address'],
  ])("%p: what is wrong with the host", (addr, message) => {
    expect(() => parseAddress(addr)).toThrow(new InvalidHostError(message));
  });

  test("a default port of one's own, which is checked where it is used", () => {
    expect(parseAddress("host", 1)).toEqual(["host", 1]);
    expect(parseAddress("host:2", 1)).toEqual(["host", 2]);
    expect(() => parseAddress("host", 65536)).toThrow(InvalidPortError);
    expect(normalizeAddrSocketstyle({ host: "host" }, 3)).toEqual(["host", 3]);
    expect(() => normalizeAddrSocketstyle("host", 1.5)).toThrow(InvalidPortError);
  });

  test("a long host is judged at once", () => {
    expect(() => parseAddress("a".repeat(100_000))).toThrow(InvalidHostError);
    expect(() => parseAddress(`${"a-".repeat(100_000)}.`)).toThrow(InvalidHostError);
  });
});

describe("the normalisers", () => {
  test.each<[AddressLike, [string, number], string]>([
    [["host", 80], ["host", 80], "host:80"],
    [["host"], ["host", 8080], "host"],
    [{ host: "host", port: 0 }, ["host", 0], "host:0"],
    [{ host: "host" }, ["host", 8080], "host"],
    [{ host: "host", port: undefined }, ["host", 8080], "host"],
    [["::1", 80], ["::1", 80], "[::1]:80"],
    [{ host: "::1" }, ["::1", 8080], "::1"],
    ["127.0.0.1", ["127.0.0.1", 8080], "127.0.0.1"],
    ["127.0.0.1:80", ["127.0.0.1", 80], "127.0.0.1:80"],
    ["[::1]:80", ["::1", 80], "[::1]:80"],
  ])("%p", (addr, socketstyle, formatted) => {
    expect(normalizeAddrSocketstyle(addr)).toEqual(socketstyle);
    expect(normalizeAddrFormatted(addr)).toBe(formatted);
    expect(normalizeAddrFormatted(formatted)).toBe(formatted);
  });

  test("nil as port, which a Python config may hold", () => {
    expect(normalizeAddrSocketstyle(["host", null] as unknown as AddressLike)).toEqual(["host", 8080]);
  });

  test.each([
    [["host", "80"], InvalidPortError],
    [["host", 80.5], InvalidPortError],
    [["host", -1], InvalidPortError],
    [{ host: "host", port: 65536 }, InvalidPortError],
    [["", 80], InvalidHostError],
    [{ host: "a b" }, InvalidHostError],
    [["[::1]", 80], InvalidHostError],
    [[80, "host"], InvalidAddressError],
    [[], InvalidAddressError],
    [{}, InvalidAddressError],
    [null, InvalidAddressError],
    [undefined, InvalidAddressError],
    [8080, InvalidAddressError],
  ])("%p is refused", (addr, error) => {
    expect(() => normalizeAddrSocketstyle(addr as AddressLike)).toThrow(error);
    expect(() => normalizeAddrFormatted(addr as AddressLike)).toThrow(error);
    const text = {
      InvalidPortError: /is not a port; use an integer/,
      InvalidHostError: /^the host is empty|is neither a host name|is not an IPv6/,
      InvalidAddressError: /^an address is "host:port", \[host, port\] or \{ host, port \}$/,
    }[error.name];
    expect(() => normalizeAddrFormatted(addr as AddressLike)).toThrow(text);
  });
});
