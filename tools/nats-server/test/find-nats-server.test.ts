import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { findNatsServer } from "@peng3dnet-internal/nats-server";

const folder = mkdtempSync(join(tmpdir(), "peng3dnet-nats-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file below the folder, that can be run or not. */
function file(name: string, mode: number): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, mode);
  return path;
}

test("the first one in PATH is found, and one where Debian has it", () => {
  file("no-program/nats-server", 0o644);
  const second = file("second/nats-server", 0o755);
  const third = file("third/nats-server", 0o755);
  const path = (...names: string[]) => names.map((name) => join(folder, name)).join(delimiter);
  expect(findNatsServer({ PATH: path("none", "no-program", "second", "third") })).toBe(second);
  expect(findNatsServer({ PATH: path("third", "second") })).toBe(third);
  expect(findNatsServer({ PATH: path("none") }, [join(folder, "second")])).toBe(second);
  expect(findNatsServer({ PATH: path("second"), PENG3DNET_NATS_SERVER: third })).toBe(third);
});

test("a machine without one has none", () => {
  expect(findNatsServer({ PATH: join(folder, "none") }, [])).toBeUndefined();
  expect(findNatsServer({}, [])).toBeUndefined();
});

test("a name that leads nowhere is a mistake, and no reason to leave tests out", () => {
  const missing = join(folder, "missing");
  expect(() => findNatsServer({ PENG3DNET_NATS_SERVER: missing })).toThrow(
    `PENG3DNET_NATS_SERVER is ${missing}, which is no program that can be run`,
  );
});
