// The page of an example: bundled when the program starts, and served by its own server.

import { readFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Nothing but what the page brings itself: no script in the page, nothing evaluated, sockets to this server and to those named. */
const policy = (servers: readonly string[]): string =>
  `default-src 'none'; script-src 'self'; style-src 'self'; connect-src ${["'self'", ...servers].join(" ")}; img-src 'self' data:; base-uri 'none'; form-action 'none'`;

interface File {
  readonly type: string;
  readonly body: string;
}

/** What a page consists of, by the path at which it is asked for. */
export type Page = ReadonlyMap<string, File>;

/**
 * Bundles a page.
 *
 * @param folder - where its `index.html`, `style.css` and `main.ts` are. It ends with a slash.
 */
export async function bundlePage(folder: URL): Promise<Page> {
  const read = (name: string): Promise<string> => readFile(new URL(name, folder), "utf8");
  return new Map<string, File>([
    ["/", { type: "text/html", body: await read("index.html") }],
    ["/style.css", { type: "text/css", body: await read("style.css") }],
    ["/main.js", { type: "text/javascript", body: await bundle(new URL("main.ts", folder)) }],
  ]);
}

/**
 * Answers requests for a page.
 *
 * @param servers - origins of other servers that the page may connect to.
 */
export function answerWith(page: Page, servers = (): readonly string[] => []): RequestListener {
  return (request, response) => {
    const file = page.get(request.url ?? "");
    if (file === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("There is no such page.\n");
      return;
    }
    response
      .writeHead(200, {
        "content-type": `${file.type}; charset=utf-8`,
        "content-security-policy": policy(servers()),
      })
      .end(file.body);
  };
}

async function bundle(entry: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
  });
  return outputFiles[0]?.text ?? "";
}
