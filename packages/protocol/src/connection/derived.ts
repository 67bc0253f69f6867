/**
 * An object that has what another one has, and some fields of its own. What they have in common is there once, however many
 * objects are derived from it.
 */
export function derive<Common extends object, Own extends object>(common: Common, own: Own): Common & Own {
  // An object that is made of another one has room for more fields at once than these have.
  return Object.setPrototypeOf(own, common) as Common & Own;
}

/** What an object was derived from; itself, if that is nothing. */
export function commonOf<T extends object>(derived: T): T {
  const common: T = Object.getPrototypeOf(derived);
  return Object.getPrototypeOf(common) === null ? derived : common;
}

/** A copy with all fields, those included that an object has from what it was derived from. */
export function wholeOf<T extends object>(derived: T): T {
  return { ...(Object.getPrototypeOf(derived) as T), ...derived };
}
