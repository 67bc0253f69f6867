import {
  AlreadyRegisteredError,
  CONNTYPE_NOTSET,
  type ConnectionType,
  quoteText,
  RegistryError,
} from "@peng3dnet/protocol";

/**
 * Adds a connection type to those of a peer.
 *
 * @throws {@link AlreadyRegisteredError} if the name is taken, {@link RegistryError} if no client could ask for it.
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
  if (typeof name === "string" && !name.isWellFormed()) {
    throw new RegistryError(
      `the name ${quoteText(name)} has half of a surrogate pair, which no client can ask for; choose a name that is valid Unicode`,
    );
  }
  if (types.has(name)) {
    throw new AlreadyRegisteredError(`the connection type "${name}" is registered already`);
  }
  types.set(name, type);
}
