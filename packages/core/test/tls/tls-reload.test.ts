// Certificates that are replaced while the server runs; sessions; names and protocols in the handshake.

import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import {
  Client,
  InvalidStateError,
  type Server,
  SSLSEC_BOTHAUTH,
  SSLSEC_SERVERAUTH,
  TlsConfigError,
} from "@peng3dnet/core";
import { bareTlsClient, bareTlsServer } from "../support/bare-tls.js";
import {
  bareTls,
  certFile,
  certPem,
  clientTls,
  keyFile,
  mutualTls,
  serverTls,
} from "../support/certificates.js";
import { track } from "../support/cleanup.js";
import { countdown, echo, handle, next, startPair, startServer } from "../support/peers.js";
import { hello } from "../support/wire.js";

const fingerprint = (name: "server" | "server-renewed" | "client"): string =>
  new X509Certificate(certPem(name)).fingerprint256;

async function join(server: Server, cfg = clientTls()): Promise<Client> {
  const client = track(new Client({ addr: ["localhost", server.addr[1]], cfg }));
  echo(client);
  await client.start();
  return client;
}

/** Puts the other certificate into use. */
function renew(server: Server, name: "server" | "server-renewed" | "expired"): Promise<void> {
  server.cfg.set("net.ssl.server.certfile", certFile(name));
  server.cfg.set("net.ssl.server.keyfile", keyFile(name));
  return server.reloadCertificates();
}

describe("reloading", () => {
  test("new connections get the new certificate, old ones live on", async () => {
    const server = await startServer({ cfg: serverTls() });
    const old = await join(server);
    expect(old.peerCertificate?.fingerprint256).toBe(fingerprint("server"));
    await renew(server, "server-renewed");
    const fresh = await join(server);
    expect(fresh.peerCertificate?.fingerprint256).toBe(fingerprint("server-renewed"));
    for (const client of [old, fresh]) {
      const { done, hit } = countdown(1);
      client.registry.entry("test:echo").obj.receive = hit;
      client.sendMessage("test:echo", "still there");
      await done;
      await expect(client.close("done")).resolves.toMatchObject({ clean: true });
    }
  });

  test("what is wrong with the new ones is thrown, and the old ones stay", async () => {
    const server = await startServer({ cfg: serverTls() });
    await expect(renew(server, "expired")).rejects.toThrow(TlsConfigError);
    const client = await join(server);
    expect(client.peerCertificate?.fingerprint256).toBe(fingerprint("server"));
  });

  test("without TLS there is nothing to reload", async () => {
    const server = await startServer();
    await expect(server.reloadCertificates()).rejects.toThrow(InvalidStateError);
    server.stop();
    await expect(server.reloadCertificates()).rejects.toThrow(InvalidStateError);
  });

  test("under load, no connection is lost", async () => {
    const server = await startServer({ cfg: serverTls() });
    const seen = new Set<string>();
    let lost = 0;
    let running = true;
    server.on("close", (_client, { clean }) => {
      if (!clean) lost++;
    });
    const worker = async (): Promise<number> => {
      let connections = 0;
      while (running || connections < 3) {
        const client = await join(server);
        seen.add(client.peerCertificate?.fingerprint256 ?? "");
        const { done, hit } = countdown(20);
        client.registry.entry("test:echo").obj.receive = hit;
        for (let n = 0; n < 20; n++) client.sendMessage("test:echo", { n });
        await done;
        const { clean } = await client.close("done");
        if (!clean) lost++;
        connections++;
      }
      return connections;
    };
    const steady = await join(server);
    const workers = Array.from({ length: 8 }, worker);
    for (let swap = 0; swap < 10; swap++) {
      const closed = next(server, "close");
      await renew(server, swap % 2 === 0 ? "server-renewed" : "server");
      await closed;
    }
    running = false;
    const connections = (await Promise.all(workers)).reduce((sum, n) => sum + n);
    expect(connections).toBeGreaterThan(20);
    expect(lost).toBe(0);
    expect([...seen].sort()).toEqual([fingerprint("server"), fingerprint("server-renewed")].sort());
    await expect(steady.close("done")).resolves.toMatchObject({ clean: true });
  }, 60_000);
});

describe("the peer's certificate", () => {
  test("is known on both sides, also after the close", async () => {
    const { client, remote } = await startPair({
      server: { cfg: mutualTls() },
      client: { cfg: clientTls("client") },
    });
    await client.close("done");
    expect(remote.peerCertificate).toMatchObject({
      subject: { CN: "test client" },
      issuer: { CN: "peng3dnet test authority" },
      subjectAltName: undefined,
      fingerprint256: fingerprint("client"),
      verified: true,
    });
    expect(remote.peerCertificate).toBe(remote.peerCertificate);
    expect(client.peerCertificate).toMatchObject({
      subjectAltName: expect.stringContaining("DNS:localhost"),
      fingerprint256: fingerprint("server"),
      verified: true,
    });
    const { raw, validFrom, validTo } = client.peerCertificate!;
    expect(Buffer.compare(raw, new X509Certificate(certPem("server")).raw)).toBe(0);
    expect(validFrom.getTime()).toBeLessThan(validTo.getTime());
  });

  test("there is none without TLS", async () => {
    const { client, remote } = await startPair();
    expect([client.peerCertificate, remote.peerCertificate]).toEqual([undefined, undefined]);
  });
});

describe("in the handshake", () => {
  test.each([
    ["localhost", {}, "localhost"],
    ["127.0.0.1", {}, false],
    ["127.0.0.1", { "net.ssl.server_hostname": "localhost" }, "localhost"],
  ])("a client of %s asks for a name; %#", async (host, options, name) => {
    const server = await bareTlsServer({ ...bareTls("server"), ALPNProtocols: ["other", "peng3dnet/2"] });
    const client = track(new Client({ addr: [host, server.addr[1]], cfg: { ...clientTls(), ...options } }));
    await client.connect();
    const { socket } = await server.accepted();
    expect((socket as TLSSocket & { servername: unknown }).servername).toBe(name);
    expect(socket.alpnProtocol).toBe("peng3dnet/2");
    expect(client.sslSeclevel).toBe(SSLSEC_SERVERAUTH);
  });

  test("peers that know nothing of ALPN are welcome", async () => {
    const server = await startServer({ cfg: { ...serverTls(), "net.heartbeat.interval": 0 } });
    const { socket, peer } = await bareTlsClient(server.addr, bareTls());
    expect(socket.alpnProtocol).toBe(false);
    expect((await peer.packet()).bytes).toEqual(hello());

    const bare = await bareTlsServer(bareTls("server"));
    const client = track(new Client({ addr: [...bare.addr], cfg: clientTls() }));
    await client.connect();
    expect((client.sock as TLSSocket).alpnProtocol).toBe(false);
  });

  test("a server is not negotiated with anew", async () => {
    const server = await startServer({ cfg: serverTls() });
    const closed = next(server, "close");
    const { socket, peer } = await bareTlsClient(server.addr, { ...bareTls(), maxVersion: "TLSv1.2" });
    await peer.packet();
    socket.renegotiate({}, () => {});
    const [, info] = await closed;
    expect(info.clean).toBe(false);
    expect(info.error).toBeDefined();
  });

  test("a client is not negotiated with anew", async () => {
    const { addr, accepted } = await bareTlsServer({ ...bareTls("server"), maxVersion: "TLSv1.2" });
    const client = track(new Client({ addr, cfg: clientTls() }));
    await client.connect();
    const { socket } = await accepted();
    socket.renegotiate({}, () => {});
    expect(await client.waitForClose()).toMatchObject({ clean: false, error: expect.any(Error) });
  });
});

describe("resumption", () => {
  /** Whether a second connection of a bare client resumed the first one's session. */
  async function resumes(server: Server, version: "TLSv1.2" | "TLSv1.3"): Promise<boolean> {
    const options = { ...bareTls("client"), maxVersion: version };
    const first = await bareTlsClient(server.addr, options);
    let session: Buffer | undefined = first.socket.getSession();
    first.socket.on("session", (fresh: Buffer) => {
      session = fresh;
    });
    await first.peer.packet();
    first.peer.end();
    await first.peer.ended();
    const second = await bareTlsClient(server.addr, { ...options, ...(session && { session }) });
    await second.peer.packet();
    return second.socket.isSessionReused();
  }

  test.each(["TLSv1.2", "TLSv1.3"] as const)("%s: off, unless switched on", async (version) => {
    for (const cfg of [serverTls(), mutualTls()]) {
      expect(await resumes(await startServer({ cfg }), version)).toBe(false);
      const server = await startServer({ cfg: { ...cfg, "net.ssl.resumption": true } });
      expect(await resumes(server, version)).toBe(true);
      const levels = [...server.clients.values()].map(({ sslSeclevel }) => sslSeclevel);
      expect(new Set(levels)).toEqual(new Set([cfg["net.ssl.server.force_verify"] === true ? 4 : 2]));
    }
  });

  test("a client resumes if both sides allow it, and never another client's session", async () => {
    const on = { "net.ssl.resumption": true };
    const server = await startServer({ cfg: { ...mutualTls(), ...on } });
    const reused = async (cfg = {}): Promise<boolean> => {
      const client = await join(server, { ...clientTls("client"), ...cfg });
      const { socket } = client.conn!;
      expect(client.sslSeclevel).toBe(cfg === host ? 2 : 4);
      const answer = (socket as TLSSocket).isSessionReused();
      await client.close("done");
      return answer;
    };
    const host = { ...on, "net.ssl.client.check_hostname": false };
    expect(await reused(on)).toBe(false);
    expect(await reused(on)).toBe(true);
    expect(await reused()).toBe(false);
    expect(await reused(host)).toBe(false);
    expect(await reused(on)).toBe(true);
  });

  test("a client that resumes claims no more than it did before", async () => {
    const on = { "net.ssl.resumption": true };
    const levels: unknown[] = [];
    for (const cfg of [serverTls(), mutualTls()]) {
      const server = await startServer({ cfg: { ...cfg, ...on } });
      for (let n = 0; n < 3; n++) {
        const client = await join(server, { ...clientTls("client"), ...on });
        levels.push([(client.sock as TLSSocket).isSessionReused(), client.sslSeclevel]);
        await client.close("done");
      }
    }
    expect(levels).toEqual([
      ...[false, true, true].map((reused) => [reused, SSLSEC_SERVERAUTH]),
      ...[false, true, true].map((reused) => [reused, SSLSEC_BOTHAUTH]),
    ]);
  });

  test("a client that may not resume does not, whatever the server offers", async () => {
    const { addr, accepted } = await bareTlsServer(bareTls("server"));
    for (let n = 0; n < 2; n++) {
      const client = track(new Client({ addr: [...addr], cfg: clientTls() }));
      await client.connect();
      const { socket, peer } = await accepted();
      peer.write(hello());
      await peer.packet();
      expect(socket.isSessionReused()).toBe(false);
      client.stop();
    }
  });

  test("a client does not hold on to the sessions of hundreds of servers", async () => {
    const on = { ...clientTls(), "net.ssl.resumption": true };
    const server = await startServer({ cfg: { ...serverTls(), "net.ssl.resumption": true } });
    const reused = async (name: string): Promise<boolean> => {
      const cfg = { ...on, "net.ssl.server_hostname": name, "net.ssl.client.check_hostname": false };
      const client = await join(server, cfg);
      const answer = (client.sock as TLSSocket).isSessionReused();
      client.stop();
      return answer;
    };
    expect(await reused("localhost")).toBe(false);
    expect(await reused("localhost")).toBe(true);
    for (let n = 0; n < 255; n++) await reused(`host-${n}`);
    // As many as are held; with one more, the first is forgotten, and made anew.
    expect(await reused("localhost")).toBe(true);
    expect(await reused("one-more")).toBe(false);
    expect(await reused("localhost")).toBe(false);
    // New certificates have new sessions: that of the one that comes next is the last that was made then.
    await renew(server, "server");
    expect(await reused("host-1")).toBe(false);
    expect(await reused("another")).toBe(false);
    expect(await reused("host-1")).toBe(true);
  }, 60_000);
});

test("handlers of the application see packets of TLS connections like any others", async () => {
  const { done, hit } = countdown(3);
  const { client } = await startPair({
    server: { cfg: serverTls() },
    client: { cfg: clientTls() },
    setUp: (peer) => handle(peer, "test:data", hit),
  });
  for (let n = 0; n < 3; n++) client.sendMessage("test:data", n);
  await done;
});
