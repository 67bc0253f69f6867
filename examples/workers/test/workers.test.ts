// Processes that share a port, over a real nats-server that the program starts itself.

import { Client } from "@peng3dnet/core";
import { pingServer } from "@peng3dnet/ping";
import { describeWithNats } from "../../../packages/cluster/test/support/with-nats.js";
import { endAll, start } from "../../cli/test/support/spawned.js";
import { Hello, packets } from "../src/shared.js";

// Starting a program takes a while on a busy machine.
jest.setTimeout(60_000);
afterEach(endAll);

describeWithNats("workers of one machine", () => {
  test("share a port and look like one server", async () => {
    const { code, stdout, stderr } = await start("workers", "main").ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.replaceAll(/\d{3,}(?=\n)/g, "N")).toBe(
      [
        "worker-1 is process N",
        "worker-2 is process N",
        "primary  2 workers take connections on port N",
        "clients  are there: 10 at worker-1, 10 at worker-2",
        "clients  each says hello to all; they hear 200 from worker-1, 200 from worker-2",
        "ping     the worker that answers counts 20 players at all workers",
        "primary  all workers have left",
        "",
      ].join("\n"),
    );
  });

  test("are replaced when they die, and counted anew", async () => {
    const program = start("workers", "main", "2", "serve", "0");
    const [, port] = await program.printed(/on port (\d+)\n/);
    const [, pid] = await program.printed(/worker-1 is process (\d+)\n/);
    const addr: [string, number] = ["127.0.0.1", Number(port)];
    const clients = [new Client({ addr, packets }), new Client({ addr, packets })];
    const at = [];
    for (const client of clients) {
      await client.start();
      at.push(await client.request(Hello, null));
    }
    expect(at.sort()).toEqual(["worker-1", "worker-2"]);
    process.kill(Number(pid), "SIGKILL");
    await program.printed(/worker-1 has died \(SIGKILL\); another one takes its place\n/);
    await program.printed(/worker-3 is process \d+\n/);
    // Of either worker.
    for (let count = 0; count < 2; count++) expect((await pingServer({ addr })).usercount).toBe(1);
    await program.kill("SIGINT");
    expect(program.stdout).toMatch(/all workers have left\n$/);
    for (const client of clients) expect((await client.close()).reason).not.toBeNull();
  });
});
