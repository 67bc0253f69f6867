import { connect, type OnReadOpts, type Socket } from "node:net";
import type { Clock } from "@peng3dnet/peer";
import {
  AbortedError,
  type Address,
  ConnectError,
  ConnectionRefusedError,
  TimedOutError,
  UnreachableHostError,
  UnresolvableHostError,
} from "@peng3dnet/peer";
import { Deadline, type GivesUp, onGivenUp } from "@peng3dnet/peer/transport";
import { addressText } from "./address-text.js";
import { keepAliveOptions } from "./keep-alive.js";
import { SOCKETS_DENIED } from "./listen-denied.js";

/** How to connect. */
export interface DialOptions extends GivesUp {
  readonly clock: Clock;
  /** Seconds until it is given up. */
  readonly timeout: number;
}

/** What the operating system says of one address. */
type SocketError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };

/** Codes of the operating system for a machine that is not reached. */
const UNREACHED: ReadonlySet<unknown> = new Set([
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ETIMEDOUT",
  "EAFNOSUPPORT",
]);
/** Codes of the operating system for a name that is not resolved. */
const UNRESOLVED: ReadonlySet<unknown> = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "EAI_NONAME"]);

/** How far an attempt got: a machine that refuses was reached. */
function distance({ code }: SocketError): number {
  if (code === "ECONNREFUSED") return 0;
  return UNREACHED.has(code) ? 2 : 1;
}

function describeAttempt({ address, port, code, message }: SocketError): string {
  if (address === undefined || port === undefined) return code ?? message;
  return `${addressText([address, port])}: ${code ?? message}`;
}

/** Turns what the operating system said into an error that says what to do. */
export function connectError(error: NodeJS.ErrnoException, address: Address): ConnectError {
  // Trying several addresses of a name gives one error for all; that of one that was reached tells most.
  const all = (error as { errors?: SocketError[] }).errors ?? [];
  const first = [...all].sort((a, b) => distance(a) - distance(b))[0] ?? error;
  const tried = all.length > 1 ? ` (tried ${all.map(describeAttempt).join(", ")})` : "";
  const where = `${addressText(address)}${tried}`;
  const options = { cause: error };
  if (first.code === "ECONNREFUSED") {
    // Whoever reads server.addr too early gets the 0 that it was made with.
    const advice =
      address[1] === 0
        ? "no server has port 0; await its start() before you read its addr"
        : "check the port, and that the server is running";
    return new ConnectionRefusedError(`nothing listens on ${where}; ${advice}`, options);
  }
  if (UNRESOLVED.has(first.code))
    return new UnresolvableHostError(`the host "${address[0]}" cannot be resolved; check its name`, options);
  if (UNREACHED.has(first.code))
    return new UnreachableHostError(`${where} cannot be reached; check the address and the network`, options);
  const why = first.code === "ERR_ACCESS_DENIED" ? SOCKETS_DENIED : first.message;
  return new ConnectError(`cannot connect to ${where}: ${why}`, options);
}

/** Has `take` take a socket over. @throws what that does; the socket is gone then. */
export function handOver(socket: Socket, take: () => void): void {
  try {
    take();
  } catch (error) {
    // Whatever the dying socket still says concerns nobody.
    socket.on("error", () => {});
    socket.destroy();
    throw error;
  }
}

/**
 * Connects to an address.
 *
 * @param keepAlive - seconds of silence until the system asks whether the server is there; 0: it does not.
 * @param reader - what reads the socket; default: its `data` events.
 * @throws {@link ConnectError} or a subclass, {@link TimedOutError}, {@link AbortedError}. The socket is gone then.
 */
export function dial(
  address: Address,
  options: DialOptions,
  keepAlive: number,
  reader?: OnReadOpts,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let socket: Socket | undefined;
    let deadline: Deadline | undefined;
    let over = false;
    const leave = (): void => {
      deadline?.cancel();
      stopListening();
      socket?.off("error", onError);
      socket?.off("connect", onConnect);
    };
    const giveUp = (error: Error): void => {
      leave();
      // Whatever the dying socket still says concerns nobody.
      socket?.on("error", () => {});
      socket?.destroy();
      reject(error);
    };
    const onError = (error: Error): void => giveUp(connectError(error, address));
    const onConnect = (): void => {
      leave();
      resolve(socket as Socket);
    };
    let stopListening = (): void => {};
    stopListening = onGivenUp(options, (cause) => {
      over = true;
      giveUp(new AbortedError("connecting was aborted", { cause }));
    });
    // It may be given up before anything is opened.
    if (over) return;
    socket = connect({
      host: address[0],
      port: address[1],
      allowHalfOpen: true,
      noDelay: true,
      ...keepAliveOptions(keepAlive),
      ...(reader && { onread: reader }),
    });
    const { clock, timeout } = options;
    deadline = Deadline.start(clock, timeout, () =>
      giveUp(new TimedOutError(`${addressText(address)} did not answer within ${timeout} s`)),
    );
    socket.on("error", onError);
    socket.on("connect", onConnect);
  });
}
