import { channel } from "node:diagnostics_channel";
import type {
  Address,
  CloseInfo,
  ConnectionHandle,
  ObservedRequest,
  PeerObserver,
  RequestEnd,
  ResumptionEnd,
} from "@peng3dnet/peer";
import type { ClusterDiagnosticsChannels } from "./cluster-diagnostics.js";

/** What every message about a connection has. */
export interface ConnectionMessage {
  /** Which side of it this process is. */
  readonly side: "server" | "client";
  readonly connection: ConnectionHandle;
}

/** A handshake is over. */
export interface HandshakeMessage {
  /** `undefined`: a client reached nobody. */
  readonly connection: ConnectionHandle | undefined;
  /** As {@link PeerObserver.handshake} says. */
  readonly outcome: string;
}

/** The line of a connection broke, and its session waits for another one. */
export interface ConnectionSuspendMessage extends ConnectionMessage {
  /** What is known of why. */
  readonly error: Error | undefined;
}

/** A resumption is over, or an attempt at one on a server. */
export interface ConnectionResumptionMessage extends ConnectionMessage, ResumptionEnd {}

/** A connection is closed. */
export interface ConnectionCloseMessage extends ConnectionMessage, CloseInfo {}

/** A server refused a connection before it began. */
export interface ConnectionDropMessage {
  readonly address: Address;
  readonly reason: string;
}

/** A packet was received and handled, or accepted for sending. */
export interface PacketMessage extends ConnectionMessage {
  /** Name of its type. */
  readonly packet: string;
  /** Its length on the wire. */
  readonly bytes: number;
}

/** A heartbeat was answered. */
export interface HeartbeatMessage extends ConnectionMessage {
  /** How long it took there and back. */
  readonly seconds: number;
}

/** A request begins. The same object is the message of its end. */
export interface RequestMessage extends ConnectionMessage {
  /** Name of its definition. */
  readonly request: string;
  /** Whether this side asks, or answers. */
  readonly way: "asked" | "answered";
}

/** A request ended. */
export interface RequestEndMessage extends RequestMessage {
  /** As {@link RequestEnd} says. */
  readonly end: RequestEnd;
}

/** The channels of `node:diagnostics_channel` that servers, clients and nodes of a cluster publish on, and their messages. */
export interface DiagnosticsChannels extends ClusterDiagnosticsChannels {
  "peng3dnet:connection.open": ConnectionMessage;
  "peng3dnet:connection.handshake": HandshakeMessage;
  "peng3dnet:connection.suspend": ConnectionSuspendMessage;
  "peng3dnet:connection.resumption": ConnectionResumptionMessage;
  "peng3dnet:connection.close": ConnectionCloseMessage;
  "peng3dnet:connection.drop": ConnectionDropMessage;
  "peng3dnet:packet.receive": PacketMessage;
  "peng3dnet:packet.send": PacketMessage;
  "peng3dnet:request.start": RequestMessage;
  "peng3dnet:request.end": RequestEndMessage;
  "peng3dnet:heartbeat": HeartbeatMessage;
}

// Held, since a channel that nobody holds is forgotten with its subscribers on older versions of Node.
const open = channel("peng3dnet:connection.open");
const handshake = channel("peng3dnet:connection.handshake");
const suspend = channel("peng3dnet:connection.suspend");
const resumption = channel("peng3dnet:connection.resumption");
const close = channel("peng3dnet:connection.close");
const drop = channel("peng3dnet:connection.drop");
const receive = channel("peng3dnet:packet.receive");
const send = channel("peng3dnet:packet.send");
const start = channel("peng3dnet:request.start");
const end = channel("peng3dnet:request.end");
const heartbeat = channel("peng3dnet:heartbeat");

const RARE_CHANNELS = [open, handshake, suspend, resumption, close, drop];

function about(connection: ConnectionHandle): ConnectionMessage {
  return { side: connection.cid === null ? "client" : "server", connection };
}

/** What is rare: a look at the channel each time costs nothing. */
const RARE: PeerObserver = {
  connected(connection) {
    if (open.hasSubscribers) open.publish(about(connection));
  },
  handshake(connection, outcome) {
    if (handshake.hasSubscribers) handshake.publish({ connection, outcome });
  },
  suspended(connection, error) {
    if (suspend.hasSubscribers) suspend.publish({ ...about(connection), error });
  },
  resumption(connection, how) {
    if (resumption.hasSubscribers) resumption.publish({ ...about(connection), ...how });
  },
  closed(connection, info) {
    if (close.hasSubscribers) close.publish({ ...about(connection), ...info });
  },
  dropped(address, reason) {
    if (drop.hasSubscribers) drop.publish({ address, reason });
  },
};

const PACKETS: PeerObserver = {
  received(packet, bytes, connection) {
    if (receive.hasSubscribers) receive.publish({ ...about(connection), packet, bytes });
  },
  sent(packet, bytes, connection) {
    if (send.hasSubscribers) send.publish({ ...about(connection), packet, bytes });
  },
};

const REQUESTS: PeerObserver = {
  request({ name: request, way, connection }: ObservedRequest) {
    const message: { -readonly [K in keyof RequestEndMessage]?: RequestEndMessage[K] } = about(connection);
    message.request = request;
    message.way = way;
    if (start.hasSubscribers) start.publish(message);
    return {
      ended(how) {
        if (!end.hasSubscribers) return;
        message.end = how;
        end.publish(message);
      },
    };
  },
};

const HEARTBEATS: PeerObserver = {
  roundTrip(seconds, connection) {
    if (heartbeat.hasSubscribers) heartbeat.publish({ ...about(connection), seconds });
  },
};

/** Observers by what there are subscribers for, each made when it is needed. */
const made: (PeerObserver | undefined)[] = [];

/** Publishes what there are subscribers for now; `undefined`: there are none. */
export function diagnosticsObserver(): PeerObserver | undefined {
  const packets = receive.hasSubscribers || send.hasSubscribers;
  const requests = start.hasSubscribers || end.hasSubscribers;
  const beats = heartbeat.hasSubscribers;
  const rare = RARE_CHANNELS.some(({ hasSubscribers }) => hasSubscribers);
  if (!packets && !requests && !beats && !rare) return undefined;
  const which = (packets ? 1 : 0) + (requests ? 2 : 0) + (beats ? 4 : 0);
  made[which] ??= {
    ...RARE,
    ...(packets ? PACKETS : {}),
    ...(requests ? REQUESTS : {}),
    ...(beats ? HEARTBEATS : {}),
  };
  return made[which];
}
