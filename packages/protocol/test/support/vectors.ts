import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseVectors, type VectorFile } from "./vector-file.js";

export type { Vector } from "./vector-file.js";

export function loadVectors(file: string): VectorFile {
  const path = join(__dirname, "../../../../vectors", file);
  return parseVectors(JSON.parse(readFileSync(path, "utf8")));
}
