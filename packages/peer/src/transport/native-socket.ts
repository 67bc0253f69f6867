/**
 * What transports move their bytes with, by the package that has the transport: such a package adds its type here by
 * declaration merging, as `@peng3dnet/core` does with `tcp: Socket`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be merged with.
export interface NativeSockets {}

/** A socket of any of the transports that a program uses; `unknown` where none of them has one. */
export type NativeSocket = [keyof NativeSockets] extends [never]
  ? unknown
  : NativeSockets[keyof NativeSockets];
