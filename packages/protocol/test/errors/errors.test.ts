import * as protocol from "@peng3dnet/protocol";
import {
  ClosedError,
  EnvironmentError,
  Peng3dnetError,
  ProtocolError,
  UsageError,
} from "@peng3dnet/protocol";

type AnyError = new (...args: unknown[]) => Peng3dnetError;

// A RequestError is one of an application, which chooses its code: see request-errors.test.ts.
const NOT_HERE: unknown[] = [
  protocol.RequestError,
  Peng3dnetError,
  UsageError,
  ProtocolError,
  EnvironmentError,
  ClosedError,
];
const ARGUMENTS: Readonly<Record<string, unknown[]>> = {
  ConfigError: ["net.x", "message", { cause: 7 }],
  ConnectionClosedError: ["message", "why", { cause: 7 }],
  InvalidPayloadError: ["name", [{ path: "/a", message: "message" }]],
  PacketRegistryMismatchError: ["message", ["a"], ["b"]],
  PacketTooLargeError: ["in", 2000, 1000],
  RequestClosedError: ["message", "why", "unknown", { cause: 7 }],
  ResumeError: ["message", "resumegap", { cause: 7 }],
  TlsConfigError: ["net.ssl.x", "message", { cause: 7, file: "x.pem" }],
};

const classes = Object.entries(protocol as unknown as Record<string, unknown>).filter(
  (entry): entry is [string, AnyError] =>
    typeof entry[1] === "function" &&
    entry[1].prototype instanceof Peng3dnetError &&
    !NOT_HERE.includes(entry[1]),
);
const make = (name: string, type: AnyError): Peng3dnetError =>
  new type(...(ARGUMENTS[name] ?? ["message", { cause: 7 }]));
const family = (error: Peng3dnetError): string =>
  error instanceof ClosedError
    ? "closed"
    : error instanceof UsageError
      ? "usage"
      : error instanceof ProtocolError
        ? "protocol"
        : error instanceof EnvironmentError
          ? "environment"
          : "none";

/** Class, code, reason told to the peer, family. What is here may not change; what is new is added. */
const STABLE = [
  "AbortedError P3D_ERR_ABORTED - environment",
  "AlreadyRegisteredError P3D_ERR_ALREADY_REGISTERED - usage",
  "BadDataError P3D_ERR_BAD_DATA baddata protocol",
  "ConfigError P3D_ERR_CONFIG - usage",
  "ConnectError P3D_ERR_CONNECT - environment",
  "ConnectionClosedError P3D_ERR_CONNECTION_CLOSED - closed",
  "ConnectionLostError P3D_ERR_CONNECTION_LOST socketclose environment",
  "ConnectionRefusedError P3D_ERR_CONNECTION_REFUSED - environment",
  "DecompressLimitError P3D_ERR_DECOMPRESS_LIMIT decompresslimit protocol",
  "EncodeError P3D_ERR_ENCODE - usage",
  "FailedPingError P3D_ERR_FAILED_PING - environment",
  "HandshakeTimeoutError P3D_ERR_HANDSHAKE_TIMEOUT handshaketimeout environment",
  "IdleTimeoutError P3D_ERR_IDLE_TIMEOUT timeout environment",
  "InvalidAddressError P3D_ERR_INVALID_ADDRESS - usage",
  "InvalidHostError P3D_ERR_INVALID_HOST - usage",
  "InvalidPortError P3D_ERR_INVALID_PORT - usage",
  "InvalidSmartPacketActionError P3D_ERR_INVALID_SMARTPACKET_ACTION - usage",
  "InvalidStateError P3D_ERR_INVALID_STATE - usage",
  "ListenError P3D_ERR_LISTEN - environment",
  "MalformedPacketError P3D_ERR_MALFORMED_PACKET malformedpacket protocol",
  "NotPeng3dnetError P3D_ERR_NOT_PENG3DNET notpeng3dnet protocol",
  "NotRegisteredError P3D_ERR_NOT_REGISTERED - usage",
  "PacketRegistryMismatchError P3D_ERR_PACKETREG_MISMATCH packetregmismatch protocol",
  "PacketTooLargeError P3D_ERR_PACKET_TOO_LARGE packettoolong none",
  "ProtocolVersionMismatchError P3D_ERR_PROTOVERSION_MISMATCH protoversionmismatch protocol",
  "RegistryError P3D_ERR_REGISTRY - usage",
  "RequestClosedError P3D_ERR_REQUEST_CLOSED - closed",
  "ServerDrainingError P3D_ERR_SERVER_DRAINING serverdraining environment",
  "ServerFullError P3D_ERR_SERVER_FULL serverfull environment",
  "SlowConsumerError P3D_ERR_SLOW_CONSUMER slowconsumer environment",
  "SmartPacketInvalidError P3D_ERR_SMARTPACKET_INVALID smartpacketinvalid none",
  "TimedOutError P3D_ERR_TIMED_OUT - environment",
  "TlsCertificateExpiredError P3D_ERR_TLS_CERT_EXPIRED tlscertexpired environment",
  "TlsCertificateInvalidError P3D_ERR_TLS_CERT_INVALID tlscertinvalid environment",
  "TlsCertificateRejectedError P3D_ERR_TLS_CERT_REJECTED tlscertrejected environment",
  "TlsClientCertificateRequiredError P3D_ERR_TLS_CLIENT_CERT_REQUIRED tlsclientcertrequired environment",
  "TlsConfigError P3D_ERR_TLS_CONFIG - usage",
  "TlsHandshakeError P3D_ERR_TLS_HANDSHAKE tlsfailed environment",
  "TlsHostMismatchError P3D_ERR_TLS_HOST_MISMATCH tlshostmismatch environment",
  "TlsOnPlainPortError P3D_ERR_TLS_ON_PLAIN_PORT tlsonplainport protocol",
  "TlsPlainPeerError P3D_ERR_TLS_PLAIN_PEER tlsplainpeer environment",
  "TlsRequiredError P3D_ERR_TLS_REQUIRED tlsrequired environment",
  "TlsUnknownCaError P3D_ERR_TLS_UNKNOWN_CA tlsunknownca environment",
  "TlsVersionError P3D_ERR_TLS_VERSION tlsversion environment",
  "TooManyRequestsError P3D_ERR_TOO_MANY_REQUESTS - environment",
  "UnexpectedPacketError P3D_ERR_UNEXPECTED_PACKET unexpectedpacket protocol",
  "UnknownConnectionTypeError P3D_ERR_UNKNOWN_CONNTYPE unknownconntype protocol",
  "UnknownPacketError P3D_ERR_UNKNOWN_PACKET unknownpacket protocol",
  "UnreachableHostError P3D_ERR_UNREACHABLE_HOST - environment",
  "UnresolvableHostError P3D_ERR_UNRESOLVABLE_HOST - environment",
  "UnsupportedAddressError P3D_ERR_UNSUPPORTED_ADDRESS - usage",
  "UnsupportedFlagsError P3D_ERR_UNSUPPORTED_FLAGS unsupportedflags protocol",
];

test("names, codes, reasons and families are stable", () => {
  const table = classes.map(([name, type]) => {
    const error = make(name, type);
    return `${name} ${error.code} ${error.closeReason ?? "-"} ${family(error)}`;
  });
  expect(table).toEqual(expect.arrayContaining(STABLE));
});

test("codes are unique", () => {
  const codes = classes.map(([name, type]) => make(name, type).code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.length).toBeGreaterThan(35);
});

test.each(classes)("%s is an error with name, message and stack", (name, type) => {
  const error = make(name, type);
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe(name);
  expect(error.message).not.toBe("");
  expect(error.stack).toContain(name);
  expect(error.code).toMatch(/^P3D_ERR_[A-Z0-9_]+$/);
});

const OWN_MESSAGE = ["InvalidPayloadError", "PacketRegistryMismatchError", "PacketTooLargeError"];

test.each(classes.filter(([name]) => !OWN_MESSAGE.includes(name)))("%s keeps its cause", (name, type) => {
  expect(make(name, type)).toMatchObject({ message: "message", cause: 7 });
});

test("the errors with more to say", () => {
  expect(make("ConfigError", protocol.ConfigError as AnyError)).toMatchObject({ key: "net.x" });
  expect(new protocol.ConnectionClosedError("m", "why")).toMatchObject({ reason: "why" });
  expect(new protocol.PacketRegistryMismatchError("m", ["a"], ["b"])).toMatchObject({
    missing: ["a"],
    extra: ["b"],
  });
  expect(new protocol.PacketRegistryMismatchError("m")).toMatchObject({ missing: [], extra: [] });
  expect(new protocol.TlsConfigError("k", "m", { file: "x.pem" })).toMatchObject({ key: "k", file: "x.pem" });
  expect(new protocol.SmartPacketInvalidError("m")).toMatchObject({ direction: "out" });
  for (const direction of ["in", "out"] as const) {
    expect(new protocol.SmartPacketInvalidError("m", { direction })).toMatchObject({ direction });
    const error = new protocol.PacketTooLargeError(direction, 2000, 1000);
    expect(error).toMatchObject({ direction, length: 2000, limit: 1000 });
    expect(error.message).toMatch(/2000 bytes.*1000 allowed.*net\.limits\.packetlength/);
  }
});

test("subclasses are caught by their base", () => {
  expect(new protocol.InvalidPortError("m")).toBeInstanceOf(protocol.InvalidAddressError);
  expect(new protocol.AlreadyRegisteredError("m")).toBeInstanceOf(protocol.RegistryError);
  expect(new protocol.NotRegisteredError("m")).toBeInstanceOf(protocol.RegistryError);
  expect(new protocol.HandshakeTimeoutError("m")).toBeInstanceOf(protocol.TimedOutError);
  expect(new protocol.FailedPingError("m")).toBeInstanceOf(protocol.TimedOutError);
  expect(new protocol.ConnectionRefusedError("m")).toBeInstanceOf(protocol.ConnectError);
  expect(new protocol.TlsOnPlainPortError("m")).toBeInstanceOf(protocol.NotPeng3dnetError);
  expect(new protocol.TlsConfigError("k", "m")).toBeInstanceOf(protocol.ConfigError);
  expect(new protocol.TlsUnknownCaError("m")).toBeInstanceOf(protocol.TlsHandshakeError);
  expect(new protocol.TlsHandshakeError("m")).toBeInstanceOf(protocol.ConnectError);
  // As it was, for one version.
  expect(new protocol.ConnectionClosedError("m", null)).toBeInstanceOf(protocol.UsageError);
});
