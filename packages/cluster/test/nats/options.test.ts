// Options of natsBus that do not exist. Those of the client library that the type does not name are handed on.

import { natsBus } from "@peng3dnet/cluster";

test.each([
  [{ server: "127.0.0.1:4222" }, "server", "servers"],
  [{ Token: "secret" }, "Token", "token"],
  [{ maxReconnectAttempt: 3 }, "maxReconnectAttempt", "maxReconnectAttempts"],
  [{ maxkept: 10 }, "maxkept", "maxKept"],
])("%j is refused, and the one that is meant is named", (options, wrong, meant) => {
  expect(() => natsBus(options as never)).toThrow(
    `natsBus has no option "${wrong}"; did you mean "${meant}"?`,
  );
});

test("so is a mistyped one of tls", () => {
  expect(() => natsBus({ tls: { caFiles: "ca.pem" } as never })).toThrow(
    'the option tls has no option "caFiles"; did you mean "caFile"?',
  );
});

test("what the client library has beside them passes, and so does none at all", () => {
  const others = {
    inboxPrefix: "_GAME",
    noAsyncTraces: true,
    noEcho: true,
    pedantic: true,
    port: 4222,
    reconnectToServer: () => undefined,
    verbose: true,
  };
  expect(natsBus(others as never)).toEqual({ connect: expect.any(Function) });
  expect(natsBus({ tls: null, servers: undefined })).toEqual({ connect: expect.any(Function) });
  expect(natsBus()).toEqual({ connect: expect.any(Function) });
});

test.each<[unknown, RegExp]>([
  [[], /at least one/],
  ["", /at least one/],
  [["127.0.0.1:4222", 5], /at least one/],
  ["nats://game:secret@127.0.0.1:4222", /options "user" and "pass"/],
])("%j names no broker, and is refused with what to do", (servers, message) => {
  expect(() => natsBus({ servers: servers as never })).toThrow(
    expect.objectContaining({
      code: "P3D_ERR_CONFIG",
      key: "servers",
      message: expect.stringMatching(message) as string,
    }),
  );
});

test.each([null, "127.0.0.1:4222"])("%j is no object of options", (options) => {
  expect(() => natsBus(options as never)).toThrow(TypeError);
});
