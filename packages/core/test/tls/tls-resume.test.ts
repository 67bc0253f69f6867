// Whose session it is says the certificate, too: over real sockets.

import { Client, type ConfigOverrides, definePacket, payload, Server } from "@peng3dnet/core";
import { certFile, certPem, clientTls, keyFile, mutualTls, serverTls } from "../support/certificates.js";
import { track } from "../support/cleanup.js";

const Count = definePacket({ name: "tls:count", schema: payload<number>() });

/** A client whose socket a test breaks, and whose certificate it changes in between. */
async function scene(server: ConfigOverrides, client: ConfigOverrides) {
  const counts: number[] = [];
  const asked: unknown[] = [];
  const host = track(
    new Server({
      addr: "127.0.0.1:0",
      packets: [Count],
      cfg: { "net.resume.window": 30, ...server },
      authorizeResume: ({ peerCertificate }) => {
        asked.push(peerCertificate?.fingerprint256);
        return true;
      },
    }),
  );
  host.on(Count, (count) => void counts.push(count));
  await host.start();
  const guest = track(
    new Client({ addr: ["localhost", host.addr[1]], packets: [Count], resume: true, cfg: client }),
  );
  await guest.start();
  return { host, guest, counts, asked };
}

const oneOf = (client: Client, events: readonly ("resume" | "close")[]): Promise<string> =>
  new Promise((resolve) => {
    for (const event of events) client.once(event, () => resolve(event));
  });

/** Breaks the line. */
const reset = (client: Client): void =>
  void (client.sock as { destroy(error: Error): void }).destroy(new Error("cut"));

test.each([
  ["the same certificate", mutualTls(), clientTls("client")],
  ["no certificate on either line", serverTls(), clientTls()],
])("%s: the session goes on", async (_, server, client) => {
  const { guest, counts, asked } = await scene(server, client);
  guest.sendMessage(Count, 1);
  const outcome = oneOf(guest, ["resume", "close"]);
  reset(guest);
  guest.sendMessage(Count, 2);
  await expect(outcome).resolves.toBe("resume");
  guest.sendMessage(Count, 3);
  await guest.close();
  expect(counts).toEqual([1, 2, 3]);
  expect(asked).toHaveLength(1);
});

test("another certificate: the session is refused, and waits for its own client", async () => {
  // The server trusts who issued either of them.
  const { "net.ssl.cafile": _, ...server } = mutualTls();
  const { host, guest, asked } = await scene(
    { ...server, "net.ssl.ca": `${certPem("ca")}\n${certPem("other-ca")}` },
    clientTls("client"),
  );
  const [remote] = host.clients.values();
  guest.cfg.set("net.ssl.client.certfile", certFile("stranger"));
  guest.cfg.set("net.ssl.client.keyfile", keyFile("stranger"));
  const outcome = oneOf(guest, ["resume", "close"]);
  const refused = new Promise((resolve) => host.once("close", (_, { reason }) => resolve(reason)));
  reset(guest);
  await expect(outcome).resolves.toBe("close");
  await expect(guest.close()).resolves.toMatchObject({ reason: "resumerefused" });
  await expect(refused).resolves.toBe("resumerefused");
  expect([asked, remote?.suspended]).toEqual([[], true]);
});

test("a client that shows no certificate any more, to a server that asks for none any more: refused", async () => {
  const { host, guest, asked } = await scene(mutualTls(), clientTls("client"));
  const [remote] = host.clients.values();
  host.cfg.set("net.ssl.server.force_verify", false);
  await host.reloadCertificates();
  guest.cfg.set("net.ssl.client.certfile", null);
  guest.cfg.set("net.ssl.client.keyfile", null);
  const outcome = oneOf(guest, ["resume", "close"]);
  reset(guest);
  await expect(outcome).resolves.toBe("close");
  await expect(guest.close()).resolves.toMatchObject({ reason: "resumerefused" });
  expect([asked, remote?.suspended]).toEqual([[], true]);
});
