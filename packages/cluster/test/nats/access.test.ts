// TLS, credentials and permissions are those of NATS, and what the broker refuses is said.

import { nkeys } from "@nats-io/transport-node";
import {
  natsBus,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@peng3dnet/cluster";
import { certFile, keyFile } from "../../../core/test/support/certificates.js";
import { hear, open, openNats, startNats, text } from "../support/buses.js";
import { describeWithNats } from "../support/with-nats.js";

jest.setTimeout(60_000);

const USERS = (permissions: string) => `
  authorization {
    users = [
      { user: game, password: secret, permissions: ${permissions} }
      { user: other, password: other }
    ]
  }`;
const GAME_ONLY = '{ publish: ["game.>"], subscribe: ["game.>"] }';

describeWithNats("access", () => {
  test("a user with the right password gets in, and no other one", async () => {
    const server = await startNats({ config: USERS(GAME_ONLY) });
    const { bus } = await openNats(server, { user: "game", pass: "secret" });
    const heard = await hear(bus, "game.a");
    bus.publish("game.a", text("in"));
    await heard.until(1);
    for (const options of [{}, { user: "game", pass: "wrong" }]) {
      await expect(openNats(server, options)).rejects.toThrow(
        expect.objectContaining({
          code: "P3D_ERR_BUS_CONNECT",
          message: expect.stringContaining("Authorization"),
        }),
      );
    }
  });

  test("users show themselves by whatever NATS knows", async () => {
    const key = nkeys.createUser();
    const server = await startNats({
      config: `authorization { users = [ { nkey: ${key.getPublicKey()} }, { user: game, password: secret } ] }`,
    });
    const seed = key.getSeed();
    for (const authenticator of [
      nkeyAuthenticator(seed),
      usernamePasswordAuthenticator("game", "secret"),
      [usernamePasswordAuthenticator("game", () => "secret")],
    ]) {
      const { bus } = await openNats(server, { authenticator, user: undefined });
      await bus.flush();
    }
    await expect(
      openNats(server, { authenticator: nkeyAuthenticator(nkeys.createUser().getSeed()) }),
    ).rejects.toThrow(expect.objectContaining({ code: "P3D_ERR_BUS_CONNECT" }));
    const locked = await startNats({ config: "authorization { token: sesame }" });
    for (const options of [{ token: "sesame" }, { authenticator: tokenAuthenticator("sesame") }]) {
      await openNats(locked, options);
    }
    await expect(openNats(locked)).rejects.toThrow(expect.objectContaining({ code: "P3D_ERR_BUS_CONNECT" }));
  });

  test("a broker that does not know the user for a time is dialled on", async () => {
    const server = await startNats({ config: USERS(GAME_ONLY) });
    const { bus, until, changes } = await openNats(server, { user: "game", pass: "secret" });
    await server.kill();
    await until("disconnected");
    bus.publish("game.a", text("kept"));
    server.configure("authorization { users = [ { user: other, password: other } ] }");
    await server.start();
    // Three refusals: the client of NATS would give up at the second one.
    while (server.lines.filter((line) => line.includes("authentication error")).length < 3) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await server.kill();
    server.configure(USERS(GAME_ONLY));
    await server.start();
    await until("connected");
    expect(changes.map(([state]) => state)).toEqual(["disconnected", "connected"]);
  });

  test("what may not be published is said once, and the rest goes on", async () => {
    const server = await startNats({ config: USERS(GAME_ONLY) });
    const { bus, logged } = await openNats(server, { user: "game", pass: "secret" });
    for (let count = 0; count < 3; count++) bus.publish("elsewhere", text("no"));
    await bus.flush();
    const heard = await hear(bus, "game.a");
    bus.publish("game.a", text("yes"));
    await heard.until(1);
    const errors = logged.filter((line) => line.startsWith("error"));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/Permissions Violation for Publish to "elsewhere"/);
  });

  test("what may not be subscribed to is said, and tried again on the next connection", async () => {
    const server = await startNats({ config: USERS(GAME_ONLY) });
    const { bus, logged, until } = await openNats(server, { user: "game", pass: "secret" });
    const heard = await hear(bus, "elsewhere");
    expect(logged.join("\n")).toMatch(/error: the broker does not permit to subscribe to "elsewhere"/);
    server.configure(USERS('{ publish: [">"], subscribe: [">"] }'));
    await server.kill();
    await until("disconnected");
    await server.start();
    await until("connected");
    bus.publish("elsewhere", text("now"));
    await heard.until(1);
    expect(heard.texts).toEqual(["now"]);
  });

  test("it is said once for each subject, and of so many at most", async () => {
    const server = await startNats({ config: USERS(GAME_ONLY) });
    const { bus, logged } = await openNats(server, { user: "game", pass: "secret" });
    const refused = (): string[] => logged.filter((line) => line.includes("does not permit"));
    for (let times = 0; times < 3; times++) await hear(bus, "elsewhere");
    expect(refused()).toHaveLength(1);
    for (let number = 0; number < 40; number++) bus.subscribe(`elsewhere.${number}`, () => {});
    await bus.flush();
    expect(logged.filter((line) => line.startsWith("error"))).toHaveLength(32);
  });

  test("over TLS the broker proves who it is, and so does the node where it has to", async () => {
    const server = await startNats({
      config: `tls {
        cert_file: ${JSON.stringify(certFile("server"))}
        key_file: ${JSON.stringify(keyFile("server"))}
        ca_file: ${JSON.stringify(certFile("ca"))}
        verify: true
      }`,
    });
    const client = { caFile: certFile("ca"), certFile: certFile("client"), keyFile: keyFile("client") };
    const servers = `localhost:${server.port}`;
    const { bus } = await openNats(server, { servers, tls: client });
    const heard = await hear(bus, "a");
    bus.publish("a", text("over TLS"));
    await heard.until(1);
    // A node that does not know the authority, and one that has no certificate, which the broker leaves without an answer.
    await expect(
      openNats(server, { servers, tls: { ...client, caFile: certFile("other-ca") } }),
    ).rejects.toThrow(expect.objectContaining({ code: "P3D_ERR_BUS_CONNECT" }));
    await expect(
      openNats(server, { servers, tls: { caFile: client.caFile }, timeout: 1000 }),
    ).rejects.toThrow(expect.objectContaining({ code: "P3D_ERR_BUS_CONNECT" }));
  });

  test("a node that wants TLS does not go on without it", async () => {
    const server = await startNats();
    await expect(openNats(server, { tls: {} })).rejects.toThrow(
      expect.objectContaining({ code: "P3D_ERR_BUS_CONNECT", message: expect.stringContaining("tls") }),
    );
  });

  test("the broker's longest payload holds, also where it becomes shorter", async () => {
    const server = await startNats({ config: "max_payload: 4096" });
    const { bus, logged, until } = await openNats(server);
    const heard = await hear(bus, "a");
    expect(bus.maxPayload).toBe(4096);
    expect(() => bus.publish("a", new Uint8Array(4097))).toThrow(
      expect.objectContaining({ code: "P3D_ERR_BUS_PAYLOAD" }),
    );
    await server.kill();
    await until("disconnected");
    bus.publish("a", new Uint8Array(4096));
    bus.publish("a", new Uint8Array(2048));
    server.configure("max_payload: 2048");
    await server.start();
    await until("connected");
    await heard.until(1);
    expect(bus.maxPayload).toBe(2048);
    bus.publish("a", text("after"));
    await heard.until(2);
    expect(heard.payloads.map(({ length }) => length)).toEqual([2048, 5]);
    expect(logged.join("\n")).toContain("error: 1 publications that were kept are lost");
  });

  test("the broker shows the node's name", async () => {
    const server = await startNats({ config: "debug: true\ntrace: true" });
    const { bus } = await open(natsBus({ servers: server.url }), "node-of-this-test");
    await bus.flush();
    expect(server.lines.join("\n")).toContain('"name":"node-of-this-test"');
  });
});

test("an option that is wrong is said at once", () => {
  for (const [options, key] of [
    [{ offline: "drop" as "keep" }, "offline"],
    [{ maxKept: 1 }, "maxKept"],
    [{ maxKept: Number.NaN }, "maxKept"],
  ] as const) {
    expect(() => natsBus(options)).toThrow(expect.objectContaining({ code: "P3D_ERR_CONFIG", key }));
  }
});
