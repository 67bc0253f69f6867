import { parseArgs } from "node:util";

/** Reads numbers and words from the command line, `--name value`; unknown ones end the program. */
export function readOptions<N extends string, W extends string>(
  numbers: Readonly<Record<N, number>>,
  words: Readonly<Record<W, string>>,
): Record<N, number> & Record<W, string> {
  const names = [...Object.keys(numbers), ...Object.keys(words)];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  let given: Readonly<Record<string, string | undefined>>;
  try {
    given = parseArgs({ options }).values as Record<string, string | undefined>;
  } catch (error) {
    console.error(`${(error as Error).message}\noptions: ${names.map((name) => `--${name}`).join(" ")}`);
    process.exit(2);
  }
  const result: Record<string, number | string> = { ...numbers, ...words };
  for (const [name, text] of Object.entries(given)) {
    if (text === undefined) continue;
    const number = Number(text);
    if (Object.hasOwn(numbers, name) && !(number >= 0)) {
      console.error(`--${name} takes a number, not ${text}`);
      process.exit(2);
    }
    result[name] = Object.hasOwn(numbers, name) ? number : text;
  }
  return result as Record<N, number> & Record<W, string>;
}
