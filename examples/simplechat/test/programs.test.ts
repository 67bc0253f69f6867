import { endAll, start, startServer } from "../../cli/test/support/spawned.js";

// Starting a program takes a while on a busy machine.
jest.setTimeout(30_000);
afterEach(endAll);

/** What a client printed, without the times. */
function untimed(stdout: string): string[] {
  return stdout.replaceAll(/^\d\d:\d\d:\d\d /gm, "").split("\n");
}

test("a client says what comes through a pipe, and waits for all answers", async () => {
  const { server, address } = await startServer("simplechat");
  const lines = Array.from({ length: 2000 }, (_, n) => `line ${n}`);
  const { code, stdout, stderr } = await start("simplechat", "client", address, "--nick", "Ada").end(
    lines.join("\n"),
  );
  expect(untimed(stdout)).toEqual([
    "* Welcome, Ada! Nobody else is here yet. /help lists the commands.",
    ...lines.map((line) => `<Ada> ${line}`),
    "",
  ]);
  expect([code, stderr]).toEqual([0, ""]);
  await server.printed(/client 1 \(Ada\): closed, userrequest\n/);
});

test("a client without a nickname is a guest, and not asked through a pipe", async () => {
  const { address } = await startServer("simplechat");
  const { stdout } = await start("simplechat", "client", address).end("hi\n");
  expect(untimed(stdout).slice(0, 2)).toEqual([
    "* Welcome, guest! Nobody else is here yet. /help lists the commands.",
    "<guest> hi",
  ]);
});

test("several clients read each other", async () => {
  const { address } = await startServer("simplechat");
  const ada = start("simplechat", "client", address, "--nick", "Ada");
  await ada.printed(/Welcome/);
  const bob = start("simplechat", "client", address, "--nick", "Bob");
  await ada.printed(/\* Bob has joined\./);
  bob.write("hello, Ada\n/whisper Ada psst\n");
  await ada.printed(/<Bob> hello, Ada\n.*Bob whispers: psst\n/);
  await expect(bob.end("/quit\n")).resolves.toMatchObject({ code: 0, stderr: "" });
  await ada.printed(/\* Bob has left\./);
  await expect(ada.kill("SIGINT")).resolves.toMatchObject({ code: 0, stderr: "" });
});

test("/stop ends server and clients", async () => {
  const { server, address } = await startServer("simplechat", "--allow-stop");
  const ada = start("simplechat", "client", address, "--nick", "Ada").write("/stop\n");
  await expect(ada.ended).resolves.toMatchObject({ code: 0, stderr: "" });
  const { code, stdout } = await server.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/client 1 \(Ada\): closed, command\nStopped\.\n$/);
});

test("Ctrl+C ends the server cleanly, and its clients with it", async () => {
  const { server, address } = await startServer("simplechat");
  const ada = start("simplechat", "client", address, "--nick", "Ada");
  await ada.printed(/Welcome/);
  await expect(server.kill("SIGINT")).resolves.toMatchObject({ code: 0, stderr: "" });
  await expect(ada.ended).resolves.toMatchObject({ code: 0, stderr: "" });
});

test("what cannot work is said in one line", async () => {
  const { server, address } = await startServer("simplechat");
  await expect(start("simplechat", "server", address).ended).resolves.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^chat:server: cannot listen on .*: the port is in use; .*\n$/),
  });
  await server.kill("SIGTERM");
  await expect(start("simplechat", "client", address).ended).resolves.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^chat:client: nothing listens on .*\n$/),
  });
  await expect(start("simplechat", "client", "--nick").ended).resolves.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^chat:client: .*\n$/),
  });
});

test.each(["server", "client"])("the %s says how to use it", async (program) => {
  const { code, stdout } = await start("simplechat", program, "--help").ended;
  expect(code).toBe(0);
  expect(stdout).toContain(`npm run chat:${program} -- [HOST:PORT]`);
});
