import {
  STATE_ACTIVE,
  STATE_CLOSED,
  STATE_HANDSHAKE_WAIT1,
  STATE_HANDSHAKE_WAIT2,
  STATE_HELLOWAIT,
  STATE_INIT,
  STATE_WAITTYPE,
} from "../constants.js";
import { InvalidStateError } from "../errors/errors.js";

/**
 * What moves a connection from state to state (clause 3). Each happens on both sides: what one sends,
 * the other receives.
 *
 * - `open`: the transport is up; the server sends its hello.
 * - `hello`: the hello packet was sent, or received.
 * - `settype`: the connection type was received, or sent; its own handshake begins.
 * - `handshake`: the type asks for the classic handshake: the registry was sent, or is awaited.
 * - `accept`: the registry was taken over and that was confirmed.
 * - `activate`: the type needs no classic handshake, or has done without.
 */
export type StateEvent = "open" | "hello" | "settype" | "handshake" | "accept" | "activate";

/** The whole state machine: for each state, the events that are allowed and where they lead. */
export const TRANSITIONS: Readonly<Record<number, Readonly<Partial<Record<StateEvent, number>>>>> = {
  [STATE_INIT]: { open: STATE_HELLOWAIT },
  [STATE_HELLOWAIT]: { hello: STATE_WAITTYPE },
  [STATE_WAITTYPE]: { settype: STATE_HANDSHAKE_WAIT2 },
  [STATE_HANDSHAKE_WAIT2]: { handshake: STATE_HANDSHAKE_WAIT1, activate: STATE_ACTIVE },
  [STATE_HANDSHAKE_WAIT1]: { accept: STATE_ACTIVE },
};

/** States of an active connection, among which the application moves as it likes: from here up to closed. */
const FIRST_APPLICATION_STATE = STATE_ACTIVE;

/** Where `event` leads from `state`, or `undefined` if it may not happen there. */
export function nextState(state: number, event: StateEvent): number | undefined {
  return TRANSITIONS[state]?.[event];
}

/** Whether the handshake is complete and the connection not closed. */
export function isActive(state: number): boolean {
  return state >= FIRST_APPLICATION_STATE && state < STATE_CLOSED;
}

/**
 * Checks that an application may set a state: `STATE_ACTIVE` (64) to 127, once the handshake is complete.
 *
 * @throws {@link InvalidStateError} if not.
 */
export function checkApplicationState(current: number, wanted: number): void {
  if (!isActive(current)) {
    throw new InvalidStateError(
      `the state can be set while the connection is active, not in state ${current}`,
    );
  }
  if (!Number.isInteger(wanted) || !isActive(wanted)) {
    throw new InvalidStateError(
      `${wanted} is not a state of an active connection; use an integer from 64 to 127`,
    );
  }
}
