import { createServer, type Server as NetServer, type Socket } from "node:net";
import { type Address, ListenError } from "@peng3dnet/peer";
import { addressText } from "./address-text.js";
import { keepAliveOptions } from "./keep-alive.js";
import { listenDenied } from "./listen-denied.js";

/** A listening socket. */
export interface Listener {
  /** Address that it is bound to, with the real port. */
  readonly address: Address;
  /** Accepts no more connections; resolves once the socket is released. */
  close(): Promise<void>;
}

/** How many connections may wait for `accept`: all clients come back at once after a restart. Systems may bound it further. */
const BACKLOG = 4096;

function explain(error: NodeJS.ErrnoException, address: Address): string {
  const where = addressText(address);
  switch (error.code) {
    case "EADDRINUSE":
      return `cannot listen on ${where}: the port is in use; choose another one, or 0 for any free one`;
    case "EACCES":
      return `cannot listen on ${where}: not permitted; ports below 1024 often need privileges`;
    case "EADDRNOTAVAIL":
      return `cannot listen on ${where}: this machine does not have that address`;
    default:
      return `cannot listen on ${where}: ${error.message}`;
  }
}

/**
 * Listens on an address.
 *
 * @param accept - called with each connected socket.
 * @param failed - called with errors of the listening socket later on, e.g. out of file descriptors.
 * @param keepAlive - seconds of silence until the system asks whether a client is there; 0: it does not.
 * @throws {@link ListenError} that names the address.
 */
export function listen(
  address: Address,
  accept: (socket: Socket) => void,
  failed: (error: Error) => void,
  keepAlive: number,
): Promise<Listener> {
  const denied = listenDenied();
  if (denied !== undefined)
    return Promise.reject(new ListenError(explain(denied, address), { cause: denied }));
  const server: NetServer = createServer({
    allowHalfOpen: true,
    noDelay: true,
    ...keepAliveOptions(keepAlive),
  });
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => {
      reject(new ListenError(explain(error, address), { cause: error }));
    };
    server.once("error", refused);
    server.on("connection", accept);
    server.listen({ host: address[0], port: address[1], backlog: BACKLOG }, () => {
      server.off("error", refused);
      server.on("error", failed);
      const bound = server.address();
      const [host, port] =
        typeof bound === "object" && bound !== null ? [bound.address, bound.port] : address;
      resolve({
        address: [host, port],
        close: () => new Promise((released) => server.close(() => released())),
      });
    });
  });
}
