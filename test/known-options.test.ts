// Options that do not exist, where something is made that lasts. JavaScript lets them pass, and TypeScript those of an object
// that is not written on the spot.

import { metrics } from "@opentelemetry/api";
import { joinCluster, memoryBus } from "@peng3dnet/cluster";
import {
  Client,
  ConfigError,
  definePacket,
  defineRequest,
  type PacketDefinitionOptions,
  Server,
  type Side,
  type StandardSchemaV1,
  ticker,
} from "@peng3dnet/core";
import { instrument } from "@peng3dnet/telemetry";
import { serveWebSocket, webSocketAcceptor, webSocketConnector } from "@peng3dnet/websocket";

type PacketOptions = PacketDefinitionOptions<string, StandardSchemaV1<unknown, unknown>, Side | null>;

/** As JavaScript has them. */
const none = (of: object): never => of as never;
const server = (): Server => new Server({ addr: "127.0.0.1:0" });
const onTick = (): void => {};

const cases: [what: string, wrong: string, meant: string, make: () => unknown][] = [
  ["definePacket", "schemas", "schema", () => definePacket(none({ name: "a:b", schemas: {} }))],
  ["defineRequest", "respons", "response", () => defineRequest(none({ name: "a:b", respons: {} }))],
  ["ticker", "onTicks", "onTick", () => ticker(server(), none({ hz: 20, onTicks: onTick, onTick }))],
  ["the option resume", "maxdelay", "maxDelay", () => new Client({ resume: none({ maxdelay: 1 }) })],
  ["the option reconnect", "attempt", "attempts", () => new Client({ reconnect: none({ attempt: 1 }) })],
  ["serveWebSocket", "prot", "port", () => serveWebSocket(server(), none({ port: 0, prot: 0 }))],
  ["webSocketAcceptor", "origin", "origins", () => webSocketAcceptor(none({ origin: "*" }))],
  [
    "webSocketConnector",
    "header",
    "headers",
    () => webSocketConnector("ws://game.example", none({ header: {} })),
  ],
  ["joinCluster", "timout", "timeout", () => joinCluster(server(), none({ bus: memoryBus(), timout: 1 }))],
  ["memoryBus", "maxkept", "maxKept", () => memoryBus(none({ maxkept: 1 }))],
  [
    "instrument",
    "attribute",
    "attributes",
    () => instrument(server(), none({ meter: metrics.getMeter("test"), attribute: {} })),
  ],
];

test.each(cases)("%s refuses %s, and names %s", async (what, wrong, meant, make) => {
  const made = (async () => make())();
  await expect(made).rejects.toThrow(ConfigError);
  await expect(made).rejects.toThrow(what);
  await expect(made).rejects.toThrow(`has no option "${wrong}"`);
  await expect(made).rejects.toThrow(`did you mean "${meant}"?`);
});

test("what exists passes, and what has no value", async () => {
  const all: Required<PacketOptions> = {
    name: "a:b",
    schema: undefined,
    side: null,
    state: null,
    mode: null,
    conntype: null,
    minSslsecLevel: undefined,
    invalidAction: "ignore",
    droppable: false,
    id: undefined,
  };
  const packet = definePacket(none({ ...all, schemas: undefined }));
  expect(packet.options).toMatchObject({ invalidAction: "ignore", droppable: false });
  const serving = server();
  await serving.start();
  const web = await serveWebSocket(serving, { port: 0, host: "127.0.0.1", path: "/play", origins: "*" });
  expect(web.address[1]).toBeGreaterThan(0);
  await serving.shutdown();
});
