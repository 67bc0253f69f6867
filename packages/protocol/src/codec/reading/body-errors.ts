/** What can be wrong with a body, in the words of the error. */
import { BadDataError } from "../../errors/errors.js";

export function tooShort(): BadDataError {
  return new BadDataError("the body ends within a value");
}

export function notUtf8(): BadDataError {
  return new BadDataError("a string in the body is not valid UTF-8");
}

export function bytesFollow(count: number): BadDataError {
  return new BadDataError(`${count} bytes follow the value in the body`);
}

export function neverUsed(): BadDataError {
  return new BadDataError("the body has the byte c1, which msgpack never uses");
}

export function extensionRefused(type: number): BadDataError {
  if (type < 0)
    return new BadDataError(`the body has a value of extension type ${type}, which msgpack reserves`);
  return new BadDataError(
    `the body has a value of extension type ${type}; hand in an ExtensionCodec as the option "extensions" to accept it`,
  );
}

export function extensionFailed(type: number, why: string, cause: unknown): BadDataError {
  return new BadDataError(
    `the ExtensionCodec could not decode extension type ${type}: ${why}`,
    cause === undefined ? undefined : { cause },
  );
}

export function badTimestamp(what: string): BadDataError {
  return new BadDataError(`a timestamp in the body ${what}`);
}

export function keyOfOtherKind(): BadDataError {
  return new BadDataError("a map in the body has a key that is neither a string, an integer nor binary");
}

export function tooManyCollisions(steps: number): BadDataError {
  return new BadDataError(
    `the body has maps with so many integer keys far apart that looking them up could take more than ${steps} steps; use text as keys, or raise net.limits.elements`,
  );
}

export function protoKey(): BadDataError {
  return new BadDataError('a map in the body has the key "__proto__"');
}

export function tooDeep(maxDepth: number): BadDataError {
  return new BadDataError(`the body is nested more than ${maxDepth} deep, the limit of net.limits.depth`);
}

export function announcesTooMuch(elements: number, bytesLeft: number): BadDataError {
  return new BadDataError(`the body announces ${elements} elements in ${Math.max(bytesLeft, 0)} bytes`);
}

export function tooManyElements(maxElements: number): BadDataError {
  return new BadDataError(`the body has more than the ${maxElements} elements of net.limits.elements`);
}

export function tooManyKeys(keys: number): BadDataError {
  return new BadDataError(
    `the body has maps with more than ${keys} keys of which no two are alike; use arrays, or raise net.limits.elements`,
  );
}

export function tooSparse(places: number): BadDataError {
  return new BadDataError(
    `the body has maps with keys like "1023", for which the engine reserves more than ${places} places of lists without a value; use other keys or an array, or raise net.limits.elements`,
  );
}

export function tooManyMoves(moves: number): BadDataError {
  return new BadDataError(
    `the body has maps with keys like "50000" with gaps between them, for which the engine moves more than ${moves} entries; use other keys or an array, or raise net.limits.elements`,
  );
}
