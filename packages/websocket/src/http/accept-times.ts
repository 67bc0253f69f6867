import type { Server as HttpServer, IncomingMessage } from "node:http";
import { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Clock } from "@peng3dnet/core";

/**
 * When the connections of somebody's http server were accepted, as far as they have sent no request before: the time of an
 * upgrade counts from there, but not that of a page that asks for one later, over the same connection.
 */
export class AcceptTimes {
  readonly #server: HttpServer | HttpsServer;
  readonly #event: "connection" | "secureConnection";
  readonly #clock: Clock;
  readonly #times = new WeakMap<object, number>();

  constructor(server: HttpServer | HttpsServer, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    this.#event = server instanceof HttpsServer ? "secureConnection" : "connection";
    server.on(this.#event, this.#accepted);
    server.on("request", this.#requested);
  }

  /** When the connection was accepted; `undefined`: it is not known, or was used before. */
  of(socket: Socket): number | undefined {
    return this.#times.get(socket);
  }

  /** Listens to the server no more. */
  close(): void {
    this.#server.off(this.#event, this.#accepted);
    this.#server.off("request", this.#requested);
  }

  readonly #accepted = (socket: Socket): void => {
    this.#times.set(socket, this.#clock.now());
  };

  readonly #requested = ({ socket }: IncomingMessage): void => {
    this.#times.delete(socket);
  };
}
