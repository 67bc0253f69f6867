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

/** A connection type under its name, and behind it the others. A peer has few of them, and a client one: no list is made for it. */
export interface NamedType {
  readonly name: string;
  readonly type: ConnectionType;
  readonly next: NamedType | undefined;
}

/**
 * Adds a connection type to those of a peer.
 *
 * @param types - those that there are; `undefined`: none.
 * @returns all of them.
 * @throws {@link AlreadyRegisteredError} if the name is taken, {@link RegistryError} if no client could ask for it, TypeError for
 * what is no connection type.
 */
export function addConnectionType(
  types: NamedType | undefined,
  name: string,
  type: ConnectionType,
): NamedType {
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
  if (findConnectionType(types, name) !== undefined) {
    throw new AlreadyRegisteredError(`the connection type "${name}" is registered already`);
  }
  return { name, type, next: types };
}

/** The connection type of a name; `undefined`: there is none. */
export function findConnectionType(types: NamedType | undefined, name: string): ConnectionType | undefined {
  for (let one = types; one !== undefined; one = one.next) if (one.name === name) return one.type;
  return undefined;
}
