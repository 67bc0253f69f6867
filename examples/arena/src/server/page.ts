import { readFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const FOLDER = new URL("../../web/", import.meta.url);

/** Nothing but what the page brings itself: no script in the page, nothing evaluated, sockets to this server alone. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'";

interface File {
  readonly type: string;
  readonly body: string;
}

/** Bundles the page, and answers requests for it. */
export async function loadPage(): Promise<RequestListener> {
  const read = (name: string): Promise<string> => readFile(new URL(name, FOLDER), "utf8");
  const files = new Map<string, File>([
    ["/", { type: "text/html", body: await read("index.html") }],
    ["/style.css", { type: "text/css", body: await read("style.css") }],
    ["/main.js", { type: "text/javascript", body: await bundle() }],
  ]);
  return (request, response) => {
    const file = files.get(request.url ?? "");
    if (file === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("There is no such page.\n");
      return;
    }
    response
      .writeHead(200, { "content-type": `${file.type}; charset=utf-8`, "content-security-policy": POLICY })
      .end(file.body);
  };
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("main.ts", FOLDER))],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
  });
  return outputFiles[0]?.text ?? "";
}
