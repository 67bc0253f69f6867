// docs/reference/reference-mapping.md names a counterpart for everything that the reference documents, and each of these
// exists in the built packages. What is called the same does the same: reference-behaviour/ has a check for each such
// row. reference-symbols.json is the list of what the reference documents.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Client, ClientOnServer, type EngineLike, Packet, Server } from "@peng3dnet/core";
import { config } from "./reference-behaviour/config.js";
import { conntypes, constants } from "./reference-behaviour/constants.js";
import { events } from "./reference-behaviour/events.js";
import { net } from "./reference-behaviour/net.js";
import { packets } from "./reference-behaviour/packets.js";
import { ping } from "./reference-behaviour/ping.js";
import { registry } from "./reference-behaviour/registry.js";
import { typeErrors } from "./support/compile.js";
import { codeSpans, type ReferenceSymbols, referenceSymbols, root, tableRows } from "./support/markdown.js";

type Kind = keyof ReferenceSymbols;

interface Mapping {
  /** Full name in Python. */
  readonly reference: string;
  readonly group: Kind | undefined;
  readonly here: readonly string[];
  readonly cell: string;
  readonly kind: string;
  readonly reason: string;
}

interface Claim {
  readonly row: string;
  readonly check: string;
  readonly args: readonly unknown[];
}

const groups = new Map(
  Object.entries(referenceSymbols()).flatMap(([group, names]) =>
    names.map((name) => [name, group as Kind] as const),
  ),
);

const mappings: Mapping[] = tableRows("docs/reference/reference-mapping.md").map(({ section, cells }) => {
  const [name = ""] = codeSpans(cells.Reference ?? "");
  const prefix = section.startsWith("peng3dnet.") ? `${section}.` : "";
  const cell = cells.Here ?? "";
  const reference = prefix + name;
  return {
    reference,
    group: groups.get(reference),
    here: codeSpans(cell),
    cell,
    kind: cells.Kind ?? "",
    reason: cells.Reason ?? "",
  };
});

const of = (...wanted: Kind[]) =>
  mappings.filter(({ group }) => group !== undefined && wanted.includes(group));
const mapped = mappings.filter(({ kind }) => kind !== "no counterpart");

/** What a row says about the built packages. */
function claims({ reference: row, group, here }: Mapping): Claim[] {
  const claim = (check: string, ...args: unknown[]): Claim => ({ row, check, args });
  if (group === "events") return [];
  if (group === "config") {
    const [key, value = ""] = (here[0] ?? "").split(" = ");
    return [claim("config", key, JSON.parse(value))];
  }
  return here.flatMap((symbol) => {
    const [path = "", value] = symbol.split(" = ");
    const [owner = "", member] = path.replace("()", "").split(".");
    if (group === "modules") return claim("module", symbol);
    if (group === "reasons") return claim("reason", symbol);
    if (group === "exceptions") return claim("exception", symbol);
    if (owner.endsWith("Options")) return [];
    if (member?.endsWith("*")) return claim("hook", owner, member.slice(0, -1));
    if (member !== undefined) {
      const check = path.endsWith("()") ? "method" : "property";
      const exists = claim(check, owner, member);
      return value === undefined ? exists : [exists, claim("value", owner, member, JSON.parse(value))];
    }
    if (value !== undefined) return claim("constant", owner, JSON.parse(value));
    return claim(group === "constants" ? "export" : group === "classes" ? "class" : "function", owner);
  });
}

describe("the mapping table", () => {
  test("has one row for each name that the reference documents, and no others", () => {
    const names = mappings.map(({ reference }) => reference).sort();
    expect(names).toEqual([...groups.keys()].sort());
  });

  test("says of each what kind it is and why", () => {
    for (const { reference, here, cell, kind, reason } of mappings) {
      expect({ reference, kind }).toEqual({
        reference,
        kind: expect.stringMatching(/^(same|renamed|changed|no counterpart)$/),
      });
      expect({ reference, reason }).toEqual({ reference, reason: expect.stringMatching(/\w/) });
      expect({ reference, none: here.length === 0, dash: cell === "—" }).toEqual({
        reference,
        none: kind === "no counterpart",
        dash: kind === "no counterpart",
      });
    }
  });

  test("says same and renamed where the names are", () => {
    const last = (name: string) => name.replace(/ = .*|\(\)$/g, "").replace(/^.*[.(](?=[^.(])|\)$/g, "");
    for (const { reference, group, here, kind } of mappings) {
      const wholeName = group === "config" || group === "events" || group === "modules";
      const before = wholeName ? reference : last(reference);
      const now = wholeName ? here[0]?.split(" = ")[0] : last(here[0] ?? "");
      if (kind === "same") expect({ reference, now }).toEqual({ reference, now: before });
      if (kind === "renamed") expect({ reference, now }).not.toEqual({ reference, now: before });
    }
  });

  test("puts nothing off", () => {
    for (const { reference, cell, kind, reason } of mappings) {
      expect(`${reference} ${cell} ${kind} ${reason}`).not.toMatch(
        /\b(later|to ?do|not yet|planned|soon)\b/i,
      );
    }
  });
});

describe("the built packages", () => {
  test("have each class, method, property, constant, exception, config key and close reason", () => {
    const input = JSON.stringify(mapped.flatMap(claims));
    const probe = join(root, "test", "support", "built-packages.mjs");
    const result = spawnSync(process.execPath, [probe], { input, encoding: "utf8" });
    expect(result.stderr).toBe("");
    expect(JSON.parse(result.stdout)).toEqual([]);
  });

  test("have the type of each option and event", () => {
    const lines = [
      'import type * as core from "@peng3dnet/core";',
      'import type * as events from "@peng3dnet/peng3d-events";',
      'import type * as ping from "@peng3dnet/ping";',
    ];
    let count = 0;
    for (const { here, reference } of of("arguments").filter(({ kind }) => kind !== "no counterpart")) {
      const [owner = "", member = ""] = here[0]?.split(".") ?? [];
      if (!owner.endsWith("Options")) continue;
      const from = reference.startsWith("peng3dnet.ext.ping.") ? "ping" : "core";
      lines.push(`export type Option${count++} = ${from}.${owner}["${member}"];`);
    }
    for (const { here } of of("events")) {
      const [event = "", ...keys] = here;
      for (const key of keys) {
        lines.push(`export type Key${count++} = events.PengEventMap["${event}"]["${key}"];`);
      }
    }
    expect(count).toBeGreaterThan(70);
    expect(typeErrors(`${lines.join("\n")}\n`)).toBe("");
  }, 60_000);
});

describe("core", () => {
  test("sends each event, with the data keys that the table lists", async () => {
    const seen: Record<string, string[]> = {};
    const peng: EngineLike = {
      sendEvent(event, data) {
        const keys = Object.keys(data).sort();
        expect({ event, keys }).toEqual({ event, keys: seen[event] ?? keys });
        seen[event] = keys;
      },
    };
    const told = new Promise<void>((resolve) => {
      class Client1 extends ClientOnServer {
        override onReceive(): void {
          this.sendMessage("test:packet", "back");
        }
      }
      const server = new Server({ peng, clientcls: Client1, addr: ["127.0.0.1", 0] });
      server.registerPacket("test:packet", new Packet(server.registry, server));
      void (async () => {
        await server.start();
        const client = new Client({ peng, addr: server.addr });
        client.registerPacket("test:packet", new Packet(client.registry, client));
        const answered = new Promise<void>((done) => {
          client.onReceive = () => done();
        });
        await client.start();
        client.sendMessage("test:packet", "there");
        await answered;
        await client.close();
        client.stop();
        await client.join();
        await server.shutdown();
        await server.join();
        resolve();
      })();
    });
    await told;
    const listed = of("events").map(({ here: [event = "", ...keys] }) => [event, keys.sort()]);
    expect(seen).toEqual(Object.fromEntries(listed));
  });
});

describe("what is called the same", () => {
  const checks = {
    ...net,
    ...constants,
    ...conntypes,
    ...packets,
    ...ping,
    ...registry,
    ...config,
    ...events,
  };
  const same = mappings.filter(({ kind }) => kind === "same").map(({ reference }) => reference);

  test("has a check for each row, and there is none besides", () => {
    expect(Object.keys(checks).sort()).toEqual([...same].sort());
  });

  test.each(same)("%s", async (row) => {
    const check = checks[row];
    if (check === undefined) throw new Error("nothing shows that it does the same");
    await check();
  });
});
