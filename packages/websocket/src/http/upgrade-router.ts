import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ListenError } from "@peng3dnet/core";
import { ANY_PATH } from "../options.js";
import { destroyOnError, refuse } from "../upgrade/refusal.js";

/** Takes the requests for an upgrade of one path. */
export interface UpgradeHandler {
  /** A request for its path. @param head - what came behind the request. */
  take(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** A request for a path that nobody has was refused. */
  missed(request: IncomingMessage): void;
}

const routers = new WeakMap<HttpServer | HttpsServer, UpgradeRouter>();

/**
 * The one listener of an http server's upgrades that all WebSockets of this package on that server share, each with a path
 * of its own. It leaves other paths alone, unless nobody else listens to upgrades: they would stay open for good.
 */
export class UpgradeRouter {
  readonly #server: HttpServer | HttpsServer;
  readonly #paths = new Map<string, UpgradeHandler>();

  private constructor(server: HttpServer | HttpsServer) {
    this.#server = server;
  }

  /**
   * Takes the upgrades of a path.
   *
   * @returns a function that leaves them again.
   * @throws {@link ListenError} if another one has the path.
   */
  static take(server: HttpServer | HttpsServer, path: string, handler: UpgradeHandler): () => void {
    const router = routers.get(server) ?? new UpgradeRouter(server);
    routers.set(server, router);
    return router.#add(path, handler);
  }

  #add(path: string, handler: UpgradeHandler): () => void {
    if (this.#paths.has(path)) {
      throw new ListenError(
        `the http server has a WebSocket at the path ${JSON.stringify(path)} already; choose another path`,
      );
    }
    if (this.#paths.size === 0) this.#server.on("upgrade", this.#upgrade);
    this.#paths.set(path, handler);
    return () => {
      if (this.#paths.get(path) !== handler) return;
      this.#paths.delete(path);
      if (this.#paths.size === 0) this.#server.off("upgrade", this.#upgrade);
    };
  }

  readonly #upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    const handler = this.#paths.get(path) ?? this.#paths.get(ANY_PATH);
    if (handler !== undefined) handler.take(request, request.socket, head);
    else if (this.#server.listenerCount("upgrade") === 1) {
      destroyOnError(stream);
      refuse(stream, { status: 404, text: "There is no WebSocket at this path." });
      for (const { missed } of this.#paths.values()) missed(request);
    }
  };
}
