import { BusSubjectError } from "../../bus/bus-errors.js";
import { type CaseDraft, check, checkThrows, numbered } from "./scene.js";

const SUBJECTS = [
  "a",
  "a.b",
  "a.b.c",
  "a.x.c",
  "a.B",
  "ab",
  "b",
  "b.a",
  "a.b.c.d",
  "a.~!$%_-+=|{}/<?",
  "a.b-c",
];
const PATTERNS = [
  "a",
  "a.b",
  "a.*",
  "a.>",
  "*",
  ">",
  "*.b",
  "a.*.c",
  "*.*",
  "*.*.>",
  "a.b.>",
  "a.~!$%_-+=|{}/<?",
];

/** What a pattern means, said in another way than a bus may have it. */
function meant(pattern: string, subject: string): boolean {
  const form = pattern
    .split(".")
    .map((token) => (token === "*" ? "[^.]+" : token === ">" ? ".+" : token.replaceAll(/[^\w]/g, "\\$&")))
    .join("\\.");
  return new RegExp(`^${form}$`).test(subject);
}

const NO_SUBJECTS = [
  "",
  ".",
  "a.",
  ".a",
  "a..b",
  "a b",
  "a\tb",
  "a\nb",
  "a\r\nPUB b 0\r\n",
  "ä",
  "a.\u0000",
  "x".repeat(256),
];
const NO_PATTERNS = ["a.>.b", ">.a", "a*", "*a", "a.b>", "**", ">>"];

/** Subjects and wildcards. */
export const subjectCases: CaseDraft[] = [
  {
    name: "a subscription receives what its subject or its wildcards mean, and nothing else",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const all = [];
      for (const pattern of PATTERNS) {
        all.push({ pattern, heard: await scene.listen(two, scene.subject(pattern)) });
      }
      for (const subject of SUBJECTS) one.publish(scene.subject(subject), numbered(0));
      await scene.fence(one, two);
      for (const { pattern, heard } of all) {
        const expected = SUBJECTS.filter((subject) => meant(pattern, subject));
        // The case's own fences are below its subjects, too.
        const subjects = heard.subjects.filter((subject) => !subject.includes(".fence."));
        check(
          subjects.join(" ") === expected.map((subject) => scene.subject(subject)).join(" "),
          `a subscription to ${pattern} received ${subjects.map((subject) => subject.split(".").slice(2).join(".")).join(" ")}, and should receive ${expected.join(" ")}`,
        );
      }
    },
  },
  {
    name: "what is no subject is refused, and a wildcard where none may be",
    run: async (scene) => {
      const one = await scene.open("one");
      for (const subject of [...NO_SUBJECTS, ...NO_PATTERNS, "a.*", "*", ">", "a.>"]) {
        checkThrows(
          () => one.publish(subject, numbered(0)),
          BusSubjectError,
          `publishing to ${JSON.stringify(subject)}`,
        );
      }
      for (const subject of [...NO_SUBJECTS, ...NO_PATTERNS]) {
        const subscribe = () => one.subscribe(subject, () => undefined);
        checkThrows(subscribe, BusSubjectError, `subscribing to ${JSON.stringify(subject)}`);
      }
      await scene.fence(one, one);
    },
  },
  {
    name: "a subject may have 255 characters",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const start = scene.subject("");
      const subject = `${start}${"s".repeat(255 - start.length)}`;
      const heard = await scene.listen(two, subject);
      one.publish(subject, numbered(1));
      await heard.until(1, "a message to a subject of 255 characters");
    },
  },
];
