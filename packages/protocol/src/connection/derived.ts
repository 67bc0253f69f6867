/**
 * An object that has what another one has, and some fields of its own. What they have in common is there once, however many
 * objects are derived from it.
 */
export function derive<Common extends object, Own extends object>(common: Common, own: Own): Common & Own {
  return Object.assign(Object.create(common) as Common, own);
}

/** A copy with all fields, those included that an object has from what it was derived from. */
export function wholeOf<T extends object>(derived: T): T {
  return { ...(Object.getPrototypeOf(derived) as T), ...derived };
}
