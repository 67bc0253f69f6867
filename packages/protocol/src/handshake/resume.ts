import { BadDataError } from "../errors/errors.js";
import { isWhole } from "./plain-number.js";

/** Id by which either side says how much of the stream it has received (clause 6.10). It is registered under no name. */
export const ACKNOWLEDGE_ID = 19;
/** Id by which a server gives its client the ticket to come back with (clause 6.10). It is registered under no name. */
export const TICKET_ID = 20;
/** Id by which a server says that a session goes on over this transport (clause 6.10). It is registered under no name. */
export const RESUMED_ID = 21;
/** Longest body of these three, in bytes: the longest ticket, a number, and what msgpack needs for them. */
export const MAX_RESUME_BODY = 160;
/** Shortest ticket, in bytes: a secret of 128 bits. */
export const MIN_TICKET = 16;
/** Longest ticket, in bytes. */
export const MAX_TICKET = 128;
/** Longest text by which a server says where else a session is, in bytes. */
export const MAX_RESUME_ADDRESS = 256;
const PRINTABLE = /^[\x20-\x7e]+$/;

/** Parameters of the extension `resume`. */
export interface ResumeParameters {
  /** On a server: how many seconds a session waits for its client to come back. More than 0. */
  readonly window?: number;
  /** Of a client that comes back: the ticket that it was given last. It is a secret, 16 to 128 bytes. */
  readonly ticket?: Uint8Array;
  /** Of a client that comes back: how many bytes of the server's stream it has received. */
  readonly received?: number;
  /** Of a client that comes back: whether it goes to another address that the server names. */
  readonly redirect?: boolean;
}

/** What a client says that wants to go on with a session. */
export interface ResumeRequest extends Resumed {
  /** Whether it goes to another address that the server names. Default false. */
  readonly redirect?: boolean;
}

/** What the packet {@link TICKET_ID} says. */
export type ResumeTicket = Required<Pick<ResumeParameters, "ticket" | "window">>;

/** What the packet {@link RESUMED_ID} says: how much of the client's stream the server has, and the next ticket. */
export type Resumed = Required<Pick<ResumeParameters, "ticket" | "received">>;

/** Whether a value is a time in seconds for which a session waits. */
export function isWindow(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY;
}

/**
 * A copy of a ticket, which keeps nothing of the buffer that it was received in.
 *
 * @returns `undefined` if the value is none.
 */
export function copyTicket(value: unknown): Uint8Array | undefined {
  if (!(value instanceof Uint8Array) || value.length < MIN_TICKET || value.length > MAX_TICKET)
    return undefined;
  return new Uint8Array(value);
}

/**
 * Reads where else a session is, as a closing packet says it beside the reason `resumeelsewhere`.
 *
 * @returns the text as it came: whoever uses it checks what it is.
 * @throws {@link BadDataError} if it is no text, or too long.
 */
export function readResumeAddress(address: unknown): string {
  if (typeof address === "string" && address.length <= MAX_RESUME_ADDRESS && PRINTABLE.test(address))
    return address;
  throw new BadDataError(
    `the address of the server that has the session is not 1 to ${MAX_RESUME_ADDRESS} printable ASCII characters`,
  );
}

/**
 * Reads the body of an acknowledgement.
 *
 * @returns how many bytes of the stream the other side has received.
 * @throws {@link BadDataError} if it is none.
 */
export function readAcknowledgement(body: unknown): number {
  if (isWhole(body)) return body;
  throw new BadDataError("the body of an acknowledgement is no number of bytes");
}

/**
 * Reads the body of a ticket.
 *
 * @throws {@link BadDataError} if it is none. The error does not show it.
 */
export function readTicket(body: unknown): ResumeTicket {
  const [first, window] = pairOf(body);
  const ticket = copyTicket(first);
  if (ticket !== undefined && isWindow(window)) return { ticket, window };
  throw new BadDataError(
    `a ticket for resumption is not ${MIN_TICKET} to ${MAX_TICKET} bytes and a number of seconds`,
  );
}

/**
 * Reads the body of the answer to a client that came back.
 *
 * @throws {@link BadDataError} if it is none. The error does not show the ticket.
 */
export function readResumed(body: unknown): Resumed {
  const [received, second] = pairOf(body);
  const ticket = copyTicket(second);
  if (ticket !== undefined && isWhole(received)) return { received, ticket };
  throw new BadDataError(
    `the answer to a resumption is not a number of bytes and a ticket of ${MIN_TICKET} to ${MAX_TICKET} bytes`,
  );
}

/** The elements of an array that has two; else none. */
function pairOf(body: unknown): readonly unknown[] {
  return Array.isArray(body) && body.length === 2 ? body : [];
}
