/** The clients' process of `scrape.ts`: connects so many, one after another of which sends something all the time. */
import { Client } from "@peng3dnet/core";
import { OTHERS, Position, packets } from "./scrape-packets.js";

/** Connections that are opened at once, and clients that send something at once. */
const AT_ONCE = 100;
const EVERY_MS = 10;

process.on("disconnect", () => process.exit());
const [host = "", port, given] = process.argv.slice(2);
const count = Number(given);
const clients = Array.from(
  { length: count },
  () => new Client({ addr: [host, Number(port)], packets, cfg: { "net.timeout.handshake": 120 } }),
);
for (let at = 0; at < count; at += AT_ONCE)
  await Promise.all(clients.slice(at, at + AT_ONCE).map((client) => client.start()));

const [first] = clients;
let unanswered = OTHERS.length;
for (const other of OTHERS) {
  first?.on(other, () => {
    if (--unanswered === 0) process.send?.("sent");
  });
}
process.on("message", () => {
  for (const other of OTHERS) first?.sendMessage(other, 0);
});

let next = 0;
setInterval(() => {
  for (let sent = 0; sent < AT_ONCE; sent++) {
    const client = clients[next++ % count];
    if (client?.active === true) client.sendMessage(Position, [1, 2]);
  }
}, EVERY_MS);
process.send?.("ready");
