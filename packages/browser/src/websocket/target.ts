import { type UrlLike, type WebSocketTarget, webSocketTarget } from "@peng3dnet/peer/transport";
import type { WebSocketLike } from "./web-socket.js";

/** Address of the page or worker, if it has one. */
function here(): string | undefined {
  return (globalThis as { readonly location?: UrlLike }).location?.href;
}

/** Takes a URL apart. In a page or worker, it may be relative. @throws as {@link webSocketTarget}. */
export function resolveTarget(addr: string | UrlLike): WebSocketTarget {
  return webSocketTarget(addr, here());
}

/** As {@link resolveTarget}, of a WebSocket that is there. Never throws: some tell no URL. */
export function targetOf(socket: WebSocketLike): WebSocketTarget {
  try {
    return resolveTarget(socket.url);
  } catch {
    return { url: "", address: ["", 0], secure: false, shown: "the WebSocket" };
  }
}
