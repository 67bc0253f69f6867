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
import { accepted, addressGroup, RunQueue } from "@peng3dnet/peer/transport";
import { WebSocketServer } from "ws";
import type { Settings } from "../options.js";
import { plainFrames } from "../transport/plain-frames.js";
import { handshakeOptions, longestMessage } from "../transport/settings.js";
import { feedOf } from "../transport/socket-input.js";
import { WebSocketTransport } from "../transport/web-socket-transport.js";
import { handshakeProblem, subprotocolProblem } from "./checks.js";
import { type ClientAddress, clientAddress } from "./client-address.js";
import { decisive, LONGEST_DECISIVE, tooLongToWait } from "./decisive-request.js";
import { destroyOnError, type Refusal, refuse } from "./refusal.js";
import { WaitingRequest } from "./waiting-request.js";

const FULL: Refusal = {
  status: 503,
  text: "The server has as many connections as it may; try again later.",
  headers: { "Retry-After": "5" },
};
const LONG_HEADERS: Refusal = {
  status: 431,
  text: `What decides on a request that has to wait may have ${LONGEST_DECISIVE} bytes.`,
};
const CLOSED: Refusal = { status: 503, text: "The server serves no more WebSockets here." };
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

const NOTHING = Buffer.alloc(0);

function secLevel(socket: Socket): SslSecLevel {
  if (!(socket instanceof TLSSocket)) return SSLSEC_NONE;
  return socket.authorized ? SSLSEC_BOTHAUTH : SSLSEC_ENCRYPTED;
}

/** Whether nobody is there any more who could get a WebSocket. */
function gone({ readable, writable }: Socket): boolean {
  return !readable || !writable;
}

/** Turns requests for an upgrade into transports, for a server that asked for them, or refuses them. */
export class Upgrader {
  readonly #settings: Settings;
  readonly #request: ListenRequest;
  readonly #wss: WebSocketServer;
  readonly #longestMessage: number;
  readonly #turns: RunQueue;
  readonly #keepAlive: KeepAliveOptions;
  #closed = false;

  constructor(settings: Settings, request: ListenRequest) {
    this.#settings = settings;
    this.#request = request;
    const { cfg, clock } = request;
    this.#longestMessage = longestMessage(cfg);
    this.#keepAlive = keepAliveOptions(cfg.get("net.tcp.keepalive"));
    this.#turns = new RunQueue(clock, setImmediate);
    this.#wss = new WebSocketServer({
      ...handshakeOptions(cfg),
      noServer: true,
      clientTracking: false,
      handleProtocols: (offered) => (offered.has(WEBSOCKET_SUBPROTOCOL) ? WEBSOCKET_SUBPROTOCOL : false),
    });
  }

  /**
   * Takes a request, once there is time for it: hundreds may come in one turn of the event loop. Never throws, and whatever becomes
   * of its connection is seen to.
   *
   * @param connected - asked once, when the request has its turn: when the connection was accepted, by the request's clock, or
   *   `undefined` if that is not known. Until then, the connection counts among those that have asked for nothing.
   */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, connected: () => number | undefined): void {
    const turns = this.#turns;
    accepted(turns, this.#request.clock.now());
    // Until it is a WebSocket, nobody else may listen.
    destroyOnError(socket);
    const kept = this.#keptOf(request);
    if (!turns.spent) {
      this.#take(kept, clientAddress(request, this.#settings.proxies), socket, head, connected());
      turns.look();
      return;
    }
    if (gone(socket)) {
      socket.destroy();
      return;
    }
    // As clients have their turns: those behind one proxy are many.
    const from = clientAddress(request, this.#settings.proxies);
    const { wait } = this.#request;
    const leave = wait === undefined ? () => {} : wait(from.address, () => refuse(socket, FULL));
    if (leave === undefined) return;
    if (kept !== request && tooLongToWait(kept)) {
      leave();
      refuse(socket, LONG_HEADERS);
      this.#refused(from);
      return;
    }
    // A stream with nothing to read would end, for nobody who listens, once its other end does.
    if (head.length > 0) socket.unshift(head);
    const take = (): void => this.#take(kept, from, socket, NOTHING, connected());
    turns.add(new WaitingRequest(addressGroup(from.address[0]), socket, take, leave), "fresh");
  }

  /**
   * Has a connection go on that has asked for something, once there is time for it: to parse a request of many headers takes half a
   * millisecond.
   *
   * @param forwardedFor - tells the headers of its request that say where it comes from, as `rawHeaders` do.
   */
  inTurn(socket: Socket, forwardedFor: () => string[], goOn: () => void): void {
    const turns = this.#turns;
    accepted(turns, this.#request.clock.now());
    const take = (): void => {
      goOn();
      turns.look();
    };
    if (!turns.spent) {
      take();
      return;
    }
    const request = {
      socket,
      get rawHeaders() {
        return forwardedFor();
      },
    };
    const { address } = clientAddress(request, this.#settings.proxies);
    turns.add(new WaitingRequest(addressGroup(address[0]), socket, take, () => {}), "fresh");
  }

  /** Takes a request whose turn it is. @param connected - when the connection was accepted, by the request's clock. */
  upgradeNow(request: IncomingMessage, socket: Socket, head: Buffer, connected: number | undefined): void {
    const from = clientAddress(request, this.#settings.proxies);
    this.#take(this.#keptOf(request), from, socket, head, connected);
  }

  /** What is kept of a request: what decides on it, or all, where a function of the application may look at it. */
  #keptOf(request: IncomingMessage): IncomingMessage {
    return this.#settings.origins.asks ? request : decisive(request);
  }

  /** Those who wait for their turn are refused in it. */
  close(): void {
    this.#closed = true;
  }

  #take(
    request: IncomingMessage,
    from: ClientAddress,
    socket: Socket,
    head: Buffer,
    connected: number | undefined,
  ): void {
    if (!this.#mayTake(from, socket)) return;
    const problem = this.#problem(request);
    if (problem !== undefined) {
      refuse(socket, problem);
      this.#refused(from, problem.reason);
      return;
    }
    // The option origins may have ended the connection, or have closed this.
    if (this.#mayTake(from, socket)) this.#offer(request, from, socket, head, connected);
  }

  /** Whether somebody is there, and may be let in. Else the connection is seen to. */
  #mayTake(from: ClientAddress, socket: Socket): boolean {
    if (gone(socket)) {
      socket.destroy();
      return false;
    }
    if (!this.#closed) return true;
    refuse(socket, CLOSED);
    this.#refused(from, "servershutdown");
    return false;
  }

  /** A request was for a path that nobody has, and was refused. */
  missed(request: IncomingMessage): void {
    this.#refused(clientAddress(request, this.#settings.proxies));
  }

  #refused({ address }: ClientAddress, reason = "badupgrade"): void {
    this.#request.refused?.(address, reason);
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

  #offer(
    request: IncomingMessage,
    { address, proxied }: ClientAddress,
    socket: Socket,
    head: Buffer,
    connected: number | undefined,
  ): void {
    const { encryptedByProxy } = this.#settings;
    const own = secLevel(socket);
    const facts = {
      remoteAddress: address,
      sslSeclevel: own === SSLSEC_NONE && proxied && encryptedByProxy ? SSLSEC_ENCRYPTED : own,
      tls: socket instanceof TLSSocket,
      certificate: socket instanceof TLSSocket ? new ShownCertificate(socket, socket.authorized) : undefined,
      longestMessage: this.#longestMessage,
      turns: this.#turns,
      framing: plainFrames,
    };
    let answered = false;
    const open = (): WebSocketTransport => {
      // As for clients over TCP. The http server may have set another time.
      socket.setKeepAlive(this.#keepAlive.keepAlive, this.#keepAlive.keepAliveInitialDelay);
      // TLS 1.2 lets a client negotiate anew; what was verified has to stay true.
      if (socket instanceof TLSSocket) socket.disableRenegotiation();
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
