import {
  isActive,
  MAX_TICKET,
  MIN_TICKET,
  ResumeError,
  type ResumeTicket,
  type SavedConnection,
} from "@peng3dnet/protocol";

/** Version of the text: another one is not read. */
const PREFIX = "peng3dnet-session-1.";
/** Length of the checksum, in hexadecimal digits. */
const SUM_LENGTH = 8;
/** How many bytes become characters with one call: each is an argument of it. */
const PIECE = 8192;
const LAST_ID = 0xffff_ffff;
const LAST_REQUEST = 0x3fff_ffff;

/** All that a program needs to go on with the session of another one. */
export interface SavedSession extends ResumeTicket {
  readonly connection: SavedConnection;
  /** How many bytes of the server's stream came. */
  readonly received: number;
  /** Of these the last ones, which were not worked off. */
  readonly pending: Uint8Array;
  /** How many bytes were sent, or accepted for it. */
  readonly sent: number;
  /** Of these the last ones, which the server may not have. */
  readonly kept: Uint8Array;
  /** Where a packet begins in the sent stream that is among these; the end: nothing is known of any. */
  readonly packetAt: number;
  /** Id of the last request. */
  readonly lastRequest: number;
  /** The registry. */
  readonly ids: ReadonlyMap<string, number>;
  /** Names of it that the server does not have. */
  readonly lacking: ReadonlySet<string>;
}

/** A session as text. It is a secret, as the ticket in it. */
export function writeSession(session: SavedSession): string {
  const { ticket, pending, kept, ids, lacking } = session;
  const json = JSON.stringify({
    ...session,
    ticket: toBase64(ticket),
    pending: toBase64(pending),
    kept: toBase64(kept),
    ids: [...ids],
    lacking: [...lacking],
  });
  return PREFIX + checksum(json) + json;
}

/**
 * Reads what {@link writeSession} wrote. The text may be any.
 *
 * @throws {@link ResumeError} if it is another one. The error shows nothing of it.
 */
export function readSession(text: string): SavedSession {
  // Without types, it is what a storage returned: null, bytes, a promise.
  if (typeof text !== "string" || !text.startsWith(PREFIX))
    throw unreadable("what was saved is no session, or one of another version of the library");
  const json = text.slice(PREFIX.length + SUM_LENGTH);
  if (text.slice(PREFIX.length, PREFIX.length + SUM_LENGTH) !== checksum(json))
    throw unreadable("the saved session is damaged");
  let session: SavedSession | undefined;
  try {
    session = check(JSON.parse(json));
  } catch {
    // What such errors say may show parts of the text.
  }
  if (session === undefined) throw unreadable("the saved session is not what the library writes");
  return session;
}

/** The error for a saved session with which nothing can be done. */
export function unreadable(message: string, cause?: unknown): ResumeError {
  return new ResumeError(`${message}; connect without it`, "resumeunreadable", { cause });
}

/** @returns `undefined` if it is none. What is wrong may also be thrown. */
function check(value: Record<string, unknown>): SavedSession | undefined {
  const { window, received, sent, packetAt, lastRequest } = value;
  const ticket = fromBase64(value.ticket);
  const pending = fromBase64(value.pending);
  const kept = fromBase64(value.kept);
  const connection = value.connection as SavedConnection;
  const ids = new Map(value.ids as [string, number][]);
  const lacking = new Set(value.lacking as string[]);
  const right =
    ticket.length >= MIN_TICKET &&
    ticket.length <= MAX_TICKET &&
    typeof window === "number" &&
    window > 0 &&
    window < Number.POSITIVE_INFINITY &&
    isCount(received) &&
    pending.length <= received &&
    isCount(sent) &&
    kept.length <= sent &&
    isCount(packetAt) &&
    packetAt >= sent - kept.length &&
    packetAt <= sent &&
    isCount(lastRequest) &&
    lastRequest <= LAST_REQUEST &&
    isConnection(connection) &&
    [...ids].every(([name, id]) => typeof name === "string" && isCount(id) && id <= LAST_ID) &&
    new Set(ids.values()).size === ids.size &&
    [...lacking].every((name) => ids.has(name));
  if (!right) return undefined;
  return { ticket, window, connection, received, pending, sent, kept, packetAt, lastRequest, ids, lacking };
}

/** Extensions are looked at where they are taken over. */
function isConnection({ conntype, state, mode }: SavedConnection): boolean {
  return typeof conntype === "string" && Number.isInteger(state) && isActive(state) && Number.isFinite(mode);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

function fromBase64(value: unknown): Uint8Array {
  const text = atob(value as string);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** FNV-1a, against damage; not against forgery: whoever can write the text can have the page do as it likes anyway. */
function checksum(text: string): string {
  let sum = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x0100_0193);
  return (sum >>> 0).toString(16).padStart(SUM_LENGTH, "0");
}
