// What is told of a ping that failed, by how far it got and what ended it.

import {
  BadDataError,
  ConnectError,
  type ConnectionHandle,
  ConnectionRefusedError,
  HandshakeTimeoutError,
  IdleTimeoutError,
  MalformedPacketError,
  NotPeng3dnetError,
  TimedOutError,
  TlsHandshakeError,
  TlsOnPlainPortError,
  UnresolvableHostError,
} from "@peng3dnet/core";
import { PingError } from "@peng3dnet/ping";
import { connectionEnded, type FailedAttempt, foreignServer, noAnswer } from "../../src/asking/failure.js";

const WHERE = "[::1]:9";
const SILENT = { packetsIn: 0, bytesIn: 0 };
const BABBLED = { packetsIn: 0, bytesIn: 3 };
const GREETED = { packetsIn: 1, bytesIn: 30 };

function attempt(metrics?: typeof SILENT, timeout: number | null = 2): FailedAttempt {
  const conn = metrics && ({ metrics } as ConnectionHandle);
  return { address: ["::1", 9], timeout, handshake: 1, conn };
}

const LATE = new TimedOutError("late");
const MALFORMED = new MalformedPacketError("the packet is malformed");

test.each([
  ["tls", "tls", `${WHERE} speaks TLS; ping it with TLS (net.ssl.enabled)`],
  ["http", "notpeng3dnet", `${WHERE} is an HTTP server, not a peng3dnet server`],
  ["other", "notpeng3dnet", `${WHERE} does not speak peng3dnet`],
] as const)("a server that speaks %s", (foreigner, failure, message) => {
  const error = foreignServer(foreigner, attempt());
  expect(error).toBeInstanceOf(PingError);
  expect(error).toMatchObject({ name: "PingError", failure, message, reason: null });
});

test.each<[string, typeof SILENT | undefined, string, string]>([
  ["was not reached", undefined, "timeout", `${WHERE} did not answer`],
  ["said nothing", SILENT, "timeout", `${WHERE} accepted the connection, but said nothing`],
  ["sent a byte", { packetsIn: 0, bytesIn: 1 }, "timeout", `${WHERE} sent only 1 byte, no whole hello,`],
  ["babbled", BABBLED, "timeout", `${WHERE} sent only 3 bytes, no whole hello,`],
  ["sent no pong", GREETED, "timeout", `${WHERE} is a peng3dnet server, but sent no pong`],
])("a server that %s in time", (_what, metrics, failure, message) => {
  const within = `${message} within 2 s`;
  expect(noAnswer(attempt(metrics), LATE)).toMatchObject({ failure, message: within, cause: LATE });
  expect(noAnswer(attempt(metrics, null), LATE)).toMatchObject({ failure, message, cause: LATE });
  // A connection that was ended for its time, too.
  const error = new HandshakeTimeoutError("late");
  const ended = connectionEnded(attempt(metrics), { reason: "handshaketimeout", error, clean: false });
  expect(ended).toMatchObject({ failure, message: `${message} within 1 s`, cause: error });
});

test("a connection that ended for another time than that of its handshake says which", () => {
  const error = new IdleTimeoutError("nothing was received for 1 s (net.timeout.idle)");
  const ended = connectionEnded(attempt(GREETED), { reason: "idle", error, clean: false });
  const message = `${WHERE} is a peng3dnet server, but sent no pong: ${error.message}`;
  expect(ended).toMatchObject({ failure: "timeout", message });
});

describe("no connection came about", () => {
  const with_ = (code: string | undefined): ConnectError =>
    new ConnectError("cannot connect", { cause: Object.assign(new Error("of Node"), { code }) });
  class Other extends ConnectError {
    override readonly code = "P3D_ERR_WEBSOCKET_SUBPROTOCOL";
  }

  test.each<[string, ConnectError]>([
    ["refused", new ConnectionRefusedError("refused")],
    ["unresolvable", new UnresolvableHostError("unknown")],
    ["tls", new TlsHandshakeError("no TLS")],
    ["notpeng3dnet", new Other("no subprotocol")],
    ["refused", with_("ECONNREFUSED")],
    ["unresolvable", with_("ENOTFOUND")],
    ["unreachable", with_("EHOSTUNREACH")],
    ["unreachable", with_(undefined)],
    ["unreachable", new ConnectError("cannot connect")],
  ])("%s: %p", (failure, error) => {
    const ended = connectionEnded(attempt(), { reason: "socketclose", error, clean: false });
    expect(ended).toMatchObject({ failure, message: error.message, cause: error, reason: null });
  });

  test("closed, where it was reset", () => {
    const error = with_("ECONNRESET");
    const ended = connectionEnded(attempt(), { reason: "socketclose", error, clean: false });
    expect(ended).toMatchObject({
      failure: "closed",
      message: `${WHERE} closed the connection without a word`,
      cause: error,
      reason: "socketclose",
    });
  });
});

describe("the connection ended", () => {
  const HELLO = `${WHERE} does not speak peng3dnet: what it sent is no hello`;
  const bad = new BadDataError("the data are bad");
  const foreign = new NotPeng3dnetError("it begins with SSH");
  const tls = new TlsOnPlainPortError("it is TLS");

  test.each<[string, typeof SILENT | undefined, Error | undefined, string, string]>([
    ["by TLS", SILENT, tls, "tls", `${WHERE} speaks TLS; ping it with TLS (net.ssl.enabled)`],
    ["by another protocol", BABBLED, foreign, "notpeng3dnet", `${WHERE}: it begins with SSH`],
    ["by bytes that are no packet", SILENT, MALFORMED, "notpeng3dnet", HELLO],
    ["within the hello", BABBLED, undefined, "notpeng3dnet", HELLO],
    ["within the hello, by an error", BABBLED, bad, "notpeng3dnet", HELLO],
    ["by a packet that is malformed", GREETED, MALFORMED, "protocol", `${WHERE}: the packet is malformed`],
    ["by bad data", GREETED, bad, "protocol", `${WHERE}: the data are bad`],
    ["before a word, by a breach of the protocol", SILENT, bad, "protocol", `${WHERE}: the data are bad`],
    ["in silence", SILENT, undefined, "closed", `${WHERE} closed the connection without a word`],
    ["before it began", undefined, undefined, "closed", `${WHERE} closed the connection without a word`],
  ])("%s", (_what, metrics, error, failure, message) => {
    const ended = connectionEnded(attempt(metrics), { reason: "why", error, clean: false });
    const reason = ["protocol", "closed"].includes(failure) ? "why" : null;
    expect(ended).toMatchObject({ failure, message, reason });
    if (failure !== "tls") expect(ended.cause).toBe(error);
  });

  test.each<[string | null, string]>([
    [null, "without a reason"],
    ["unknownconntype", "it is a peng3dnet server that does not answer pings"],
    ["serverfull", "it is full"],
    ["servershutdown", "it is shutting down"],
    ["handshaketimeout", "it did not get the ping in time"],
    ["tired\x1b", 'its reason is "tired\\u001b"'],
  ])("for the reason %j", (reason, meaning) => {
    const error = new Error("broken");
    const ended = connectionEnded(attempt(GREETED), { reason, error, clean: false });
    expect(ended).toMatchObject({
      failure: "closed",
      message: `${WHERE} closed the connection: ${meaning}`,
      reason,
      cause: error,
    });
  });
});
