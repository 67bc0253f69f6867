import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { endAll, start, startServer } from "../../cli/test/support/spawned.js";

// Starting a program takes a while on a busy machine.
jest.setTimeout(30_000);
afterEach(endAll);

describe("the client, through a pipe", () => {
  test("prints the answers in order and ends well at the end of the input", async () => {
    const { address } = await startServer("echo");
    const lines = Array.from({ length: 5000 }, (_, n) => `line ${n}`).join("\n");
    await expect(start("echo", "client", address).end(lines)).resolves.toEqual({
      code: 0,
      signal: null,
      stdout: `${lines}\n`,
      stderr: "",
    });
  });

  test("measures on ping, and leaves on quit with the answers it was still waiting for", async () => {
    const { server, address } = await startServer("echo");
    const client = start("echo", "client", address).write("first\nping\nlast\nquit\nnot sent\n");
    const ms = String.raw`-?\d+\.\d{3} ms`;
    const { code, stdout, stderr } = await client.ended;
    expect(stdout).toMatch(new RegExp(`^first\n${ms} to the server, ${ms} back, ${ms} in all\nlast\n$`));
    expect([code, stderr]).toEqual([0, ""]);
    await server.printed(/client 1: closed, userrequest\n/);
  });

  test("lets no server command the terminal", async () => {
    const { address } = await startServer("echo");
    const { stdout } = await start("echo", "client", address).end("\u001b]0;title\u0007\u001b[2J!\n");
    expect(stdout).toBe("]0;title[2J!\n");
  });

  test("says so if a line is too long to be sent, and goes on", async () => {
    const { address } = await startServer("echo");
    const long = randomBytes(1_500_000).toString("hex");
    const { code, stdout } = await start("echo", "client", address).end(`${long}\nnext\n`);
    expect(stdout).toMatch(/^the packet would be .*\nnext\n$/);
    expect(code).toBe(0);
  });

  test("ends well when the server is stopped by stop, and so does the server", async () => {
    const { server, address } = await startServer("echo", "--allow-stop");
    const client = start("echo", "client", address).write("one\nstop\n");
    await expect(client.ended).resolves.toMatchObject({ code: 0, stdout: "one\n", stderr: "" });
    const { code, stdout } = await server.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/client 1: closed, command\nStopped\.\n$/);
  });

  test("says so if the server is gone all of a sudden", async () => {
    const { server, address } = await startServer("echo");
    const client = start("echo", "client", address).write("one\n");
    await client.printed(/one/);
    await server.kill("SIGKILL");
    const { code, stderr } = await client.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^echo:client: .*lost.*\n$/);
  });
});

describe("Ctrl+C", () => {
  test("ends the client cleanly", async () => {
    const { server, address } = await startServer("echo");
    const client = start("echo", "client", address).write("one\n");
    await client.printed(/one/);
    await expect(client.kill("SIGINT")).resolves.toMatchObject({ code: 0, stderr: "" });
    await server.printed(/client 1: closed, userrequest\n/);
  });

  test("ends the server cleanly, and its clients with it", async () => {
    const { server, address } = await startServer("echo");
    const client = start("echo", "client", address).write("one\n");
    await client.printed(/one/);
    await expect(server.kill("SIGINT")).resolves.toMatchObject({ code: 0, stderr: "" });
    await expect(client.ended).resolves.toMatchObject({ code: 0, stderr: "" });
  });
});

describe("what cannot work is said in one line", () => {
  test("a port in use", async () => {
    const { address } = await startServer("echo");
    await expect(start("echo", "server", address).ended).resolves.toEqual({
      code: 1,
      signal: null,
      stdout: "",
      stderr: `echo:server: cannot listen on ${address}: the port is in use; choose another one, or 0 for any free one\n`,
    });
  });

  test("a server that is not there", async () => {
    const { server, address } = await startServer("echo");
    await server.kill("SIGTERM");
    await expect(start("echo", "client", address).ended).resolves.toEqual({
      code: 1,
      signal: null,
      stdout: "",
      stderr: `echo:client: nothing listens on ${address}; check the port, and that the server is running\n`,
    });
  });

  test.each(["server", "client"])("a wrong call of the %s", async (program) => {
    await expect(start("echo", program, "--nope").ended).resolves.toEqual({
      code: 2,
      signal: null,
      stdout: "",
      stderr: `echo:${program}: Unknown option '--nope' (--help shows the usage)\n`,
    });
  });
});

test.each(["server", "client"])("the %s says how to use it", async (program) => {
  const { code, stdout } = await start("echo", program, "--help").ended;
  expect(code).toBe(0);
  expect(stdout).toContain(`npm run echo:${program} -- [HOST:PORT]`);
});

test("the demo talks over TCP and ends well", async () => {
  const { code, stdout, stderr } = await start("echo", "demo").ended;
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/listens on 127\.0\.0\.1:\d+/);
  expect(stdout).toContain("sent 'Hello, world!', got 'Hello, world!'");
  expect(stdout).toContain("all in order");
  expect(stdout).toMatch(/has left: userrequest\nserver +has shut down\n$/);
});

test("the server says of bad packets that they came, and then how often", async () => {
  const { server, address } = await startServer("echo");
  const [host = "", port = ""] = address.split(":");
  for (let n = 0; n < 12; n++) {
    await new Promise<void>((closed) => {
      const socket = connect({ host, port: Number(port) }, () => socket.end("GET / HTTP/1.1\r\n\r\n"));
      socket.on("data", () => {});
      socket.on("error", () => {});
      socket.on("close", () => closed());
    });
  }
  await server.printed(/client 10: closed, notpeng3dnet \(happened 10 times so far\)\n/);
  const { stdout } = await server.kill("SIGTERM");
  expect(stdout.match(/notpeng3dnet/g)).toHaveLength(2);
  expect(stdout).toContain("client 1: closed, notpeng3dnet\n");
});
