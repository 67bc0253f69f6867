/** How the names of these methods begin: those that register packets are called first. */
const PREFIXES = ["_reg_packets_", "_reg_conntypes_"];

/**
 * Calls all methods of a peer whose names begin with `_reg_packets_`, in order of name, and then those with `_reg_conntypes_`: by
 * which subclasses register what they add.
 *
 * @param base - the prototype from which on there are none, and looking through all names costs a client much of its start.
 */
export function callRegistrationHooks(peer: object, base: object): void {
  for (const prefix of PREFIXES) {
    const names: string[] = [];
    // A loop over what is enumerable makes no list: a client has many fields, and a process thousands of clients.
    for (const name in peer) if (name[0] === "_") names.push(name);
    for (let object = peer; ; ) {
      object = Object.getPrototypeOf(object);
      if (object === base) break;
      for (const name of Object.getOwnPropertyNames(object)) if (name[0] === "_") names.push(name);
    }
    // Most have none at all, and need not look again.
    if (names.length === 0) return;
    for (const name of [...new Set(names)].sort()) {
      const hook: unknown = name.startsWith(prefix) && Reflect.get(peer, name);
      if (typeof hook === "function") hook.call(peer);
    }
  }
}
