// The classes of WebSockets that clients are tested with: that of `ws`, and the runtime's own where it has one.

import type { WebSocketClass } from "@peng3dnet/browser";
import { WebSocket as WsWebSocket } from "ws";

const own = (globalThis as { readonly WebSocket?: WebSocketClass }).WebSocket;

export interface NamedClass {
  readonly name: string;
  readonly type: WebSocketClass;
  /** Whether its input can be paused. */
  readonly pauses: boolean;
}

export const WS: WebSocketClass = WsWebSocket;

export const CLASSES: readonly NamedClass[] = [
  { name: "ws", type: WS, pauses: true },
  ...(own === undefined ? [] : [{ name: "the runtime's own", type: own, pauses: false }]),
];

/** As a browser's, it cannot pause its input. */
export class Unpausable extends WsWebSocket {
  override pause(): void {}
  override resume(): void {}
}
