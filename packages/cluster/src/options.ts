import { ConfigError, type OptionNames } from "@peng3dnet/peer";
import type { BusFactory } from "./bus/bus.js";
import { checkNodeName, checkPrefix } from "./wire/names.js";

/** Options of {@link joinCluster}. */
export interface ClusterOptions {
  /** What carries messages between the nodes, e.g. `natsBus({ servers: "127.0.0.1:4222" })`, or `memoryBus()` in one process. */
  readonly bus: BusFactory;
  /** Name of this node, 1 to 64 letters, digits, `-` and `_`. Default: `"node"`. Ids of nodes differ in any case. */
  readonly name?: string | undefined;
  /**
   * What all subjects of the cluster begin with: letters, digits, `-` and `_`, with dots between, 64 characters at most. Clusters
   * with different ones do not hear each other. Default: `"peng3dnet"`.
   */
  readonly prefix?: string | undefined;
  /**
   * The address at which clients reach this node, told to the other ones: {@link NodeInfo}. These tell it to clients that come back for
   * a session of this node and reach one of them. Several have a space between them, e.g. where some clients come over WebSocket:
   * `"game-1.example:8080 wss://game-1.example/play"`. Default: none, and such clients are told that the session is gone.
   */
  readonly advertised?: string | undefined;
  /**
   * Whether this node tells clients that come back where else their session is, as {@link ClusterOptions.advertised} of the other
   * nodes says. Default true; else they are told that the session is gone.
   */
  readonly redirect?: boolean | undefined;
  /** Seconds between two signs of life, from 0.05. All nodes have the same. Default 1. */
  readonly interval?: number | undefined;
  /** Seconds of silence after which another node is taken for dead. At least three times `interval`, and at most 3,600. Default 5. */
  readonly timeout?: number | undefined;
  /** Most other nodes. What comes from more is dropped, and counted. Default 256. */
  readonly maxNodes?: number | undefined;
  /**
   * Most groups of another node that are kept; one with more of them gets what is sent to any group. And most groups with
   * sequences of this node. Default 65,536.
   */
  readonly maxGroups?: number | undefined;
  /**
   * Most members in all groups together that are kept of each other node, where this one asks who is there:
   * {@link ClusterGroup.members}. A client in three groups counts three times. Default 262,144.
   */
  readonly maxMembers?: number | undefined;
  /** Most requests to clients of other nodes that wait for an answer at a time, and most of other nodes' here. Default 4,096. */
  readonly maxRequests?: number | undefined;
}

/** The names of the options. */
export const CLUSTER_OPTIONS: OptionNames<ClusterOptions> = {
  bus: true,
  name: true,
  prefix: true,
  advertised: true,
  redirect: true,
  interval: true,
  timeout: true,
  maxNodes: true,
  maxGroups: true,
  maxMembers: true,
  maxRequests: true,
};

/** The options with their defaults. */
export interface ClusterSettings {
  readonly name: string;
  readonly prefix: string;
  readonly advertised: string | undefined;
  readonly redirect: boolean;
  readonly interval: number;
  readonly timeout: number;
  readonly maxNodes: number;
  readonly maxGroups: number;
  readonly maxMembers: number;
  readonly maxRequests: number;
}

const ADVERTISED = /^[\x20-\x7e]{1,256}$/;
const LEAST_INTERVAL = 0.05;
const LONGEST_TIMEOUT = 3600;

/** Whether a value is a text that clients can be told as the address of a node. */
export function isAdvertised(value: unknown): value is string {
  return typeof value === "string" && ADVERTISED.test(value);
}

/** Whether one number of seconds is at least three times another one, in milliseconds: three times 0.1 is a little more than 0.3. */
function isThreeTimes(long: number, short: number): boolean {
  return Math.round(long * 1000) >= 3 * Math.round(short * 1000);
}

/** Reads the options. @throws {@link ConfigError} for what is not allowed. */
export function readOptions({
  bus,
  name = "node",
  prefix = "peng3dnet",
  advertised,
  redirect = true,
  interval = 1,
  timeout = 5,
  maxNodes = 256,
  maxGroups = 65_536,
  maxMembers = 262_144,
  maxRequests = 4096,
}: ClusterOptions): ClusterSettings {
  if (typeof (Object(bus) as Partial<BusFactory>).connect !== "function")
    throw new ConfigError(
      "bus",
      'the option "bus" is what natsBus(…) or memoryBus() returns, or another bus',
    );
  checkNodeName(name);
  checkPrefix(prefix);
  if (advertised !== undefined && !isAdvertised(advertised))
    throw new ConfigError(
      "advertised",
      'the option "advertised" is a text of 1 to 256 printable ASCII characters',
    );
  if (typeof redirect !== "boolean")
    throw new ConfigError("redirect", 'the option "redirect" is true or false');
  if (!(typeof interval === "number" && interval >= LEAST_INTERVAL && interval <= LONGEST_TIMEOUT / 3))
    throw new ConfigError(
      "interval",
      `the option "interval" is a number of seconds from ${LEAST_INTERVAL} to ${LONGEST_TIMEOUT / 3}`,
    );
  if (!(typeof timeout === "number" && isThreeTimes(timeout, interval) && timeout <= LONGEST_TIMEOUT))
    throw new ConfigError(
      "timeout",
      `the option "timeout" is a number of seconds up to ${LONGEST_TIMEOUT}, and at least three times "interval", ${interval}`,
    );
  for (const [key, value] of Object.entries({ maxNodes, maxGroups, maxMembers, maxRequests })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new ConfigError(key, `the option "${key}" is an integer from 1`);
  }
  return {
    name,
    prefix,
    advertised,
    redirect,
    interval,
    timeout,
    maxNodes,
    maxGroups,
    maxMembers,
    maxRequests,
  };
}
