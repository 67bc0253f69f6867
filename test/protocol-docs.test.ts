// docs/reference/protocol.md and docs/reference/limits.md say what the code does: states, ids, flags, limits.

import * as core from "@peng3dnet/core";
import { codeSpans, tableRows } from "./support/markdown.js";

const rows = (page: string, section: string | RegExp) =>
  tableRows(page)
    .filter((row) => (typeof section === "string" ? row.section === section : section.test(row.section)))
    .map(({ cells }) => cells);
const first = (cell: string | undefined) => codeSpans(cell ?? "")[0] ?? "";

describe("docs/reference/protocol.md", () => {
  test("has the state table of the code", () => {
    const constants = core as unknown as Record<string, unknown>;
    const number = (cell: string | undefined) => {
      const value = constants[first(cell)];
      expect(cell).toBe(`\`${first(cell)}\` (${value})`);
      return value as number;
    };
    const table: Record<number, Record<string, number>> = {};
    for (const row of rows("docs/reference/protocol.md", "3. Handshake")) {
      const state = number(row.State);
      table[state] = { ...table[state], [row.Event ?? ""]: number(row["Next state"]) };
    }
    expect(table).toEqual(core.TRANSITIONS);
  });

  test("has the ids and names of the protocol's packets", () => {
    const listed = rows("docs/reference/protocol.md", "2. Ids and names").map(({ Id, Name }) => [
      first(Name),
      Number(Id),
    ]);
    expect(Object.fromEntries(listed)).toEqual({
      [core.HELLO_NAME]: core.HELLO_ID,
      [core.SETTYPE_NAME]: core.SETTYPE_ID,
      [core.HANDSHAKE_NAME]: core.HANDSHAKE_ID,
      [core.ACCEPT_NAME]: core.ACCEPT_ID,
      [core.CLOSECONN_NAME]: core.CLOSECONN_ID,
    });
  });

  test("has what changes when JavaScript receives it and sends it again", () => {
    const codec = new core.MsgpackCodec();
    const again = (hex: string, big = false) =>
      Buffer.from(codec.encode(codec.decode(Buffer.from(hex, "hex"), big))).toString("hex");
    expect(again("cb3ff0000000000000")).toBe("01");
    expect(again("cb8000000000000000")).toBe("00");
    expect(again("ca3fc00000")).toBe("cb3ff8000000000000");
    expect(again("cf0020000000000000", true)).toBe("cf0020000000000000");
    expect(again("cb4340000000000000")).toBe("cb4340000000000000");
    expect(again("82a13201a13102")).toBe("82a13102a13201");
    expect(again("82a16101a16102")).toBe("81a16102");
    const encoded = (value: unknown) => Buffer.from(codec.encode(value)).toString("hex");
    expect(again("8101c0", true)).toBe("8101c0");
    expect(again("81c40161c0", true)).toBe("81c40161c0");
    expect(again("d7ff0000000400000001")).toBe("d6ff00000001");
    expect(encoded(undefined)).toBe("c0");
    expect(encoded("\ud800")).toBe("a3efbfbd");
    const refused = [
      new Date(Number.NaN),
      new Map([[0.5, 1]]),
      new Set(),
      /x/,
      new Error("x"),
      Promise.resolve(),
      new ArrayBuffer(1),
    ];
    for (const value of [...refused, 2n ** 64n]) expect(() => codec.encode(value)).toThrow(core.EncodeError);
  });
});

describe("docs/reference/limits.md", () => {
  const limits = rows("docs/reference/limits.md", /./);

  test("has each option that is a limit or a time-out, and leaves defaults to docs/reference/config.md", () => {
    const options = limits
      .map((row) => first(row["Option, or how much"]))
      .filter((name) => /^net\./.test(name));
    const known = Object.keys(core.DEFAULT_CONFIG);
    expect(options.filter((option) => !known.includes(option))).toEqual([]);
    expect(options).toEqual(
      expect.arrayContaining(known.filter((key) => /^net\.(limits|timeout)\./.test(key))),
    );
    expect(limits.filter((row) => row.Default !== undefined)).toEqual([]);
  });

  test("names errors with their close reasons", () => {
    const errors = new Map(
      tableRows("docs/reference/errors.md")
        .filter(({ section }) => section === "Errors")
        .map(({ cells }) => [first(cells.Error), first(cells["Close reason"])]),
    );
    for (const row of limits) {
      const [error, reason] = [first(row.Error), first(row["Close reason"])];
      if (error === "") expect(reason).toBe("");
      else if (error === "ResumeError") expect(core.CLOSE_REASONS).toContain(reason);
      else expect([errors.get(error), ""]).toContain(reason);
      expect({ error, known: error === "" || errors.has(error) }).toEqual({ error, known: true });
    }
  });
});
