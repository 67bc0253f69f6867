import {
  type Address,
  type CloseInfo,
  ConnectError,
  type ConnectionHandle,
  ConnectionRefusedError,
  HandshakeTimeoutError,
  MalformedPacketError,
  NotPeng3dnetError,
  normalizeAddrFormatted,
  PacketTooLargeError,
  ProtocolError,
  quoteText,
  TimedOutError,
  TlsHandshakeError,
  TlsOnPlainPortError,
  UnresolvableHostError,
} from "@peng3dnet/core";
import { PingError, type PingFailure } from "./ping-error.js";
import type { Foreigner } from "./probe.js";

/** A ping that failed, as far as it got. */
export interface FailedAttempt {
  /** Address that was pinged. */
  readonly address: Address;
  /** Seconds after which the ping is given up; `null` for never. */
  readonly timeout: number | null;
  /** Seconds that the handshake may take, as the caller's `cfg` may have them; 0 for no limit. */
  readonly handshake: number;
  /** The connection, if there ever was one. */
  readonly conn: ConnectionHandle | undefined;
}

/** Close reasons of servers, in words for somebody who pings. */
const REASONS: Readonly<Record<string, string>> = {
  unknownconntype: "it is a peng3dnet server that does not answer pings",
  serverfull: "it is full",
  servershutdown: "it is shutting down",
  handshaketimeout: "it did not get the ping in time",
};

/** What codes of the network tell. */
const FAILURES: Readonly<Record<string, PingFailure>> = {
  ECONNRESET: "closed",
  ECONNREFUSED: "refused",
  ENOTFOUND: "unresolvable",
};

/** The kind of failure that kept the client from connecting. */
function connectFailure(error: ConnectError): PingFailure {
  if (error instanceof ConnectionRefusedError) return "refused";
  if (error instanceof UnresolvableHostError) return "unresolvable";
  if (error instanceof TlsHandshakeError) return "tls";
  // Those of WebSockets are known by their codes, so that what opens WebSockets is not loaded for all who ping.
  if (error.code === "P3D_ERR_WEBSOCKET_SUBPROTOCOL") return "notpeng3dnet";
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return (code !== undefined && FAILURES[code]) || "unreachable";
}

/** The error for a server that speaks another protocol. */
export function foreignServer(foreigner: Foreigner, { address }: FailedAttempt): PingError {
  const where = normalizeAddrFormatted(address);
  switch (foreigner) {
    case "tls":
      return new PingError("tls", `${where} speaks TLS; ping it with TLS (net.ssl.enabled)`);
    case "http":
      return new PingError("notpeng3dnet", `${where} is an HTTP server, not a peng3dnet server`);
    case "other":
      return new PingError("notpeng3dnet", `${where} does not speak peng3dnet`);
  }
}

/** The error for a ping that was not answered in time. */
export function noAnswer(attempt: FailedAttempt, cause: Error): PingError {
  return unanswered(attempt, attempt.timeout === null ? "" : ` within ${attempt.timeout} s`, cause);
}

/** The error for a connection that was ended for its time, which may be shorter than that of the ping. */
function connectionTimedOut(attempt: FailedAttempt, cause: TimedOutError): PingError {
  const { handshake, conn } = attempt;
  const ofHandshake = conn === undefined || cause instanceof HandshakeTimeoutError;
  return unanswered(attempt, ofHandshake ? ` within ${handshake} s` : `: ${cause.message}`, cause);
}

/** @param when - ends the message. */
function unanswered({ address, conn }: FailedAttempt, when: string, cause: Error): PingError {
  return new PingError("timeout", `${normalizeAddrFormatted(address)} ${progress(conn)}${when}`, { cause });
}

/** How far a server got that did not answer. */
function progress(conn: ConnectionHandle | undefined): string {
  if (conn === undefined) return "did not answer";
  const { packetsIn, bytesIn } = conn.metrics;
  if (packetsIn > 0) return "is a peng3dnet server, but sent no pong";
  // What cannot begin a hello has ended the connection at once, so that the rest of this may have been on its way.
  if (bytesIn > 0) return `sent only ${bytesIn === 1 ? "1 byte" : `${bytesIn} bytes`}, no whole hello,`;
  return "accepted the connection, but said nothing";
}

function notUnderstood(where: string, cause: Error | undefined): PingError {
  return new PingError("notpeng3dnet", `${where} does not speak peng3dnet: what it sent is no hello`, {
    cause,
  });
}

function closedInSilence(where: string, options: ConstructorParameters<typeof PingError>[2]): PingError {
  return new PingError("closed", `${where} closed the connection without a word`, options);
}

/** The error for a ping whose connection ended, or never came about. */
export function connectionEnded(attempt: FailedAttempt, { reason, error }: CloseInfo): PingError {
  const { address, conn } = attempt;
  const where = normalizeAddrFormatted(address);
  const options = { cause: error };
  if (error instanceof TimedOutError) return connectionTimedOut(attempt, error);
  if (error instanceof ConnectError) {
    const failure = connectFailure(error);
    return failure === "closed"
      ? closedInSilence(where, { ...options, reason })
      : new PingError(failure, error.message, options);
  }
  if (error instanceof TlsOnPlainPortError) return foreignServer("tls", attempt);
  if (error instanceof NotPeng3dnetError) {
    return new PingError("notpeng3dnet", `${where}: ${error.message}`, options);
  }
  const greeted = (conn?.metrics.packetsIn ?? 0) > 0;
  const framing = error instanceof PacketTooLargeError || error instanceof MalformedPacketError;
  if (!greeted && (framing || (conn?.metrics.bytesIn ?? 0) > 0)) return notUnderstood(where, error);
  if (framing || error instanceof ProtocolError) {
    return new PingError("protocol", `${where}: ${error.message}`, { ...options, reason });
  }
  if (!greeted) return closedInSilence(where, { ...options, reason });
  const meaning =
    reason === null ? "without a reason" : (REASONS[reason] ?? `its reason is ${quoteText(reason)}`);
  return new PingError("closed", `${where} closed the connection: ${meaning}`, { ...options, reason });
}
