import type { WebSocketClass, WebSocketConnector } from "@peng3dnet/browser";
import { InvalidStateError } from "@peng3dnet/core";

/** An address as a URL of a WebSocket; `undefined` if it is none. */
export function webSocketUrl(addr: unknown): string | undefined {
  const text = addr instanceof URL ? addr.href : addr;
  return typeof text === "string" && /^\s*wss?:/i.test(text) ? text : undefined;
}

/** Longest message that is put together: longer than any packet that a client takes by default. */
const LONGEST_MESSAGE = 2 * 1024 * 1024;

/**
 * The class of the package `ws`, for Node 20, which has no WebSocket of its own. By default it would inflate what is compressed, up to
 * 100 MiB of a message, before anybody hears of it.
 */
async function installedWebSocket(): Promise<WebSocketClass> {
  try {
    const { WebSocket } = await import("ws");
    return class extends WebSocket {
      constructor(url: string, protocols?: string | string[]) {
        super(url, protocols, { perMessageDeflate: false, maxPayload: LONGEST_MESSAGE });
      }
    } as unknown as WebSocketClass;
  } catch (error) {
    throw new InvalidStateError(
      "this Node has no WebSocket of its own; install the package ws beside @peng3dnet/ping, or use Node 22",
      { cause: error },
    );
  }
}

/**
 * Loads what opens WebSockets: nobody who pings by TCP waits for that.
 *
 * @param given - the class to open them with; default: the runtime's own, or that of `ws` where there is none.
 * @throws {@link InvalidStateError} if there is no class; what `webSocketConnector` throws.
 */
export async function webSocketTo(url: string, given?: WebSocketClass): Promise<WebSocketConnector> {
  const { webSocketConnector } = await import("@peng3dnet/browser");
  const own = (globalThis as { readonly WebSocket?: WebSocketClass }).WebSocket;
  return webSocketConnector(url, {
    WebSocket: given === undefined ? (own ?? (await installedWebSocket())) : given,
  });
}
