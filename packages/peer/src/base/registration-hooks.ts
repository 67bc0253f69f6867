const UNDERSCORE = 95;

/**
 * Calls all methods of a peer whose names begin with a prefix, in order of name: those by which subclasses register what they
 * add.
 *
 * @param base - the prototype from which on there are none, and looking through all names costs a client much of its start.
 */
export function callRegistrationHooks(peer: object, base: object, prefix: string): void {
  const names = new Set<string>();
  for (let object = peer; object !== base; object = Object.getPrototypeOf(object)) {
    for (const name of Object.getOwnPropertyNames(object)) {
      // One character first: a client has a hundred names, and a process thousands of clients.
      if (name.charCodeAt(0) === UNDERSCORE && name.startsWith(prefix)) names.add(name);
    }
  }
  for (const name of [...names].sort()) {
    const hook: unknown = Reflect.get(peer, name);
    if (typeof hook === "function") hook.call(peer);
  }
}
