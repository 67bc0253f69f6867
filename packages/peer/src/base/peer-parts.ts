import type { Config, PacketRegistry, Peer } from "@peng3dnet/protocol";
import type { Platform } from "../platform/platform.js";
import type { Clock } from "../time/clock.js";
import type { EngineEvents } from "./engine-events.js";
import type { HandlerGuard } from "./handler-guard.js";

interface PrintingPeer {
  /** Prints a line, as `net.debug.print.*` want it. */
  print(...values: unknown[]): void;
}

/** What the hooks of a peer share with it. */
export interface PeerParts {
  readonly peer: Peer & PrintingPeer;
  readonly cfg: Config;
  readonly registry: PacketRegistry;
  readonly clock: Clock;
  readonly platform: Platform;
  readonly guard: HandlerGuard;
  /** `undefined`: there is no engine. */
  readonly events: EngineEvents | undefined;
  /** Tells the listeners of an event, by the overridable method of the peer. */
  emit(event: string, args: readonly unknown[]): void;
}
