import { Peng3dnetError } from "@peng3dnet/core";

/** Codes of the errors that a peer's bytes may lead to. */
const PEER_FAULTS = new Set(
  [
    "MALFORMED_PACKET",
    "PACKET_TOO_LARGE",
    "BAD_DATA",
    "DECOMPRESS_LIMIT",
    "UNSUPPORTED_FLAGS",
    "UNKNOWN_PACKET",
    "UNEXPECTED_PACKET",
    "PROTOVERSION_MISMATCH",
    "UNKNOWN_CONNTYPE",
    "PACKETREG_MISMATCH",
    "NOT_PENG3DNET",
    "TLS_ON_PLAIN_PORT",
    "SMARTPACKET_INVALID",
    "INVALID_PAYLOAD",
    "RESUME",
  ].map((name) => `P3D_ERR_${name}`),
);

/** An invariant does not hold. */
export class Finding extends Error {}

/** @throws {@link Finding} unless an error is one that bytes of a peer may lead to, as documented. */
export function expectPeerFault(error: unknown, input: () => string): asserts error is Peng3dnetError {
  if (error instanceof Finding) throw error;
  if (error instanceof Peng3dnetError && PEER_FAULTS.has(error.code) && error.closeReason !== undefined)
    return;
  throw new Finding(`undocumented error for ${input()}`, { cause: error });
}

/** @throws {@link Finding} unless a condition holds. */
export function expectThat(condition: boolean, what: () => string): asserts condition {
  if (!condition) throw new Finding(what());
}
