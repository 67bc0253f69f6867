import { createServer as createHttpServer, type Server as HttpServer, type ServerOptions } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import {
  type Address,
  ListenError,
  type Listening,
  type ListenRequest,
  type TlsContext,
  tlsServerContext,
} from "@peng3dnet/core";
import type { Settings } from "../options.js";
import { Upgrader } from "../upgrade/upgrader.js";
import { Door } from "./door.js";
import { WaitingRoom } from "./waiting-room.js";

/** How many connections may wait for `accept`. */
const BACKLOG = 511;
/** Longest headers of a request, in bytes; longer ones are answered with 431. */
const MAX_HEADERS = 16 * 1024;

const HTTP: ServerOptions = {
  maxHeaderSize: MAX_HEADERS,
  noDelay: true,
  keepAlive: true,
  // A connection has one deadline for all, which counts from accept.
  headersTimeout: 0,
  requestTimeout: 0,
};

function failure(error: NodeJS.ErrnoException, [host, port]: Address): ListenError {
  const why =
    error.code === "EADDRINUSE"
      ? "the port is in use; choose another one, or 0 for any free one"
      : error.code === "EACCES"
        ? "not permitted; ports below 1024 often need privileges"
        : error.message;
  return new ListenError(`cannot listen for WebSockets on ${host}:${port}: ${why}`, { cause: error });
}

function listen(server: HttpServer | HttpsServer, address: Address): Promise<Address> {
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

/** Listens for WebSockets on a port of its own. */
export async function listenOnOwnPort(settings: Settings, request: ListenRequest): Promise<Listening> {
  const { cfg, clock, logger } = request;
  const readContext = (): Promise<TlsContext | undefined> => tlsServerContext(cfg, logger);
  const follows = settings.tls === undefined;
  const context = follows ? await readContext() : settings.tls || undefined;
  request.signal.throwIfAborted();
  const secured = context === undefined ? undefined : createHttpsServer({ ...context, ...HTTP });
  const server = secured ?? createHttpServer(HTTP);
  const waiting = new WaitingRoom(cfg, clock);
  server.on("connection", (socket: Socket) => waiting.enter(socket));
  server.on("request", (_request, response) => {
    response.writeHead(426, { Connection: "close", Upgrade: "websocket", "Content-Type": "text/plain" });
    response.end("This port serves WebSockets only.\n");
  });
  const upgrader = new Upgrader(settings, request);
  Door.take(server, settings.path, (upgrade, socket, head) =>
    upgrader.upgrade(upgrade, socket, head, waiting.leave(socket)),
  );
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
    reloadCertificates: async () => secured.setSecureContext((await readContext()) ?? {}),
  });
}
