import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import {
  type KeepAliveOptions,
  keepAliveOptions,
  type ListenRequest,
  ShownCertificate,
  SSLSEC_BOTHAUTH,
  SSLSEC_ENCRYPTED,
  SSLSEC_NONE,
  type SslSecLevel,
  WEBSOCKET_SUBPROTOCOL,
} from "@peng3dnet/core";
import { accepted, RunQueue } from "@peng3dnet/peer/transport";
import { type ServerOptions, WebSocketServer } from "ws";
import type { Settings } from "../options.js";
import { feedOf } from "../transport/socket-input.js";
import { WebSocketTransport } from "../transport/web-socket-transport.js";
import { handshakeProblem, subprotocolProblem } from "./checks.js";
import { clientAddress } from "./client-address.js";
import { destroyOnError, type Refusal, refuse } from "./refusal.js";

/** Longest message that a peer of ours makes, in bytes: what is written at once. */
const LONGEST_PIECE = 256 * 1024 + 64;
/** Bytes of the length before a packet. */
const PREFIX = 4;
/** Longest payload of a close frame, in bytes. `ws` reads no other frames. */
const LONGEST_CLOSE = 125;
/** Seconds for the closing handshake, where `net.timeout.close` is 0. */
const CLOSE_TIMEOUT = 30;
/** Longest time that Node's timers take, in milliseconds. They would take a longer one for none. */
const LONGEST_TIMER = 0x7fffffff;

const FULL: Refusal = {
  status: 503,
  text: "The server has as many connections as it may; try again later.",
  headers: { "Retry-After": "5" },
};
const FOREIGN_PAGE: Refusal = {
  status: 403,
  reason: "badorigin",
  text: "Pages of this origin may not connect; the server lists those that may in its option origins.",
};
const INTERNAL: Refusal = {
  status: 500,
  reason: "internalerror",
  text: "The server could not decide on this request.",
};

/** Options that `ws` has, and its types lack. */
interface Options extends ServerOptions {
  readonly closeTimeout: number;
}

function secLevel(socket: Socket): SslSecLevel {
  if (!(socket instanceof TLSSocket)) return SSLSEC_NONE;
  return socket.authorized ? SSLSEC_BOTHAUTH : SSLSEC_ENCRYPTED;
}

/** Turns requests for an upgrade into transports, for a server that asked for them, or refuses them. */
export class Upgrader {
  readonly #settings: Settings;
  readonly #request: ListenRequest;
  readonly #wss: WebSocketServer;
  readonly #longestMessage: number;
  readonly #turns: RunQueue;
  readonly #keepAlive: KeepAliveOptions;

  constructor(settings: Settings, request: ListenRequest) {
    this.#settings = settings;
    this.#request = request;
    const { cfg, clock } = request;
    // Packets are not split by those who send each in a message of its own.
    this.#longestMessage = Math.max(cfg.get("net.limits.packetlength") + PREFIX, LONGEST_PIECE);
    this.#keepAlive = keepAliveOptions(cfg.get("net.tcp.keepalive"));
    this.#turns = new RunQueue(clock, setImmediate);
    const options: Options = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: LONGEST_CLOSE,
      autoPong: false,
      // Nobody is told the reason of a close but in a text, where it is escaped.
      skipUTF8Validation: true,
      closeTimeout: Math.min((cfg.get("net.timeout.close") || CLOSE_TIMEOUT) * 1000, LONGEST_TIMER),
      handleProtocols: (offered) => (offered.has(WEBSOCKET_SUBPROTOCOL) ? WEBSOCKET_SUBPROTOCOL : false),
    };
    this.#wss = new WebSocketServer(options);
  }

  /**
   * Takes a request. Never throws, and whatever becomes of its connection is seen to.
   *
   * @param connected - when the connection was accepted, by the request's clock; `undefined`: that is not known.
   */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, connected: number | undefined): void {
    accepted(this.#turns, this.#request.clock.now());
    // Until it is a WebSocket, nobody else may listen.
    destroyOnError(socket);
    if (!socket.readable || !socket.writable) {
      socket.destroy();
      return;
    }
    const problem = this.#problem(request);
    if (problem === undefined) this.#offer(request, socket, head, connected);
    else {
      refuse(socket, problem);
      this.#refused(request, problem.reason);
    }
  }

  /** A request was for a path that nobody has, and was refused. */
  missed(request: IncomingMessage): void {
    this.#refused(request);
  }

  #refused(request: IncomingMessage, reason = "badupgrade"): void {
    this.#request.refused?.(clientAddress(request, this.#settings.proxies).address, reason);
  }

  #problem(request: IncomingMessage): Refusal | undefined {
    const { origins, subprotocolRequired } = this.#settings;
    const problem = handshakeProblem(request);
    if (problem !== undefined) return problem;
    try {
      if (!origins.allows(request)) return FOREIGN_PAGE;
    } catch (error) {
      this.#request.crashed?.(error, "the option origins");
      return INTERNAL;
    }
    return subprotocolProblem(request, subprotocolRequired);
  }

  #offer(request: IncomingMessage, socket: Socket, head: Buffer, connected: number | undefined): void {
    const { proxies, encryptedByProxy } = this.#settings;
    const { address, proxied } = clientAddress(request, proxies);
    const own = secLevel(socket);
    const facts = {
      remoteAddress: address,
      sslSeclevel: own === SSLSEC_NONE && proxied && encryptedByProxy ? SSLSEC_ENCRYPTED : own,
      tls: socket instanceof TLSSocket,
      certificate: socket instanceof TLSSocket ? new ShownCertificate(socket, socket.authorized) : undefined,
      longestMessage: this.#longestMessage,
      turns: this.#turns,
    };
    let answered = false;
    const open = (): WebSocketTransport => {
      // As for clients over TCP. The http server may have set another time.
      socket.setKeepAlive(this.#keepAlive.keepAlive, this.#keepAlive.keepAliveInitialDelay);
      let transport: WebSocketTransport | undefined;
      const listeners = socket.listeners("data");
      answered = true;
      this.#wss.handleUpgrade(request, socket, head, (ws) => {
        transport = new WebSocketTransport(ws, socket, feedOf(socket, listeners), facts);
      });
      if (transport === undefined) throw new Error("ws refused an upgrade that was found in order");
      return transport;
    };
    const turnAway = (): void => {
      // Behind an answer, another one would be taken for frames.
      if (answered) socket.destroy();
      else refuse(socket, FULL);
    };
    this.#request.offer(address, open, turnAway, connected);
  }
}
