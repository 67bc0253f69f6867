import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Chromium, findChromium } from "@peng3dnet-internal/chromium";

const folder = mkdtempSync(join(tmpdir(), "peng3dnet-chromium-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file below the folder, that can be run or not. */
function file(name: string, mode: number): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, mode);
  return path;
}

test("the first one in PATH is found, under each of its names", () => {
  file("no-program/chromium", 0o644);
  const chrome = file("second/google-chrome", 0o755);
  const debian = file("third/chromium", 0o755);
  const path = (...names: string[]) => names.map((name) => join(folder, name)).join(delimiter);
  expect(findChromium({ PATH: path("none", "second", "third") })).toBe(chrome);
  expect(findChromium({ PATH: path("third", "second") })).toBe(debian);
  expect(findChromium({ PATH: path("none", "second", "third"), PENG3DNET_CHROMIUM: debian })).toBe(debian);
});

test("a machine without one has none", () => {
  expect(findChromium({ PATH: join(folder, "none") })).toBeUndefined();
  expect(findChromium({})).toBeUndefined();
});

test("a name that leads nowhere is a mistake, and no reason to leave tests out", () => {
  const missing = join(folder, "missing");
  expect(() => findChromium({ PENG3DNET_CHROMIUM: missing })).toThrow(
    `PENG3DNET_CHROMIUM is ${missing}, which is no program that can be run`,
  );
});

test("who starts one where there is none reads how to get it", async () => {
  const { PATH, PENG3DNET_CHROMIUM } = process.env;
  process.env.PATH = folder;
  delete process.env.PENG3DNET_CHROMIUM;
  try {
    await expect(Chromium.launch()).rejects.toThrow("apt-get install chromium");
  } finally {
    process.env.PATH = PATH;
    if (PENG3DNET_CHROMIUM !== undefined) process.env.PENG3DNET_CHROMIUM = PENG3DNET_CHROMIUM;
  }
});
