import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const HOW_TO_GET_REDIS_SERVER = "install redis-server (Debian: apt-get install redis-server)";

/** A port that nothing listens on now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** A redis-server on a free port of 127.0.0.1, which writes nothing to disk. */
export async function startRedis(): Promise<{ readonly url: string; dispose(): Promise<void> }> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "peng3dnet-redis-"));
  const options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const child = spawn("redis-server", ["--port", String(port), ...options], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      process.off("exit", end);
      rmSync(folder, { recursive: true, force: true });
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`${error.message}; ${HOW_TO_GET_REDIS_SERVER}`)));
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.includes("Ready to accept connections")) resolve();
    });
  });
  return {
    url: `127.0.0.1:${port}`,
    async dispose() {
      end();
      await exited;
    },
  };
}
