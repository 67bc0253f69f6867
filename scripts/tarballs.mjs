// Packs the packages into the folder tarballs, for those who install them from a clone.

import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { PACKAGES, pack, root } from "./packages.mjs";

const folder = join(root, "tarballs");
mkdirSync(folder, { recursive: true });
for (const { tarball } of Object.values(pack(PACKAGES, folder))) {
  process.stdout.write(`${relative(root, tarball)}\n`);
}
