import { Client, ConfigError } from "@peng3dnet/browser";

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
