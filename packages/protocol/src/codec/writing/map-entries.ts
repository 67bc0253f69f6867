/** What of a `Map` can be sent. */
import { EncodeError } from "../../errors/errors.js";
import { fits64Bits } from "../integers.js";

const { entries } = Map.prototype;

/** The entries of an object made as a `Map`, whatever its own methods are. @throws {@link EncodeError} if it has none. */
export function entriesOf(map: object): IterableIterator<[unknown, unknown]> {
  try {
    return entries.call(map as Map<unknown, unknown>);
  } catch (error) {
    throw new EncodeError("a Map cannot be sent that was not made by its constructor", { cause: error });
  }
}

/** @throws {@link EncodeError} for a key that cannot be sent. */
export function checkKey(key: unknown): void {
  switch (typeof key) {
    case "string":
      if (key === "__proto__") throw protoKey();
      return;
    case "number":
      if (!Number.isSafeInteger(key)) throw otherKey(String(key));
      return;
    case "bigint":
      if (!fits64Bits(key)) throw otherKey(String(key));
      return;
    case "object":
      if (!ArrayBuffer.isView(key)) throw otherKey(key === null ? "null" : "that is an object");
      return;
    default:
      throw otherKey(`of type ${typeof key}`);
  }
}

export function protoKey(): EncodeError {
  return new EncodeError('a map with the key "__proto__" cannot be sent: the peer would refuse it');
}

function otherKey(key: string): EncodeError {
  return new EncodeError(
    `a Map with a key ${key} cannot be sent: keys have to be strings, integers of 64 bits or Uint8Arrays`,
  );
}
