import { normalizeAddrFormatted, Repeats } from "@peng3dnet/core";
import { printable, runProgram } from "@peng3dnet-examples/cli";
import { EchoServer } from "./echo-server.js";

const spec = {
  name: "echo:server",
  summary: "Sends back whatever a client sends.",
  flags: {
    "allow-stop": { type: "boolean", help: 'let any client stop the server by sending "stop"' },
  },
} as const;

await runProgram(spec, async ({ peer, values }, interrupted) => {
  const server = new EchoServer({ ...peer, allowStop: values["allow-stop"] });
  server.on("handshakecomplete", ({ cid }) => console.log(`client ${cid}: connected`));
  // What goes wrong again and again, because somebody sends bad packets, is said once and then how often.
  const faults = new Repeats();
  server.on("close", ({ cid }, { reason, error }) => {
    const line = `client ${cid}: closed, ${printable(reason ?? "no reason given")}`;
    if (error === undefined) console.log(line);
    else faults.tell(error.name, console.log, () => line);
  });
  await server.start();
  console.log(`Echo server on ${normalizeAddrFormatted(server.addr)}; Ctrl+C stops it.`);
  interrupted.addEventListener("abort", () => void server.shutdown());
  await server.join();
  console.log("Stopped.");
});
