import { defineRequest, payload, SIDE_SERVER } from "@peng3dnet/peer";
import { definePacket, NotRegisteredError, type PacketRef } from "@peng3dnet/protocol";
import { TestNetwork } from "../../src/testing.js";

const Say = definePacket({ name: "late:say" });
const Late = definePacket({ name: "late:late" });
const Later = definePacket({ name: "late:later" });
const Fixed = definePacket({ name: "late:fixed", id: 900 });
const Asked = defineRequest({
  name: "late:asked",
  request: payload<string>(),
  response: payload<string>(),
  side: SIDE_SERVER,
});

/** A logger that keeps its warnings. */
function keeping() {
  const warnings: string[] = [];
  const ignore = (): void => {};
  return {
    warnings,
    logger: { debug: ignore, info: ignore, warn: (line: string) => void warnings.push(line), error: ignore },
  };
}

async function connected() {
  const net = new TestNetwork();
  const onServer = keeping();
  const onClient = keeping();
  const server = net.server({ packets: [Say], logger: onServer.logger });
  const client = net.client({ packets: [Say], logger: onClient.logger });
  server.on(Say, () => {});
  net.connect(client, server);
  expect([onServer.warnings, onClient.warnings]).toEqual([[], []]);
  await client.waitForConnection();
  return { net, server, client, onServer: onServer.warnings, onClient: onClient.warnings };
}

test("a packet that a server registers when clients are there is warned of, once", async () => {
  const { server, onServer, onClient } = await connected();
  server.on(Say, () => {});
  expect(onServer).toEqual([]);
  server.on(Late, () => {});
  expect(onServer).toEqual([
    expect.stringContaining('"late:late" was registered while there are connections'),
  ]);
  expect(onServer[0]).toContain("in the option packets");
  server.on(Late, () => {});
  server.on(Later, () => {});
  expect(onServer).toHaveLength(1);
  expect(onClient).toEqual([]);
});

test("so is one of a client that is connected", async () => {
  const { client, onServer, onClient } = await connected();
  client.register(Late);
  expect(onClient).toEqual([expect.stringContaining('"late:late" was registered')]);
  expect(onServer).toEqual([]);
});

test("so is a request that is answered too late", async () => {
  const { server, onServer } = await connected();
  server.answer(Asked, (text) => text);
  expect(onServer).toEqual([expect.stringContaining('"late:asked" was registered')]);
});

test("one with a fixed id may come late, since both sides can have it", async () => {
  const { net, server, client, onServer, onClient } = await connected();
  const seen: unknown[] = [];
  server.on(Fixed, (msg) => seen.push(msg));
  client.register(Fixed);
  client.sendMessage(Fixed, 5);
  await net.settle();
  expect(seen).toEqual([5]);
  expect([onServer, onClient]).toEqual([[], []]);
});

test("nobody is warned once all have left", async () => {
  const { net, server, client, onServer } = await connected();
  await client.close();
  await net.settle();
  server.on(Late, () => {});
  expect(onServer).toEqual([]);
});

test("a definition that is not registered is named where it is sent", async () => {
  const { client } = await connected();
  expect(() => client.sendMessage(Late, 5)).toThrow(NotRegisteredError);
  expect(() => client.sendMessage(Late as PacketRef as number, 5)).toThrow('"late:late" is not registered');
});
