import type { SmartPacket } from "@peng3dnet/peer";

/** Carries any value, from the client and back. */
export const ECHO = "echo:echo";
/** Carries a {@link Ping} to the server and a {@link Pong} back. */
export const PING = "echo:ping";

/** Where the page finds the server, on the address that it was loaded from. */
export const PATH = "/echo";

/** What a client sends to measure the connection. Times are in seconds since 1970. */
export interface Ping {
  readonly client_timestamp: number;
}

/** What the server makes of a {@link Ping}. */
export interface Pong extends Ping {
  readonly server_timestamp: number;
}

/** The packets of one side: both sides have the same names, each its own idea of what to do on receipt. */
export interface EchoPackets {
  readonly echo: SmartPacket;
  readonly ping: SmartPacket;
}

/** Registers the packets in the order in which every peer of this application does: ids count up from 64. */
export function registerEchoPackets(
  peer: { registerPacket(name: string, packet: SmartPacket): number },
  { echo, ping }: EchoPackets,
): void {
  peer.registerPacket(ECHO, echo);
  peer.registerPacket(PING, ping);
}

/** Whether a payload is a map: a peer may send anything. */
export function isMap(payload: unknown): payload is Readonly<Record<string, unknown>> {
  return (
    typeof payload === "object" && payload !== null && !Array.isArray(payload) && !ArrayBuffer.isView(payload)
  );
}

/** Whether a payload is a {@link Pong}. */
export function isPong(payload: unknown): payload is Pong {
  return (
    isMap(payload) &&
    typeof payload.client_timestamp === "number" &&
    typeof payload.server_timestamp === "number"
  );
}

/** The time in seconds since 1970, to the microsecond. */
export function now(): number {
  return (performance.timeOrigin + performance.now()) / 1000;
}
