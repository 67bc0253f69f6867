// What `npm start` runs: a server and a client that talk over TCP, and say what they do.

import { inspect } from "node:util";
import { normalizeAddrFormatted } from "@peng3dnet/core";
import { EchoClient } from "./echo-client.js";
import { EchoServer } from "./echo-server.js";

const VALUES: readonly unknown[] = [
  "Hello, world!",
  { player: "Ada", position: [1.5, -2, 64], alive: true },
  18_446_744_073_709_551_615n,
  new Uint8Array([0xde, 0xad, 0xbe, 0xef]),
];
const MANY = 10_000;

const server = new EchoServer({ addr: "127.0.0.1:0" });
server.on("handshakecomplete", ({ cid }) => say("server", `client ${cid} is connected`));
server.on("close", ({ cid }, { reason }) => say("server", `client ${cid} has left: ${reason}`));
await server.start();
const address = normalizeAddrFormatted(server.addr);
say("server", `listens on ${address}`);

const client = new EchoClient({ addr: server.addr });
await client.start();
say("client", `is connected to ${address}`);

for (const value of VALUES) {
  const answer = await client.echo(value);
  say("client", `sent ${inspect(value)}, got ${inspect(answer)}`);
}

const { roundTrip } = await client.ping();
say("client", `a ping took ${(roundTrip * 1000).toFixed(2)} ms`);

const begin = performance.now();
const numbers = Array.from({ length: MANY }, (_, n) => n);
const answers = await Promise.all(numbers.map((n) => client.echo(n)));
const inOrder = answers.every((answer, n) => answer === n);
const elapsed = Math.round(performance.now() - begin);
say("client", `${MANY} echoes at once took ${elapsed} ms, ${inOrder ? "all in order" : "NOT in order"}`);
if (!inOrder) process.exitCode = 1;

await client.close("userrequest");
await server.shutdown();
say("server", "has shut down");

function say(who: string, what: string): void {
  console.log(`${who}  ${what}`);
}
