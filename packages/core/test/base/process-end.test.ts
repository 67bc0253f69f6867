// Programs of their own, on the built package: `npm test` builds first.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const PRELUDE = `
import { Client, Packet, Server } from "@peng3dnet/core";
process.exit = () => console.log("process.exit was called");
process.on("warning", (warning) => console.log("warning: " + warning.message));
async function connect() {
  const server = new Server({ addr: "127.0.0.1:0", cfg: { "net.timeout.idle": 60 } });
  await server.start();
  const client = new Client({ addr: server.addr, cfg: { "net.timeout.idle": 60 } });
  await client.start();
  return { server, client };
}
function finished() {
  const since = performance.now();
  process.on("exit", () => console.log(JSON.stringify({ waited: performance.now() - since })));
}
`;

test.each([
  ["a close and a shutdown", "await client.close('done'); await server.shutdown();"],
  ["a shutdown that does not wait", "await server.shutdown({ join: false });"],
  ["stops", "client.stop(); server.stop();"],
  ["stops after waits without end", "void client.join(); void server.join(); client.stop(); server.stop();"],
  [
    "waits that were given up",
    `await client.waitForClose({ timeout: 0.001 }).catch(() => {});
     await client.close(); await server.shutdown({ timeout: 60 });`,
  ],
  ["disposal", "await client[Symbol.asyncDispose](); await server[Symbol.asyncDispose]();"],
])(
  "nothing keeps a process alive after %s, and nothing ends it by force",
  async (_, end) => {
    const program = `${PRELUDE}\nconst { client, server } = await connect();\n${end}\nfinished();`;
    const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: join(__dirname, "..", ".."),
    });
    expect(stderr).toBe("");
    // Every deadline that could have been left behind is longer than that.
    expect(JSON.parse(stdout)).toEqual({ waited: expect.any(Number) });
    expect((JSON.parse(stdout) as { waited: number }).waited).toBeLessThan(4000);
  },
  30_000,
);

test("a client that tries to connect again keeps its process alive, until it is closed", async () => {
  const program = `
    import { Client, Server } from "@peng3dnet/core";
    const server = new Server({ addr: "127.0.0.1:0" });
    await server.start();
    const client = new Client({ addr: server.addr, reconnect: { delay: 0.01 } });
    client.on("retry", ({ attempt }) => {
      console.log(attempt);
      if (attempt === 3) void client.close();
    });
    client.on("close", () => console.log("closed"));
    await client.start();
    await server.shutdown();
  `;
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: join(__dirname, "..", ".."),
  });
  expect({ stdout, stderr }).toEqual({ stdout: "1\n2\n3\nclosed\n", stderr: "" });
}, 30_000);
