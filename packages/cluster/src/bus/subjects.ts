import { quoteText } from "@peng3dnet/peer";
import { BusSubjectError } from "./bus-errors.js";

/** The longest subject, in characters. A NATS server's lines have 4,096. */
const LONGEST = 255;
/** Tokens of printable ASCII, but for "*" and ">", with dots between them. */
const SUBJECT = /^[!-)+-\-/-=?-~]+(?:\.[!-)+-\-/-=?-~]+)*$/;
/** A subject with wildcards: a token may also be "*", and the last one ">". */
const PATTERN = /^(?:(?:[!-)+-\-/-=?-~]+|\*)\.)*(?:[!-)+-\-/-=?-~]+|\*|>)$/;

function check(subject: string, form: RegExp, wildcards: string): void {
  if (typeof subject === "string" && subject.length <= LONGEST && form.test(subject)) return;
  const shown = typeof subject === "string" ? quoteText(subject) : typeof subject;
  throw new BusSubjectError(
    `${shown} is no subject: it has tokens of printable ASCII without spaces, with dots between them, ${LONGEST} characters at most; ${wildcards}`,
  );
}

/**
 * Checks what is to be published to.
 *
 * @throws {@link BusSubjectError}
 */
export function checkSubject(subject: string): void {
  check(subject, SUBJECT, "wildcards are for subscriptions");
}

/** What is subscribed to: a subject that may have wildcards. */
export class SubjectPattern {
  readonly #text: string;
  /** Left out where there is no wildcard. */
  readonly #tokens: readonly string[] | undefined;

  /** @throws {@link BusSubjectError} */
  constructor(text: string) {
    check(text, PATTERN, '"*" may stand for one token, and ">" for the last ones');
    this.#text = text;
    this.#tokens = SUBJECT.test(text) ? undefined : text.split(".");
  }

  /** Whether it is a subject, and stands for nothing else. */
  get exact(): boolean {
    return this.#tokens === undefined;
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
