// The `openssl` program as the peer, so that both ends do not make the same mistake.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client, SSLSEC_BOTHAUTH, SSLSEC_ENCRYPTED, SSLSEC_SERVERAUTH } from "@peng3dnet/core";
import { certFile, clientTls, keyFile, mutualTls, serverTls } from "../support/certificates.js";
import { onCleanup, track } from "../support/cleanup.js";
import { handle, next, startServer } from "../support/peers.js";
import { freePort } from "../support/raw-peer.js";

interface Recorded {
  readonly dir: "S>C" | "C>S";
  readonly hex?: string;
}

const recorded = (
  JSON.parse(readFileSync(join(__dirname, "../../../../vectors/classic-session.json"), "utf8")) as {
    readonly packets: readonly Recorded[];
  }
).packets.flatMap(({ dir, hex }) => (hex === undefined ? [] : [{ dir, bytes: Buffer.from(hex, "hex") }]));

/** The program, and what it has printed. */
class OpenSsl {
  readonly process: ChildProcessWithoutNullStreams;
  output = Buffer.alloc(0);
  diagnostics = "";
  #wake: () => void = () => {};
  readonly #exited: Promise<number | null>;

  constructor(...args: string[]) {
    this.process = spawn("openssl", args);
    const child = this.process;
    this.#exited = new Promise((exited) => child.once("close", exited));
    child.stdout.on("data", (chunk: Buffer) => {
      this.output = Buffer.concat([this.output, chunk]);
      this.#wake();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.diagnostics += chunk.toString();
    });
    child.once("close", () => this.#wake());
    child.stdin.on("error", () => {});
    onCleanup(async () => {
      child.kill();
      await this.#exited;
    });
  }

  exited(): Promise<number | null> {
    return this.#exited;
  }

  async until(done: (output: Buffer) => boolean): Promise<void> {
    while (!done(this.output)) {
      if (this.process.exitCode !== null)
        throw new Error(`openssl ended:\n${this.output}\n${this.diagnostics}`);
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  /** The next bytes of output. */
  async bytes(size: number): Promise<Buffer> {
    await this.until((output) => output.length >= size);
    const taken = this.output.subarray(0, size);
    this.output = this.output.subarray(size);
    return taken;
  }
}

const sClient = (port: number, ...args: string[]): OpenSsl =>
  new OpenSsl(
    ...["s_client", "-quiet", "-connect", `127.0.0.1:${port}`, "-servername", "localhost"],
    ...["-CAfile", certFile("ca"), "-verify_return_error", "-verify_hostname", "localhost", ...args],
  );

describe.each(["-tls1_2", "-tls1_3"])("%s", (version) => {
  test.each([
    ["a server", serverTls, [], SSLSEC_ENCRYPTED],
    ["a server", serverTls, ["-alpn", "peng3dnet/2"], SSLSEC_ENCRYPTED],
    ["both", mutualTls, ["-cert", "CERT", "-key", "KEY"], SSLSEC_BOTHAUTH],
  ] as const)("s_client plays a recorded client; certificates of %s; %#", async (_who, cfg, args, level) => {
    const server = await startServer({ cfg: { ...cfg(), "net.heartbeat.interval": 0 } }, (peer) => {
      handle(peer, "game:other");
      handle(peer, "echo:echo");
    });
    const active = next(server, "handshakecomplete");
    const closed = next(server, "close");
    const files = args.map((arg) =>
      arg.replace("CERT", certFile("client")).replace("KEY", keyFile("client")),
    );
    const peer = sClient(server.addr[1], version, ...files);
    let hellos = 0;
    for (const { dir, bytes } of recorded) {
      if (dir === "C>S") peer.process.stdin.write(bytes);
      else {
        const came = await peer.bytes(bytes.length);
        // Ours registers its own packets after those of the application, like the recorded one.
        if (hellos++ === 0) expect(came.toString("hex")).toBe(bytes.toString("hex"));
        else expect(came.length).toBe(bytes.length);
      }
    }
    const [remote] = await active;
    expect(remote.sslSeclevel).toBe(level);
    const [, info] = await closed;
    expect(info).toEqual({ reason: "userrequest", error: undefined, clean: true });
    await expect(peer.exited()).resolves.toBe(0);
  });

  test("s_client without a certificate sees why, and no hello", async () => {
    const server = await startServer({ cfg: mutualTls() });
    const peer = sClient(server.addr[1], version);
    await peer.exited();
    expect(peer.output.toString("latin1")).toContain("tlsclientcertrequired");
    expect(peer.output.includes(recorded[0]?.bytes as Buffer)).toBe(false);
  });

  test.each([
    ["the client", [], undefined, SSLSEC_SERVERAUTH],
    ["nobody but checked", ["-alpn", "peng3dnet/2"], undefined, SSLSEC_SERVERAUTH],
    ["both", ["-Verify", "1", "-verify_return_error", "-CAfile", "CA"], "client", SSLSEC_BOTHAUTH],
  ] as const)(
    "s_server with a recorded hello serves a client, which verifies: %s",
    async (_who, args, cert, level) => {
      const port = await freePort();
      const server = new OpenSsl(
        ...[
          "s_server",
          "-accept",
          `${port}`,
          "-cert",
          certFile("server"),
          "-key",
          keyFile("server"),
          version,
        ],
        ...args.map((arg) => (arg === "CA" ? certFile("ca") : arg)),
      );
      await server.until((output) => output.includes("ACCEPT"));
      const client = track(new Client({ addr: ["127.0.0.1", port], cfg: clientTls(cert) }));
      handle(client, "game:other");
      handle(client, "echo:echo");
      const started = client.start();
      await client.connect();
      // Not before the server has proved that it accepts the client's certificate.
      expect(client.sslSeclevel).toBe(SSLSEC_SERVERAUTH);
      for (const { dir, bytes } of recorded.slice(0, 3)) if (dir === "S>C") server.process.stdin.write(bytes);
      await started;
      expect(client.sslSeclevel).toBe(level);
      expect(client.peerCertificate).toMatchObject({ subject: { CN: "localhost" }, verified: true });
      client.sendMessage("echo:echo", "hello from the client");
      await server.until((output) => output.includes("hello from the client"));
      const closing = client.close("done");
      await server.until((output) => output.includes("done"));
      // It does not answer a closing packet.
      server.process.kill();
      await closing;
    },
  );
});
