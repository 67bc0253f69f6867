/** The cells of the table: what is measured, and with which peers. */
import type { PayloadName } from "./payloads.js";

interface CellBase {
  readonly id: string;
  readonly title: string;
  readonly peers: readonly string[];
  /** Ask the libraries to compress. */
  readonly compress?: boolean;
  /** Packet types to register beside the one in use. */
  readonly registered?: number;
  /** Measured in `--quick` too. */
  readonly quick?: boolean;
}

/** Messages go to the server and come back, so many at a time. */
export interface EchoCell extends CellBase {
  readonly kind: "echo";
  readonly payload: PayloadName;
  /** Over all connections together. */
  readonly inFlight: number;
  readonly connections: number;
  /** Messages before anything is measured. */
  readonly warmup: number;
}

/** Each message is sent by one client and delivered to all. */
export interface BroadcastCell extends CellBase {
  readonly kind: "broadcast";
  readonly payload: PayloadName;
  readonly inFlight: number;
  readonly connections: number;
  readonly warmup: number;
}

/** Connections are opened and left alone; their memory is measured. */
export interface IdleCell extends CellBase {
  readonly kind: "idle";
  readonly connections: number;
}

/** Connections are opened, and closed once all are active. */
export interface ConnectCell extends CellBase {
  readonly kind: "connect";
  readonly connections: number;
  /** Attempts under way at a time. */
  readonly concurrency: number;
  readonly warmup: number;
  /** Whether the server was started just before, while the clients' process has been at work. */
  readonly restart?: boolean;
}

export type Cell = EchoCell | BroadcastCell | IdleCell | ConnectCell;

const ALL = ["baseline", "ws", "ws-corked", "socket.io", "ours"];
const WITH_WEBSOCKET = [...ALL, "ours-websocket"];
const WITH_RECORDS = [...ALL, "ws-records"];
const OTHERS = ["ours", "limit", "zeromq", "grpc-js", "aedes", "colyseus"];
const TLS = ["baseline", "baseline-tls", "ours", "ours-tls"];
const EVENTS = ["ours", "ours-events"];
const RESUME = ["ours", "ours-resume"];
const REQUESTS = ["ours", "ours-requests", "ours-requests-async", "socket.io-requests"];
const RECEIVERS = ["ours", "ours-group", "ours-to"];

function echo(
  payload: PayloadName,
  inFlight: number,
  warmup: number,
  peers: readonly string[],
  more: Partial<EchoCell> = {},
): EchoCell {
  return {
    kind: "echo",
    id: `${payload}-${inFlight}`,
    title: `echo, ${payload}, ${inFlight} in flight`,
    payload,
    inFlight,
    connections: 1,
    warmup,
    peers,
    ...more,
  };
}

/**
 * As many in flight on each connection, whatever their number: with few, the figure would be that of the system calls
 * that a batch takes, and of waking up a process that has nothing to do.
 */
const IN_FLIGHT_EACH = 64;

function scaled(connections: number): EchoCell {
  return echo("small", IN_FLIGHT_EACH * connections, 40_000, ["baseline", "ws", "ours"], {
    id: `connections-${connections}`,
    title: `echo, small, ${IN_FLIGHT_EACH} in flight on each of ${connections} connections`,
    connections,
  });
}

function registered(count: number): EchoCell {
  return echo("small", 64, 40_000, ["ours"], {
    id: `registered-${count}`,
    title: `echo, small, 64 in flight, ${count} packet types`,
    registered: count,
  });
}

export const CELLS: readonly Cell[] = [
  echo("small", 1, 5_000, WITH_WEBSOCKET, { quick: true }),
  echo("small", 64, 40_000, WITH_WEBSOCKET, { quick: true }),
  echo("small", 1024, 60_000, WITH_WEBSOCKET, { quick: true }),
  echo("state", 1, 3_000, WITH_RECORDS),
  echo("state", 64, 10_000, WITH_RECORDS, { quick: true }),
  echo("state", 1024, 10_000, WITH_RECORDS),
  echo("large", 1, 300, ALL, { quick: true }),
  echo("large", 16, 300, ALL),
  {
    kind: "broadcast",
    id: "broadcast-1000",
    title: "broadcast, 200 bytes to 1000 clients",
    payload: "notice",
    inFlight: 4,
    connections: 1000,
    warmup: 60,
    peers: WITH_WEBSOCKET,
  },
  {
    kind: "idle",
    id: "idle-5000",
    title: "5000 idle connections",
    connections: 5000,
    peers: ["bare", ...ALL, "ours-resume"],
  },
  {
    kind: "connect",
    id: "connect",
    title: "connections opened until active",
    connections: 1000,
    concurrency: 32,
    warmup: 300,
    peers: ["bare", ...ALL],
  },
  ...[1, 64, 1024].map((inFlight) =>
    echo("small", inFlight, inFlight === 1 ? 2_000 : 20_000, OTHERS, {
      id: `others-${inFlight}`,
      title: `echo, small, ${inFlight} in flight, beside other kinds of libraries`,
    }),
  ),
  {
    kind: "connect",
    id: "restart-5000",
    title: "5000 clients that come back at once to a server that was restarted",
    connections: 5000,
    concurrency: 5000,
    warmup: 2000,
    restart: true,
    peers: ["bare", "baseline", "ws", "socket.io", "ours"],
  },
  echo("small", 64, 40_000, TLS, {
    id: "tls-small-64",
    title: "echo, small, 64 in flight, TLS beside plain",
  }),
  echo("small", 1024, 60_000, TLS, {
    id: "tls-small-1024",
    title: "echo, small, 1024 in flight, TLS beside plain",
  }),
  echo("small", 64, 40_000, EVENTS, { id: "events-small-64", title: "echo, small, 64 in flight, events on" }),
  echo("small", 1024, 60_000, EVENTS, {
    id: "events-small-1024",
    title: "echo, small, 1024 in flight, events on",
  }),
  echo("small", 64, 40_000, RESUME, { id: "resume-64", title: "echo, small, 64 in flight, resumption on" }),
  echo("small", 1024, 60_000, RESUME, {
    id: "resume-1024",
    title: "echo, small, 1024 in flight, resumption on",
  }),
  echo("small", 64, 40_000, REQUESTS, {
    id: "requests-64",
    title: "requests, small, 64 in flight, beside the echo of packets",
  }),
  echo("small", 1024, 60_000, REQUESTS, {
    id: "requests-1024",
    title: "requests, small, 1024 in flight, beside the echo of packets",
  }),
  {
    kind: "broadcast",
    id: "receivers-1000",
    title: "broadcast, 200 bytes to 1000 clients: all, a group, a list",
    payload: "notice",
    inFlight: 4,
    connections: 1000,
    warmup: 60,
    peers: RECEIVERS,
  },
  echo("world", 16, 500, ["ws", "ours"], {
    id: "world-plain",
    title: "echo, 16 KiB game state, not compressed",
  }),
  echo("world", 16, 300, ["ws", "ours"], {
    id: "world-compressed",
    title: "echo, 16 KiB game state, compressed",
    compress: true,
  }),
  ...[1, 100, 1000].map(scaled),
  ...[10, 10_000].map(registered),
];
