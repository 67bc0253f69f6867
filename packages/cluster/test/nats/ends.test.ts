// A closed bus keeps no process from ending, whatever it was doing.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { startNats } from "../support/buses.js";
import { describeWithNats } from "../support/with-nats.js";

jest.setTimeout(60_000);

// A program needs the build, which `npm test` makes.
const built = (name: string) =>
  JSON.stringify(pathToFileURL(join(__dirname, "../../..", name, "dist/index.js")).href);

const program = (servers: string, rest: string) => `
  import { natsBus } from ${built("cluster")};
  import { silentLogger, systemClock } from ${built("core")};
  const options = { servers: ${JSON.stringify(servers)}, pingInterval: 100, timeout: 200, reconnectTimeWait: 20 };
  const context = { name: "ends", logger: silentLogger, clock: systemClock };
  const told = () => new Promise((resolve) => bus.watch(resolve));
  const bus = await natsBus(options).connect(context);
  bus.subscribe("a", () => undefined);
  bus.publish("a", new Uint8Array(10));
  await bus.flush();
  console.log("open");
  ${rest}
  await bus.close();
  console.log("closed");
`;

/** Runs a program to its end. @param opened - is called once its bus is open. */
function run(text: string, opened: () => unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", text], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    onCleanup(() => child.kill("SIGKILL"));
    let output = "";
    child.stdout.on("data", (chunk) => {
      const first = output === "";
      output += chunk;
      if (first) opened();
    });
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}

describeWithNats("the end", () => {
  test("of a connected bus", async () => {
    const server = await startNats();
    expect(await run(program(server.url, ""), () => undefined)).toBe("open\nclosed\n");
  });

  test("of one that dials", async () => {
    const server = await startNats();
    const text = program(server.url, "await told();");
    expect(await run(text, () => server.kill())).toBe("open\nclosed\n");
  });

  test("of one that dials a broker that says nothing", async () => {
    const server = await startNats();
    const text = program(
      server.url,
      // Far more than the buffers of both systems hold, and time for some attempts to connect.
      `await new Promise((resolve) => setTimeout(resolve, 200));
       for (let count = 0; count < 15; count++) bus.publish("b", new Uint8Array(1024 * 1024));
       await told();
       await new Promise((resolve) => setTimeout(resolve, 2000));`,
    );
    expect(await run(text, () => server.freeze())).toBe("open\nclosed\n");
  });
});
