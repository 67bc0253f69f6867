import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Address, Listening, ListenRequest } from "@peng3dnet/core";
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

/** Takes upgrades of somebody's http server, which stays theirs. */
export function listenOnSharedServer(
  server: HttpServer | HttpsServer,
  settings: Settings,
  request: ListenRequest,
): Listening {
  const upgrader = new Upgrader(settings, request);
  const leave = UpgradeRouter.take(server, settings.path, {
    take: (upgrade, socket, head) => upgrader.upgrade(upgrade, socket, head, () => accepted.of(socket)),
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
