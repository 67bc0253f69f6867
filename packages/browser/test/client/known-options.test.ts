import { Client, ConfigError, webSocketConnector } from "@peng3dnet/browser";

/** As JavaScript has them. */
const options = (of: object): object => of;

test("an option that does not exist is refused, and the one that is meant is named", () => {
  expect(() => new Client(options({ adr: "wss://game.example" }))).toThrow(ConfigError);
  expect(() => new Client(options({ adr: "wss://game.example" }))).toThrow('did you mean "addr"?');
  expect(() => new Client(options({ maxheld: 1000 }))).toThrow('did you mean "maxHeld"?');
  expect(() => new Client(options({ path: "/play" }))).toThrow(
    /it has packets, .*, WebSocket, bridge, maxHeld$/,
  );
});

test("those that any client has are known, and those of a browser's", () => {
  const { WebSocket } = globalThis;
  new Client(options({ addr: "ws://127.0.0.1:1/", WebSocket, maxHeld: 1000, reconnect: true, packets: [] }));
});

test("a subclass may have its own", () => {
  class Game extends Client {}
  new Game(options({ addr: "ws://127.0.0.1:1/", maxHeld: 1000, level: 5 }));
});

test("an event that does not exist is refused, too", () => {
  const listen = (event: string) => () => new Client().on(event as "close", () => {});
  expect(listen("closed")).toThrow('a client has no event "closed"; did you mean "close"?');
  expect(listen("message")).toThrow("it has handlerError, connect, handshakecomplete, close");
  expect(listen("close")).not.toThrow();
});

test("webSocketConnector, which other clients use, refuses them as well", () => {
  const connect = (given: object): unknown => webSocketConnector("ws://127.0.0.1:1/", given);
  expect(() => connect({ maxheld: 1000 })).toThrow(
    'webSocketConnector has no option "maxheld"; did you mean "maxHeld"?',
  );
  expect(() => connect({ websocket: undefined, WebSockets: null })).toThrow(ConfigError);
  expect(() => connect({ protocol: "peng3dnet.2" })).toThrow("it has WebSocket, bridge, maxHeld");
  const { WebSocket } = globalThis;
  expect(connect({ WebSocket, bridge: false, maxHeld: 1000 })).toMatchObject({ address: ["127.0.0.1", 1] });
});
