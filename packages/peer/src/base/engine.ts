import type { ConfigSource } from "@peng3dnet/protocol";

/**
 * What a server or client needs of an engine, or of a bus from `@peng3dnet/peng3d-events`: somewhere to send
 * events, and optionally a config to stack on.
 *
 * @reference `peng`
 */
export interface EngineLike {
  /** Sends an event with its data. */
  sendEvent(event: string, data: Readonly<Record<string, unknown>>): void;
  /** Whether anybody listens; where it is missing, somebody is taken to. Spares the data of frequent events. */
  hasListeners?(event: string): boolean;
  /** Config on which the peer's own is stacked. */
  readonly cfg?: ConfigSource | undefined;
}

/**
 * Under this symbol, the data of events of packets say how much memory the packet's value takes, in bytes: for those who
 * keep events for later.
 */
export const EVENT_SIZE: unique symbol = Symbol("peng3dnet.size");
