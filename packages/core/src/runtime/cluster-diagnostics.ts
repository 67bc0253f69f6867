import { channel } from "node:diagnostics_channel";
import type { BusMessageKind, NodeObserver, ObservedNodeRequest, RequestEnd } from "@peng3dnet/peer";

/** What every message about a node of a cluster has. */
export interface NodeMessage {
  /** Id of the node, which is one of this process. */
  readonly node: string;
}

/** Another node is there. */
export interface NodeJoinMessage extends NodeMessage {
  /** Its id. */
  readonly other: string;
}

/** Another node is not there any more. */
export interface NodeLeaveMessage extends NodeJoinMessage {
  /** Whether it has not said so, and was silent for too long. */
  readonly lost: boolean;
}

/** Messages to a group are missing. */
export interface NodeGapMessage extends NodeMessage {
  readonly group: string;
  /** How many; `undefined`: nobody knows. */
  readonly missed: number | undefined;
  /** Id of the node that sent them. */
  readonly from: string;
}

/** A request to a client of another node begins. The same object is the message of its end. */
export interface NodeRequestMessage extends NodeJoinMessage {
  /** Name of its definition. */
  readonly request: string;
  /** Whether this node asks another one, or asks a client of its own for another one. */
  readonly way: "asked" | "answered";
}

/** It ended. */
export interface NodeRequestEndMessage extends NodeRequestMessage {
  /** As {@link RequestEnd} says. */
  readonly end: RequestEnd;
}

/** The bus of a node got another state. */
export interface BusStateMessage extends NodeMessage {
  readonly state: "connected" | "disconnected" | "closed";
  /** How many publications the broker had not confirmed when the connection broke. */
  readonly unconfirmed: number;
}

/** A message went to the bus, or came from another node. */
export interface BusMessageMessage extends NodeMessage {
  readonly kind: BusMessageKind;
  readonly bytes: number;
}

/** The channels that nodes of a cluster publish on, and their messages. */
export interface ClusterDiagnosticsChannels {
  "peng3dnet:node.join": NodeJoinMessage;
  "peng3dnet:node.leave": NodeLeaveMessage;
  "peng3dnet:node.gap": NodeGapMessage;
  "peng3dnet:node.request.start": NodeRequestMessage;
  "peng3dnet:node.request.end": NodeRequestEndMessage;
  "peng3dnet:bus.state": BusStateMessage;
  "peng3dnet:bus.publish": BusMessageMessage;
  "peng3dnet:bus.receive": BusMessageMessage;
}

// Held, as those of servers and clients are.
const join = channel("peng3dnet:node.join");
const leave = channel("peng3dnet:node.leave");
const gap = channel("peng3dnet:node.gap");
const start = channel("peng3dnet:node.request.start");
const end = channel("peng3dnet:node.request.end");
const state = channel("peng3dnet:bus.state");
const publish = channel("peng3dnet:bus.publish");
const receive = channel("peng3dnet:bus.receive");

const RARE_CHANNELS = [join, leave, gap, state];

const RARE: NodeObserver = {
  joined(other, node) {
    if (join.hasSubscribers) join.publish({ node, other } satisfies NodeJoinMessage);
  },
  gone(other, lost, node) {
    if (leave.hasSubscribers) leave.publish({ node, other, lost } satisfies NodeLeaveMessage);
  },
  gap(group, missed, from, node) {
    if (gap.hasSubscribers) gap.publish({ node, group, missed, from } satisfies NodeGapMessage);
  },
  busChanged(now, unconfirmed, node) {
    if (state.hasSubscribers) state.publish({ node, state: now, unconfirmed } satisfies BusStateMessage);
  },
};

const MESSAGES: NodeObserver = {
  published(kind, bytes, node) {
    if (publish.hasSubscribers) publish.publish({ node, kind, bytes } satisfies BusMessageMessage);
  },
  arrived(kind, bytes, node) {
    if (receive.hasSubscribers) receive.publish({ node, kind, bytes } satisfies BusMessageMessage);
  },
};

const REQUESTS: NodeObserver = {
  request({ name: request, way, node, other }: ObservedNodeRequest) {
    const message: NodeRequestMessage & { end?: RequestEnd } = { node, other, request, way };
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

/** Observers by what there are subscribers for, each made when it is needed. */
const made: (NodeObserver | undefined)[] = [];

/** Publishes what there are subscribers for now; `undefined`: there are none. */
export function clusterDiagnosticsObserver(): NodeObserver | undefined {
  const messages = publish.hasSubscribers || receive.hasSubscribers;
  const requests = start.hasSubscribers || end.hasSubscribers;
  const rare = RARE_CHANNELS.some(({ hasSubscribers }) => hasSubscribers);
  if (!messages && !requests && !rare) return undefined;
  const which = (messages ? 1 : 0) + (requests ? 2 : 0);
  made[which] ??= { ...RARE, ...(messages ? MESSAGES : {}), ...(requests ? REQUESTS : {}) };
  return made[which];
}
