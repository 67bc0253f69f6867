// docs/reference/listeners.md lists each event that on() of a server and of a client takes, with what its listeners get: the compiler
// compares the tables with the types.

import { typeErrorsOf } from "./support/compile.js";
import { codeSpans, tableRows } from "./support/markdown.js";

interface Documented {
  readonly event: string;
  readonly listener: string;
}

function documented(section: string): Documented[] {
  return tableRows("docs/reference/listeners.md")
    .filter((row) => row.section === section)
    .map(({ cells }) => ({
      event: codeSpans(cells.Event as string)[0] as string,
      listener: codeSpans(cells.Listener as string)[0] as string,
    }));
}

/** The arguments of a listener: those that are taken apart with their names. */
function argumentsOf(listener: string): (string[] | undefined)[] {
  const inside = /^\((.*)\) => …$/.exec(listener)?.[1];
  if (inside === undefined) throw new Error(`this is no listener: ${listener}`);
  return [...inside.matchAll(/\{([^}]*)\}|\w+/g)].map(([, names]) =>
    names?.split(",").map((name) => name.trim()),
  );
}

function union(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(" | ");
}

/** What does not compile where a table says something else than the types. */
function comparison(type: string, rows: readonly Documented[]): string {
  const lines = [
    `import type { ClientEvents, ClientOnServer, ServerEvents } from "@peng3dnet/core";`,
    "type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;",
    `type Events = ${type};`,
    `export const events: Same<keyof Events, ${union(rows.map(({ event }) => event))}> = true;`,
  ];
  for (const { event, listener } of rows) {
    const all = argumentsOf(listener);
    lines.push(`export const ${event}Count: Same<Events["${event}"]["length"], ${all.length}> = true;`);
    all.forEach((names, i) => {
      if (names !== undefined)
        lines.push(
          `export const ${event}${i}: Same<keyof Events["${event}"][${i}], ${union(names)}> = true;`,
        );
    });
  }
  return lines.join("\n");
}

test("the tables of listeners are those of the types", () => {
  const server = comparison("ServerEvents<ClientOnServer>", documented("Of a server"));
  const client = comparison("ClientEvents", documented("Of a client"));
  expect(typeErrorsOf({ server, client })).toEqual({ server: "", client: "" });
});
