import { createServer } from "node:http";
import { normalizeAddrFormatted } from "@peng3dnet/core";
import { serveWebSocket } from "@peng3dnet/websocket";
import { ArgumentError, printable, runProgram } from "@peng3dnet-examples/cli";
import { answerWith, bundlePage } from "@peng3dnet-examples/cli/page";
import { EchoServer } from "./echo-server.js";
import { PATH } from "./shared.js";

const spec = {
  name: "echo:web",
  summary: "Serves a page that talks to an echo server over WebSocket.",
  flags: {},
} as const;

await runProgram(spec, async ({ peer }, interrupted) => {
  if (peer.cfg?.["net.ssl.enabled"] === true)
    throw new ArgumentError("the page is served without TLS; put a proxy in front of it");
  const page = await bundlePage(new URL("../web/", import.meta.url));
  const http = createServer(answerWith(page));
  const server = new EchoServer();
  server.on("handshakecomplete", ({ cid }) => console.log(`client ${cid}: connected`));
  server.on("close", ({ cid }, { reason }) =>
    console.log(`client ${cid}: closed, ${printable(reason ?? "no reason given")}`),
  );
  server.initialize(); // without start(): it serves WebSockets, and listens on no port of its own
  server.processAsync();
  await serveWebSocket(server, { server: http, path: PATH });

  const [host, port] = peer.addr;
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, resolve);
  });
  const bound = http.address();
  const shown = typeof bound === "object" && bound !== null ? bound.port : port;
  console.log(`Open http://${normalizeAddrFormatted([host, shown])} in a browser; Ctrl+C stops it.`);

  interrupted.addEventListener("abort", () => void server.shutdown());
  await server.join();
  http.closeAllConnections();
  http.close();
  console.log("Stopped.");
});
