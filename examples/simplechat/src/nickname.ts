/** Longest nickname, in characters. */
export const MAX_NICKNAME = 32;
/** Who speaks when the server does. */
export const SERVER_NAME = "Server";
/** Who speaks when a user is anonymous. */
export const ANONYMOUS = "Anonymous";

const DEFAULT_NICKNAME = "guest";
const RESERVED = new Set([SERVER_NAME, ANONYMOUS].map(nicknameKey));

/**
 * The nickname that comes closest to what a user asks for: trimmed, printable ASCII, a "?" for each other
 * character, at most 32 long. Empty if nothing is left.
 */
export function cleanNickname(wanted: string): string {
  return wanted
    .trim()
    .replace(/[^ -~]/gu, "?")
    .replace(/ +/g, " ")
    .slice(0, MAX_NICKNAME)
    .trimEnd();
}

/** What two nicknames have in common that nobody should have to tell apart. */
export function nicknameKey(nickname: string): string {
  return nickname.toLowerCase();
}

/** Whether a nickname is reserved, or one of those that are in use. */
export function isTaken(nickname: string, inUse: ReadonlySet<string>): boolean {
  const key = nicknameKey(nickname);
  return RESERVED.has(key) || inUse.has(key);
}

/** A nickname that is free: the one that is asked for, or else that with a number behind it. */
export function freeNickname(wanted: string, inUse: ReadonlySet<string>): string {
  const base = cleanNickname(wanted) || DEFAULT_NICKNAME;
  let nickname = base;
  for (let n = 2; isTaken(nickname, inUse); n++) {
    nickname = `${base.slice(0, MAX_NICKNAME - String(n).length)}${n}`;
  }
  return nickname;
}
