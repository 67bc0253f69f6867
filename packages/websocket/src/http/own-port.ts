import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import {
  type Address,
  keepAliveOptions,
  ListenError,
  type Listening,
  type ListenRequest,
  listenDenied,
  type TlsContext,
  tlsServerContext,
} from "@peng3dnet/core";
import type { Settings } from "../options.js";
import { destroyOnError, type Refusal, refuse } from "../upgrade/refusal.js";
import { Upgrader } from "../upgrade/upgrader.js";
import { forwardedFor, readHead } from "./request-head.js";
import { UpgradeRouter } from "./upgrade-router.js";
import { WaitingRoom } from "./waiting-room.js";

/** How many connections may wait for `accept`. */
const BACKLOG = 4096;
/** Longest headers of a request, in bytes; longer ones are answered with 431. */
const MAX_HEADERS = 16 * 1024;

const NOTHING = Buffer.alloc(0);

const NO_WEBSOCKET: Refusal = {
  status: 426,
  text: "This port serves WebSockets only.",
  headers: { Upgrade: "websocket" },
};
/** Who speaks TLS cannot read it, and breaks off at once, since it is no TLS. */
const NO_TLS: Refusal = { status: 400, text: "There is no TLS on this port; connect with ws://." };
const LONG_HEADERS: Refusal = { status: 431, text: `A request may have ${MAX_HEADERS} bytes.` };

function failure(error: NodeJS.ErrnoException, [host, port]: Address): ListenError {
  const why =
    error.code === "EADDRINUSE"
      ? "the port is in use; choose another one, or 0 for any free one"
      : error.code === "EACCES"
        ? "not permitted; ports below 1024 often need privileges"
        : error.message;
  return new ListenError(`cannot listen for WebSockets on ${host}:${port}: ${why}`, { cause: error });
}

function listen(server: TcpServer, address: Address): Promise<Address> {
  const denied = listenDenied();
  if (denied !== undefined) return Promise.reject(failure(denied, address));
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => reject(failure(error, address));
    server.once("error", refused);
    server.listen({ host: address[0], port: address[1], backlog: BACKLOG }, () => {
      server.off("error", refused);
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? [bound.address, bound.port] : address);
    });
  });
}

/**
 * Makes what takes the first request of a connection, and an upgrade only.
 *
 * @param leave - takes a connection out of those that wait. @returns when it was accepted, by the clock.
 * @returns what a connection is given to once it is there; over TLS, once that is secured.
 */
function upgradesOnly(
  settings: Settings,
  request: ListenRequest,
  leave: (socket: Socket) => number | undefined,
): (socket: Socket) => void {
  // It listens to nothing: it is given connections whose first request is there. They have one deadline for all, which
  // counts from accept.
  const http = createHttpServer({ maxHeaderSize: MAX_HEADERS, headersTimeout: 0, requestTimeout: 0 });
  http.on("request", ({ socket }) => refuse(socket, NO_WEBSOCKET));
  // Node would answer it by itself, and then read all requests behind it at once.
  http.on("checkExpectation", ({ socket }) => refuse(socket, NO_WEBSOCKET));
  const upgrader = new Upgrader(settings, request);
  /** What came behind the request that is being parsed. */
  let rest: Buffer = NOTHING;
  UpgradeRouter.take(http, settings.path, {
    take: (upgrade, socket) => upgrader.upgradeNow(upgrade, socket, rest, leave(socket)),
    missed: (upgrade) => upgrader.missed(upgrade),
  });
  /** Has the first request of a connection answered, before it returns. */
  const serve = (socket: Socket, length: number): void => {
    const all: Buffer | null = socket.read();
    if (all === null) return;
    rest = all.subarray(length);
    http.emit("connection", socket);
    socket.unshift(all.subarray(0, length));
    socket.resume();
    // It is read at once, while it is this one's turn.
    socket.read();
    rest = NOTHING;
  };
  return (socket) => {
    destroyOnError(socket);
    readHead(
      socket,
      MAX_HEADERS,
      (head) => {
        const { length } = head;
        upgrader.inTurn(
          socket,
          () => forwardedFor(head),
          () => serve(socket, length),
        );
      },
      () => refuse(socket, LONG_HEADERS),
      () => {
        const { remoteAddress = "", remotePort = 0 } = socket;
        request.refused?.([remoteAddress, remotePort], "badupgrade");
        refuse(socket, NO_TLS);
      },
    );
  };
}

/** Listens for WebSockets on a port of its own. */
export async function listenOnOwnPort(settings: Settings, request: ListenRequest): Promise<Listening> {
  const { cfg, logger } = request;
  const readContext = (): Promise<TlsContext | undefined> => tlsServerContext(cfg, logger);
  const follows = settings.tls === undefined;
  const context = follows ? await readContext() : settings.tls || undefined;
  request.signal.throwIfAborted();
  const waiting = new WaitingRoom(request, context !== undefined);
  const serve = upgradesOnly(settings, request, (socket) => waiting.leave(socket));
  const options = {
    noDelay: true,
    allowHalfOpen: true,
    ...keepAliveOptions(cfg.get("net.tcp.keepalive")),
  };
  const secured = context && createTlsServer({ ALPNProtocols: ["http/1.1"], ...context, ...options }, serve);
  const server = secured ?? createTcpServer(options, serve);
  secured?.on("secureConnection", (socket) => waiting.secured(socket));
  secured?.on("tlsClientError", (error, socket) => waiting.tlsFailed(socket, error));
  server.prependListener("connection", (socket: Socket) => waiting.enter(socket));
  const address = await listen(server, request.address);
  server.on("error", request.failed);
  const listening: Listening = {
    address,
    async close() {
      server.close();
      waiting.close();
    },
  };
  if (secured === undefined || !follows) return listening;
  return Object.assign(listening, {
    async reloadCertificates() {
      const renewed = await readContext();
      // TLS may have been switched off meanwhile: this port goes on with the certificate that it has.
      if (renewed !== undefined) secured.setSecureContext(renewed);
    },
  });
}
