import {
  AbortedError,
  type ConnectRequest,
  type OpenedSocket,
  SSLSEC_NONE,
  TimedOutError,
  WEBSOCKET_SUBPROTOCOL,
} from "@peng3dnet/core";
import { Deadline, onGivenUp, RunQueue, type WebSocketTarget } from "@peng3dnet/peer/transport";
import { type ClientOptions, WebSocket } from "ws";
import { maskedFrames } from "../transport/masked-frames.js";
import { handshakeOptions, longestMessage } from "../transport/settings.js";
import { feedOf } from "../transport/socket-input.js";
import { type ConnectionFacts, WebSocketTransport } from "../transport/web-socket-transport.js";
import { answerError, handshakeError, interimError, subprotocolError } from "./open-error.js";
import type { ConnectorSettings } from "./options.js";
import type { SocketReader } from "./socket-reader.js";

/** Shortest time that is left for the handshake, in seconds. */
const SOON = 0.001;

function factsOf(
  { socket, tls }: OpenedSocket,
  reader: SocketReader | undefined,
  { cfg, clock }: ConnectRequest,
  bridge: boolean,
): ConnectionFacts {
  return {
    remoteAddress: [socket.remoteAddress ?? "", socket.remotePort ?? 0],
    sslSeclevel: tls?.sslSeclevel ?? SSLSEC_NONE,
    sslSeclevelOnHello: tls?.sslSeclevelOnHello,
    tls: tls !== undefined,
    certificate: tls?.certificate,
    longestMessage: longestMessage(cfg),
    turns: new RunQueue(clock, setImmediate),
    framing: maskedFrames,
    reader,
    bridge,
  };
}

/** Answers that may come before the one that counts, such as 103. Nothing else bounds them: each begins anew for HTTP. */
const MOST_INTERIM = 16;

/** Does nothing: what is given up may still tell of errors, which concern nobody. */
function ignore(): void {}

/**
 * Asks a server over a connected socket for a WebSocket, and hands over its transport.
 *
 * @param reader - what reads the socket; `undefined`: its `data` events.
 * @throws as {@link Connector.connect}. The socket is gone then.
 */
export function upgrade(
  opened: OpenedSocket,
  reader: SocketReader | undefined,
  target: WebSocketTarget,
  { bridge, headers }: ConnectorSettings,
  request: ConnectRequest,
): Promise<void> {
  const { socket, connected } = opened;
  const { url, shown } = target;
  const { cfg, clock, timeout } = request;
  return new Promise((resolve, reject) => {
    const options: ClientOptions = {
      ...handshakeOptions(cfg),
      headers,
      createConnection: () => socket,
      finishRequest(sent) {
        let interim = 0;
        sent.on("information", () => {
          // Once: those that were read at once with this one still come.
          if (++interim === MOST_INTERIM + 1) giveUp(interimError(shown, MOST_INTERIM));
        });
        sent.end();
      },
    };
    const ws = new WebSocket(url, bridge ? [] : [WEBSOCKET_SUBPROTOCOL], options);
    let before: readonly unknown[] = [];
    /** Whether the server selected the subprotocol that it was to select, or none for a bridge. */
    let selected = true;
    const leave = (): void => {
      deadline?.cancel();
      stopListening();
      // They would keep the request as long as the connection lives.
      ws.removeAllListeners();
      socket.off("error", onError);
    };
    const giveUp = (error: Error): void => {
      leave();
      ws.on("error", ignore);
      socket.on("error", ignore);
      ws.terminate();
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error): void =>
      giveUp(selected ? handshakeError(target, error) : subprotocolError(shown, bridge, error));
    const onOpen = (): void => {
      leave();
      let transport: WebSocketTransport | undefined;
      try {
        transport = new WebSocketTransport(
          ws,
          socket,
          feedOf(socket, before),
          factsOf(opened, reader, request, bridge),
        );
        request.established(transport, connected);
        resolve();
      } catch (error) {
        if (transport === undefined) giveUp(error as Error);
        else transport.destroy();
        reject(error);
      }
    };
    ws.on("upgrade", (response) => {
      before = socket.listeners("data");
      selected = response.headers["sec-websocket-protocol"] === (bridge ? undefined : WEBSOCKET_SUBPROTOCOL);
    });
    ws.on("unexpected-response", (_request, response) => giveUp(answerError(shown, response, bridge)));
    ws.on("error", onError);
    ws.on("open", onOpen);
    // Until its request has it, nobody else would hear of it.
    socket.on("error", onError);
    const left = timeout > 0 ? Math.max(timeout - (clock.now() - connected) / 1000, SOON) : 0;
    const deadline = Deadline.start(clock, left, () =>
      giveUp(new TimedOutError(`${shown} did not answer within ${timeout} s (net.timeout.handshake)`)),
    );
    let stopListening = (): void => {};
    stopListening = onGivenUp(request, (cause) =>
      giveUp(new AbortedError("connecting was aborted", { cause })),
    );
  });
}
