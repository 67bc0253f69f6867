import { ConnectionLostError, describeError, isInstance, Peng3dnetError } from "@peng3dnet/protocol";

/** The error of a connection whose transport ended with one: the library's own say by themselves what happened. */
export function lostBy(error: Error | undefined): Error {
  return isInstance(error, Peng3dnetError)
    ? error
    : new ConnectionLostError(`the connection was lost: ${describeError(error)}`, { cause: error });
}
