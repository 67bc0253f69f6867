import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ListenError } from "@peng3dnet/core";
import { ANY_PATH } from "../options.js";
import { destroyOnError, refuse } from "../upgrade/refusal.js";

/** What takes requests for upgrades. */
export interface Doorman {
  /** One for its path. */
  take(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** One for a path that nobody has, which was refused. */
  missed(request: IncomingMessage): void;
}

const doors = new WeakMap<HttpServer | HttpsServer, Door>();

/**
 * The one listener of an http server's upgrades that all WebSockets of this package on that server share, each with a path
 * of its own. It leaves other paths alone, unless nobody else listens to upgrades: they would stay open for good.
 */
export class Door {
  readonly #server: HttpServer | HttpsServer;
  readonly #paths = new Map<string, Doorman>();

  private constructor(server: HttpServer | HttpsServer) {
    this.#server = server;
  }

  /**
   * Takes the upgrades of a path.
   *
   * @returns a function that leaves them again.
   * @throws {@link ListenError} if another one has the path.
   */
  static take(server: HttpServer | HttpsServer, path: string, doorman: Doorman): () => void {
    const door = doors.get(server) ?? new Door(server);
    doors.set(server, door);
    return door.#add(path, doorman);
  }

  #add(path: string, doorman: Doorman): () => void {
    if (this.#paths.has(path)) {
      throw new ListenError(
        `the http server has a WebSocket at the path ${JSON.stringify(path)} already; choose another path`,
      );
    }
    if (this.#paths.size === 0) this.#server.on("upgrade", this.#upgrade);
    this.#paths.set(path, doorman);
    return () => {
      if (this.#paths.get(path) !== doorman) return;
      this.#paths.delete(path);
      if (this.#paths.size === 0) this.#server.off("upgrade", this.#upgrade);
    };
  }

  readonly #upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    const doorman = this.#paths.get(path) ?? this.#paths.get(ANY_PATH);
    if (doorman !== undefined) doorman.take(request, request.socket, head);
    else if (this.#server.listenerCount("upgrade") === 1) {
      destroyOnError(stream);
      refuse(stream, { status: 404, text: "There is no WebSocket at this path." });
      for (const { missed } of this.#paths.values()) missed(request);
    }
  };
}
