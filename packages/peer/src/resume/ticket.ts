/** How many bytes name a session, and how many prove that one may go on with it: 128 bits each. */
const NAME_LENGTH = 16;
const SECRET_LENGTH = 16;
const TICKET_LENGTH = NAME_LENGTH + SECRET_LENGTH;
/** How many bytes say which of several servers a ticket is of, where there are several. */
export const MARK_LENGTH = 8;

/** A ticket for a session that has none yet. @param mark - says which server it is of; `undefined`: nothing does. */
export function newTicket(mark?: Uint8Array): Uint8Array {
  const random = crypto.getRandomValues(new Uint8Array(TICKET_LENGTH));
  if (mark === undefined) return random;
  const ticket = new Uint8Array(TICKET_LENGTH + MARK_LENGTH);
  ticket.set(random);
  ticket.set(mark, TICKET_LENGTH);
  return ticket;
}

/** The next ticket for the same session: the name and the mark stay, the secret is another one. */
export function nextTicket(ticket: Uint8Array): Uint8Array {
  const next = new Uint8Array(ticket);
  crypto.getRandomValues(next.subarray(NAME_LENGTH, TICKET_LENGTH));
  return next;
}

/** The name of the session that a ticket is for, as a key; it is no secret. `undefined`: it is no ticket of ours. */
export function sessionName(ticket: Uint8Array): string | undefined {
  if (ticket.length !== TICKET_LENGTH && ticket.length !== TICKET_LENGTH + MARK_LENGTH) return undefined;
  return String.fromCharCode(...ticket.subarray(0, NAME_LENGTH));
}

/** What says which server a ticket is of; `undefined`: nothing does. */
export function markOf(ticket: Uint8Array): Uint8Array | undefined {
  return ticket.length === TICKET_LENGTH + MARK_LENGTH ? ticket.subarray(TICKET_LENGTH) : undefined;
}

/** Whether two tickets are the same. It takes as long for one that is wrong in its first byte as for any other. */
export function sameTicket(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= (one[i] as number) ^ (other[i] as number);
  return difference === 0;
}
