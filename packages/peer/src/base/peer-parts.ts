import type { Config, PacketRegistry, Peer } from "@peng3dnet/protocol";
import type { Platform } from "../platform/platform.js";
import type { Clock } from "../time/clock.js";
import type { EngineEvents } from "./engine-events.js";
import type { HandlerGuard } from "./handler-guard.js";
import type { PeerSetup } from "./peer-setup.js";

/** Under this symbol, a peer tells the listeners of an event, by its overridable method. */
export const EMIT: unique symbol = Symbol("peng3dnet.emit");

/** What its parts ask of a peer. */
export interface WholePeer extends Peer {
  /** Prints a line, as `net.debug.print.*` want it. */
  print(...values: unknown[]): void;
  [EMIT](event: string, args: readonly unknown[]): void;
}

/** What the parts of a peer are made with. */
export interface PartsInit {
  readonly peer: WholePeer;
  readonly setup: PeerSetup;
  readonly guard: HandlerGuard;
  /** `undefined`: there is no engine. */
  readonly events: EngineEvents | undefined;
}

/** What the parts of a peer share with it. The hooks of its sessions extend it, so that there is one object for both. */
export abstract class PeerParts implements PartsInit {
  readonly peer: WholePeer;
  readonly setup: PeerSetup;
  readonly guard: HandlerGuard;
  readonly events: EngineEvents | undefined;

  constructor({ peer, setup, guard, events }: PartsInit) {
    this.peer = peer;
    this.setup = setup;
    this.guard = guard;
    this.events = events;
  }

  get cfg(): Config {
    return this.peer.cfg;
  }

  get registry(): PacketRegistry {
    return this.peer.registry;
  }

  get clock(): Clock {
    return this.setup.clock;
  }

  get platform(): Platform {
    return this.setup.platform;
  }

  /** Tells the listeners of an event. */
  emit(event: string, args: readonly unknown[]): void {
    this.peer[EMIT](event, args);
  }
}
