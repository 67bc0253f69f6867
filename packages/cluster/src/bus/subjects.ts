import { quoteText } from "@peng3dnet/peer";
import { BusSubjectError } from "./bus-errors.js";

/** The longest subject, in characters. A NATS server's lines have 4,096. */
const LONGEST = 255;
/** Printable ASCII without spaces; a backslash is none of NATS's, either. */
const TOKEN = /^[!-[\]-~]+$/;

function checkTokens(subject: string, what: string): string[] {
  const tokens = typeof subject === "string" ? subject.split(".") : [];
  if (tokens.length > 0 && subject.length <= LONGEST && tokens.every((token) => TOKEN.test(token))) return tokens;
  throw new BusSubjectError(
    `${quoteText(String(subject))} is no ${what}: it needs tokens of printable ASCII without spaces, with dots between them, ${LONGEST} characters at most`,
  );
}

/**
 * Checks what is to be published to.
 *
 * @throws {@link BusSubjectError}
 */
export function checkSubject(subject: string): void {
  const tokens = checkTokens(subject, "subject");
  if (tokens.some((token) => token.includes("*") || token.includes(">"))) {
    throw new BusSubjectError(`${quoteText(subject)} has a wildcard: only subscriptions may have one`);
  }
}

/** What is subscribed to: a subject that may have wildcards. */
export class SubjectPattern {
  readonly #text: string;
  /** Left out where there is no wildcard. */
  readonly #tokens: readonly string[] | undefined;

  /** @throws {@link BusSubjectError} */
  constructor(text: string) {
    const tokens = checkTokens(text, "subject");
    for (const [index, token] of tokens.entries()) {
      if (!/[*>]/.test(token) || token === "*" || (token === ">" && index === tokens.length - 1)) continue;
      throw new BusSubjectError(
        `${quoteText(text)} has a wildcard in a wrong place: "*" stands for one token, and ">", at the end, for the rest`,
      );
    }
    this.#text = text;
    this.#tokens = /[*>]/.test(text) ? tokens : undefined;
  }

  /** Whether what is published to a subject is meant. */
  matches(subject: string): boolean {
    if (this.#tokens === undefined) return this.#text === subject;
    const tokens = subject.split(".");
    for (const [index, wanted] of this.#tokens.entries()) {
      const token = tokens[index];
      if (token === undefined) return false;
      if (wanted === ">") return true;
      if (wanted !== "*" && wanted !== token) return false;
    }
    return tokens.length === this.#tokens.length;
  }
}
