// A getter of a payload, or a codec, runs while a packet is encoded, and may end the connection of just that packet.

import { type Client, type CloseInfo, definePacket, payload, type Server, ValueCodec } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

const Text = definePacket({ name: "test:text", schema: payload<{ text: string }>() });
const packets = [Text];

interface Scene {
  readonly net: TestNetwork;
  readonly server: Server;
  readonly got: string[];
  readonly closes: CloseInfo[];
}

function scene(): Scene {
  const net = new TestNetwork();
  const server = net.server({ packets });
  const got: string[] = [];
  const closes: CloseInfo[] = [];
  server.on(Text, ({ text }) => void got.push(text));
  server.on("close", (_, info) => void closes.push(info));
  return { net, server, got, closes };
}

async function join({ net, server, got }: Scene): Promise<Client> {
  const client = net.client({ packets });
  client.on(Text, ({ text }) => void got.push(text));
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  return client;
}

const calling = (call: () => unknown): { text: string } => ({
  get text() {
    call();
    return "late";
  },
});

const refused = (reason: string): Error =>
  expect.objectContaining({ code: "P3D_ERR_CONNECTION_CLOSED", reason });

test("nothing stands behind the closing packet that a getter has sent", async () => {
  const parts = scene();
  const client = await join(parts);
  client.sendMessage(Text, { text: "before" });
  const late = calling(() => client.close("enough"));
  expect(() => client.sendMessage(Text, late)).toThrow(refused("enough"));
  await client.waitForClose();
  await parts.net.settle();
  expect(parts.got).toEqual(["before"]);
  expect(parts.closes).toEqual([{ reason: "enough", error: undefined, clean: true }]);
  const { packetsOut, bytesOut } = client.metrics;
  expect(parts.server.metrics).toMatchObject({ packetsIn: packetsOut, bytesIn: bytesOut });
});

test("what a getter cuts has nothing accepted and nothing unsent", async () => {
  const parts = scene();
  const client = await join(parts);
  const { packetsOut } = client.metrics;
  expect(() =>
    client.sendMessage(
      Text,
      calling(() => client.stop()),
    ),
  ).toThrow(refused("socketclose"));
  expect(client.metrics).toMatchObject({ packetsOut, unsent: 0 });
  await client.waitForClose();
});

test("a broadcast passes over the client that its getter closes", async () => {
  const parts = scene();
  await join(parts);
  await join(parts);
  const { server } = parts;
  expect(
    server.broadcast(
      Text,
      calling(() => server.closeConnection(1, "kicked")),
    ),
  ).toBe(1);
  await parts.net.settle();
  expect(parts.got).toEqual(["late"]);
});

test("a codec that closes within a close sends one closing packet, and its reason counts", async () => {
  const parts = scene();
  const { net, server } = parts;
  const plain = new ValueCodec();
  let closing = false;
  const codec = {
    decode: (body: Uint8Array) => plain.decode(body),
    encode: (value: unknown) => {
      if (closing) {
        closing = false;
        void client.close("inner");
      }
      return plain.encode(value);
    },
  };
  const client = net.client({ packets, codec });
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  closing = true;
  expect(await client.close("outer")).toMatchObject({ reason: "inner", clean: true });
  await net.settle();
  expect(parts.closes).toMatchObject([{ reason: "inner", clean: true }]);
  expect(server.metrics.packetsIn).toBe(client.metrics.packetsOut);
});
