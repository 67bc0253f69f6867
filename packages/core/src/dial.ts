import { connect, type Socket } from "node:net";
import {
  AbortedError,
  type Address,
  ConnectError,
  ConnectionRefusedError,
  TimedOutError,
  UnreachableHostError,
  UnresolvableHostError,
} from "@peng3dnet/protocol";
import { addressText } from "./address-text.js";
import type { Clock } from "./clock.js";
import { Deadline } from "./deadline.js";
import type { SocketReader } from "./socket-reader.js";

/** How to connect. */
export interface DialOptions {
  readonly clock: Clock;
  /** Seconds until it is given up. */
  readonly timeout: number;
  /** Gives up when it fires. */
  readonly signal?: AbortSignal | undefined;
  /** What reads the socket; default: its `data` events. */
  readonly reader?: SocketReader | undefined;
}

/** Turns what the operating system said into an error that says what to do. */
export function connectError(error: NodeJS.ErrnoException, address: Address): ConnectError {
  const where = addressText(address);
  // Trying several addresses of a name gives one error for all; the first tells most.
  const first = (error as { errors?: NodeJS.ErrnoException[] }).errors?.[0] ?? error;
  const options = { cause: error };
  switch (first.code) {
    case "ECONNREFUSED":
      return new ConnectionRefusedError(
        `nothing listens on ${where}; check the port, and that the server is running`,
        options,
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NODATA":
    case "EAI_NONAME":
      return new UnresolvableHostError(
        `the host "${address[0]}" cannot be resolved; check its name`,
        options,
      );
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EADDRNOTAVAIL":
    case "ETIMEDOUT":
      return new UnreachableHostError(
        `${where} cannot be reached; check the address and the network`,
        options,
      );
    default:
      return new ConnectError(`cannot connect to ${where}: ${first.message}`, options);
  }
}

/**
 * Connects to an address.
 *
 * @throws {@link ConnectError} or a subclass, {@link TimedOutError}, {@link AbortedError}. The socket is gone then.
 */
export function dial(address: Address, { clock, timeout, signal, reader }: DialOptions): Promise<Socket> {
  if (signal?.aborted === true) {
    return Promise.reject(new AbortedError("connecting was aborted", { cause: signal.reason }));
  }
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address[0],
      port: address[1],
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      ...(reader && { onread: reader.onread }),
    });
    const leave = (): void => {
      deadline?.cancel();
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      socket.off("connect", onConnect);
    };
    const giveUp = (error: Error): void => {
      leave();
      // Whatever the dying socket still says concerns nobody.
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error): void => giveUp(connectError(error, address));
    const onAbort = (): void => giveUp(new AbortedError("connecting was aborted", { cause: signal?.reason }));
    const onConnect = (): void => {
      leave();
      resolve(socket);
    };
    const deadline = Deadline.start(clock, timeout, () =>
      giveUp(new TimedOutError(`${addressText(address)} did not answer within ${timeout} s`)),
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("error", onError);
    socket.on("connect", onConnect);
  });
}
