/** `npm run bench:codec`: what a message costs to encode and to decode, in Chromium and on this Node. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nodePlatform, SIDE_CLIENT } from "@peng3dnet/core";
import { Chromium } from "@peng3dnet-internal/chromium";
import type { CodecPage } from "./codec-page.js";
import { measureCodecs, type Row, type Times } from "./codec-work.js";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "9" }, only: { type: "string", default: "" } },
});
const options = { rounds: Number(values.rounds), only: values.only };

const cell = ({ ours, msgpack }: Times): string =>
  `${ours.toFixed(0)} | ${msgpack.toFixed(0)} | ${(msgpack / ours).toFixed(2)}`;

function show(where: string, rows: readonly Row[]): void {
  console.log(`\n${where}: nanoseconds a message, and how many times as fast as @msgpack/msgpack\n`);
  console.log("| Message | Bytes | Encode: ours | msgpack | times | Decode: ours | msgpack | times |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const { message, bytes, encode, decode } of rows) {
    console.log(`| ${message} | ${bytes} | ${cell(encode)} | ${cell(decode)} |`);
  }
}

const chromium = await Chromium.launch();
try {
  const page = await chromium.open<CodecPage>({
    root: fileURLToPath(new URL("../../..", import.meta.url)).replace(/[\\/]$/, ""),
    entry: fileURLToPath(new URL("codec-page.js", import.meta.url)),
  });
  show(`Chromium ${chromium.version}, a page`, await page.call("page", "measureCodecs", options));
  show(`Chromium ${chromium.version}, a worker`, await page.call("worker", "measureCodecs", options));
} finally {
  await chromium.close();
}
show(`Node ${process.versions.node}`, measureCodecs(nodePlatform.receiveResources(SIDE_CLIENT), options));
