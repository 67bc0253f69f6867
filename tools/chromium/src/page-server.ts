import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The script of the page, and of its worker. */
export const SCRIPT = "/page.js";

const HTML = `<!doctype html>
<html lang="en">
<title>peng3dnet in Chromium</title>
<script src="${SCRIPT}"></script>
`;

/** Nothing but the script and its connections to this machine. No inline code, no `eval`, no WebAssembly. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src ws://127.0.0.1:* wss://127.0.0.1:*",
].join("; ");

const TYPES: Readonly<Record<string, string>> = { "/": "text/html", [SCRIPT]: "text/javascript" };

/** Serves one page with its script, under a strict Content-Security-Policy. */
export class PageServer {
  readonly #server: Server;
  /** Where the page is. */
  readonly url: string;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  static async start(script: string): Promise<PageServer> {
    const contents: Readonly<Record<string, string>> = { "/": HTML, [SCRIPT]: script };
    const server = createServer(({ url = "" }, response) => {
      const content = contents[url];
      if (content === undefined) response.writeHead(404).end();
      else {
        response.setHeader("content-type", `${TYPES[url]}; charset=utf-8`);
        response.setHeader("content-security-policy", POLICY);
        response.end(content);
      }
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    return new PageServer(server);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
