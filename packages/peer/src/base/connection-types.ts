import {
  AlreadyRegisteredError,
  CONNTYPE_NOTSET,
  type ConnectionType,
  quoteText,
  RegistryError,
} from "@peng3dnet/protocol";
import { describeValue } from "./describe-value.js";

/** What a connection is worked off with. */
const STEPS = ["init", "receive", "send", "closed"] as const;

/**
 * Adds a connection type to those of a peer.
 *
 * @throws {@link AlreadyRegisteredError} if the name is taken, {@link RegistryError} if no client could ask for it, TypeError for
 * what is no connection type.
 */
export function addConnectionType(
  types: Map<string, ConnectionType>,
  name: string,
  type: ConnectionType,
): void {
  if (name === CONNTYPE_NOTSET) {
    throw new RegistryError(
      'the name of a connection type is not empty: "" stands for a type that is not known yet',
    );
  }
  if (typeof name !== "string")
    throw new TypeError(`the name of a connection type is a string, and not ${describeValue(name)}`);
  if (!name.isWellFormed()) {
    throw new RegistryError(
      `the name ${quoteText(name)} has half of a surrogate pair, which no client can ask for; choose a name that is valid Unicode`,
    );
  }
  const missing = STEPS.find((step) => typeof type?.[step] !== "function");
  if (missing !== undefined) {
    throw new TypeError(
      `the connection type ${quoteText(String(name))} lacks ${missing}(); give an instance of a subclass of ConnectionType`,
    );
  }
  if (types.has(name)) {
    throw new AlreadyRegisteredError(`the connection type "${name}" is registered already`);
  }
  types.set(name, type);
}
