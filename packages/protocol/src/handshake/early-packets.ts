import { STATE_HELLOWAIT, STATE_WAITTYPE } from "../constants.js";
import { NotPeng3dnetError, UnexpectedPacketError } from "../errors/errors.js";
import type { PacketEntry } from "../registry/packet-registry.js";
import { CLOSECONN_ID, HELLO_ID } from "./internal-names.js";

/** The first packet of a peer is no hello. */
export function noHello(id: number): NotPeng3dnetError {
  return new NotPeng3dnetError(
    `the peer does not speak peng3dnet: its first packet has id ${id}, not that of a hello`,
  );
}

/**
 * Checks a packet that came before the connection is active. Until the hello, only that may come; until the connection type
 * is named, only packets of the protocol and those with conditions, which are checked later.
 *
 * @param state - the state that the connection is in.
 * @param resuming - whether the client came back for a session, and waits to be let in.
 * @param entry - the packet's type, if its id is registered.
 * @throws {@link UnexpectedPacketError}, {@link NotPeng3dnetError}.
 */
export function checkEarly(
  state: number,
  resuming: boolean,
  id: number,
  entry: PacketEntry | undefined,
): void {
  if (id === CLOSECONN_ID) return;
  if (resuming) {
    throw new UnexpectedPacketError(
      `the client came back for a session, and sent packet ${id} before it was let in`,
    );
  }
  if (state === STATE_HELLOWAIT && id !== HELLO_ID) {
    throw noHello(id);
  }
  if (state === STATE_WAITTYPE && entry?.protocol !== true && (entry?.rule ?? null) === null) {
    throw new UnexpectedPacketError(`the peer sent packet ${id} before it named its connection type`);
  }
}
