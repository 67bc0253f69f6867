import type { Socket } from "node:net";
import type { Acceptor, Address, Listening, ListenRequest } from "@peng3dnet/peer";
import { prepareTlsServer } from "../tls/tls.js";
import type { PlainNotice, TlsAcceptor } from "../tls/tls-server.js";
import { listen } from "./listener.js";
import { SocketTransport } from "./socket-transport.js";

function prepareTls({ cfg, clock, logger, closingPacket }: ListenRequest): Promise<TlsAcceptor | undefined> {
  const notice: PlainNotice = {
    clock,
    // Later, a client without TLS would have given up by itself, and known nothing.
    after: () => cfg.get("net.timeout.handshake") / 2,
    packet: () => closingPacket("tlsrequired"),
  };
  return prepareTlsServer(cfg, logger, notice);
}

async function listenForSockets(request: ListenRequest): Promise<Listening> {
  let tls = await prepareTls(request);
  request.signal.throwIfAborted();
  const accept = (socket: Socket): void => {
    // One that was reset already has no address.
    const address: Address = [socket.remoteAddress ?? "", socket.remotePort ?? 0];
    request.offer(
      address,
      () => tls?.wrap(socket) ?? new SocketTransport(socket),
      () => socket.destroy(),
    );
  };
  const listener = await listen(
    request.address,
    accept,
    request.failed,
    request.cfg.get("net.tcp.keepalive"),
  );
  if (tls === undefined) return listener;
  return {
    address: listener.address,
    close: () => listener.close(),
    async reloadCertificates() {
      tls = (await prepareTls(request)) ?? tls;
    },
  };
}

/** Listens on a TCP port, with TLS where `net.ssl.enabled` says so. */
export const tcpAcceptor: Acceptor = { listen: listenForSockets };
