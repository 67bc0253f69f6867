/** How many bytes name a session, and how many prove that one may go on with it: 128 bits each. */
const NAME_LENGTH = 16;
const SECRET_LENGTH = 16;
const TICKET_LENGTH = NAME_LENGTH + SECRET_LENGTH;

/** A ticket for a session that has none yet. */
export function newTicket(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(TICKET_LENGTH));
}

/** The next ticket for the same session: the name stays, the secret is another one. */
export function nextTicket(ticket: Uint8Array): Uint8Array {
  const next = newTicket();
  next.set(ticket.subarray(0, NAME_LENGTH));
  return next;
}

/** The name of the session that a ticket is for, as a key; it is no secret. `undefined`: it is no ticket of ours. */
export function sessionName(ticket: Uint8Array): string | undefined {
  if (ticket.length !== TICKET_LENGTH) return undefined;
  return String.fromCharCode(...ticket.subarray(0, NAME_LENGTH));
}

/** Whether two tickets are the same. It takes as long for one that is wrong in its first byte as for any other. */
export function sameTicket(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= (one[i] as number) ^ (other[i] as number);
  return difference === 0;
}
