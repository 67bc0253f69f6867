import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CpuProfile, profileMarkdown, sharesByFunction, sharesByOwner } from "../src/profile.js";

const node = (id: number, functionName: string, url: string) => ({ id, callFrame: { functionName, url } });

const PROFILE: CpuProfile = {
  nodes: [
    node(1, "(idle)", ""),
    node(2, "encode", "file:///home/packages/protocol/dist/value-writer.js"),
    node(3, "write", "file:///home/node_modules/ws/lib/sender.js"),
    node(4, "(program)", ""),
    node(5, "encode", "file:///home/packages/protocol/dist/value-writer.js"),
  ],
  samples: [1, 2, 3, 4, 5],
  timeDeltas: [1000, 30, 20, 40, 10],
};

test("time at work is shared out by owner and by function", () => {
  expect(sharesByOwner(PROFILE)).toEqual([
    { name: "@peng3dnet/protocol", share: 0.4 },
    { name: "engine and kernel, outside JavaScript", share: 0.4 },
    { name: "ws", share: 0.2 },
  ]);
  expect(sharesByFunction(PROFILE)[0]).toEqual({ name: "encode, value-writer.js", share: 0.4 });
});

test("the profiles of a folder become tables", async () => {
  const folder = await mkdtemp(join(tmpdir(), "profiles-"));
  await writeFile(join(folder, "small-1, ours, server.cpuprofile"), JSON.stringify(PROFILE));
  await writeFile(join(folder, "notes.txt"), "");
  const text = await profileMarkdown(folder);
  expect(text).toContain("## small-1, ours, server\n");
  expect(text).toContain("| ws | 20.0 % |");
  expect(text).not.toContain("idle");
});
