// Two servers that share the chat over a real nats-server.

import { NatsServer } from "@peng3dnet-internal/nats-server";
import { describeWithNats } from "../../../packages/cluster/test/support/with-nats.js";
import { endAll, start, startServer } from "../../cli/test/support/spawned.js";

// Starting a program takes a while on a busy machine.
jest.setTimeout(60_000);

describeWithNats("a chat on two servers", () => {
  let nats: NatsServer;
  beforeEach(async () => {
    nats = await NatsServer.start();
  });
  afterEach(async () => {
    await endAll();
    await nats.dispose();
  });

  test("is one: what is said on one is read on both, once, and so is who comes and goes", async () => {
    const one = await startServer("simplechat", "--nats", nats.url);
    const two = await startServer("simplechat", "--nats", nats.url);
    await one.server.printed(/server chat~\S+: is there, too\n/);
    const ada = start("simplechat", "client", one.address, "--nick", "Ada");
    await ada.printed(/Welcome, Ada!/);
    const bob = start("simplechat", "client", two.address, "--nick", "Bob");
    await ada.printed(/\* Bob has joined\.\n/);
    await bob.printed(/Welcome, Bob! Nobody else is on this server yet\./);
    bob.write("hello from two\n");
    await ada.printed(/<Bob> hello from two\n/);
    ada.write("hello from one\n");
    await bob.printed(/<Ada> hello from one\n/);
    await expect(bob.end("/quit\n")).resolves.toMatchObject({ code: 0, stderr: "" });
    await ada.printed(/\* Bob has left\.\n/);
    for (const { stdout } of [ada, bob]) expect(stdout.match(/hello from/g)).toHaveLength(2);
    await two.server.kill("SIGINT");
    await one.server.printed(/server chat~\S+: has left\n/);
  });

  test("goes on without the other one when that is killed, and says so", async () => {
    const one = await startServer("simplechat", "--nats", nats.url);
    const two = await startServer("simplechat", "--nats", nats.url);
    await one.server.printed(/is there, too\n/);
    await two.server.kill("SIGKILL");
    const ada = start("simplechat", "client", one.address, "--nick", "Ada").write("alone\n");
    await ada.printed(/<Ada> alone\n/);
    await one.server.printed(/server chat~\S+: is lost\n/);
  });

  test("goes on on each server while NATS is away, and says so", async () => {
    const { server, address } = await startServer("simplechat", "--nats", nats.url);
    await nats.kill();
    await server.printed(/NATS is away\.\n/);
    const ada = start("simplechat", "client", address, "--nick", "Ada").write("alone\n");
    await ada.printed(/<Ada> alone\n/);
    await nats.start();
    await server.printed(/NATS is there again\.\n/);
    await expect(server.kill("SIGINT")).resolves.toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/again\.\n.*Stopped\.\n$/s),
    });
    expect(server.stdout.match(/NATS is/g)).toHaveLength(2);
  });

  test("needs the nats-server that it is given, and says in one line if it is not there", async () => {
    const { url } = nats;
    await nats.kill();
    await expect(start("simplechat", "server", "127.0.0.1:0", "--nats", url).ended).resolves.toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(new RegExp(`^chat:server: no connection to NATS at ${url}: .*\\n$`)),
    });
  });
});
