import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Address, Listening, ListenRequest, Logger } from "@peng3dnet/core";
import type { Settings } from "../options.js";
import { Upgrader } from "../upgrade/upgrader.js";
import { AcceptTimes } from "./accept-times.js";
import { UpgradeRouter } from "./upgrade-router.js";

/** Where an http server listens; `undefined` while it does not. */
export function addressOf(server: HttpServer | HttpsServer): Address | undefined {
  const bound = server.address();
  if (bound === null) return undefined;
  return typeof bound === "string" ? [bound, 0] : [bound.address, bound.port];
}

/** Tells of listeners that answer requests for a path which is not theirs: to its clients, these look like a broken server. */
class ForeignAnswers {
  readonly #server: HttpServer | HttpsServer;
  readonly #path: string;
  readonly #logger: Logger;
  #told = false;

  constructor(server: HttpServer | HttpsServer, path: string, logger: Logger) {
    this.#server = server;
    this.#path = path;
    this.#logger = logger;
  }

  /** Before a request is taken: whether a listener in front has answered it. */
  lookBefore(socket: Socket): void {
    if (socket.writableEnded && this.#others) this.#tell();
  }

  /** Once a request was taken: whether a listener behind answers it, in this same turn. */
  lookBehind(socket: Socket, head: Buffer): void {
    // A close frame that came along with the request may be answered before the look.
    if (this.#told || !this.#others || socket.writableEnded || head.length > 0) return;
    process.nextTick(() => {
      if (socket.writableEnded) this.#tell();
    });
  }

  get #others(): boolean {
    return this.#server.listenerCount("upgrade") > 1;
  }

  /** Once: it is the same for each request. */
  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    this.#logger.warn(
      `another listener of the http server's event "upgrade" has answered a request for the path ${JSON.stringify(this.#path)}, so that nobody gets in there; have it leave the requests of other paths alone: a WebSocketServer of ws does with noServer: true`,
    );
  }
}

/** Takes upgrades of somebody's http server, which stays theirs. */
export function listenOnSharedServer(
  server: HttpServer | HttpsServer,
  settings: Settings,
  request: ListenRequest,
): Listening {
  const upgrader = new Upgrader(settings, request);
  const foreign = new ForeignAnswers(server, settings.path, request.logger);
  // A function of its own for each socket: a request that waits holds it, and it is not to hold the request.
  const acceptedOf = (socket: Socket) => () => accepted.of(socket);
  const leave = UpgradeRouter.take(server, settings.path, {
    take(upgrade, socket, head) {
      foreign.lookBefore(socket);
      upgrader.upgrade(upgrade, socket, head, acceptedOf(socket));
      foreign.lookBehind(socket, head);
    },
    missed: (upgrade) => upgrader.missed(upgrade),
  });
  const accepted = new AcceptTimes(server, request.clock);
  return {
    get address() {
      return addressOf(server) ?? request.address;
    },
    async close() {
      leave();
      accepted.close();
      upgrader.close();
    },
  };
}
