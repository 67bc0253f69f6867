import { checkKnownOptions, type OptionNames } from "@peng3dnet/peer";
import { PENG_EVENTS } from "../events/event-map.js";

/** Which events a bridge takes. */
export interface BridgeOptions<K extends string> {
  /** Names of the events. Default: all of peng3dnet's. */
  readonly events?: readonly K[] | undefined;
}

const OPTIONS: OptionNames<BridgeOptions<string>> = { events: true };

/**
 * The names of the events that a bridge takes. A mistyped option would have it take all.
 *
 * @throws {@link ConfigError} that names the option; TypeError for what is no object.
 */
export function bridgedEvents(options: BridgeOptions<string>): readonly string[] {
  checkKnownOptions("a bridge", options, OPTIONS);
  return options.events ?? PENG_EVENTS;
}
