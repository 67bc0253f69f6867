// Packets whose payloads are checked by schema libraries as people use them: zod, valibot and arktype.

import {
  type CloseInfo,
  definePacket,
  InvalidPayloadError,
  type PacketInput,
  type PacketOutput,
  SIDE_SERVER,
} from "@peng3dnet/peer";
import { closedWith, TestNetwork } from "@peng3dnet/peer/testing";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";

/** The same packet in each library: a name that is trimmed, a position, and a colour that may be left out. */
const zod = definePacket({
  name: "game:join",
  side: SIDE_SERVER,
  schema: z.object({
    name: z.string().trim().min(1),
    at: z.array(z.number()).length(2),
    colour: z.string().default("red"),
  }),
});
const valibot = definePacket({
  name: "game:join",
  side: SIDE_SERVER,
  schema: v.object({
    name: v.pipe(v.string(), v.trim(), v.minLength(1)),
    at: v.pipe(v.array(v.number()), v.length(2)),
    colour: v.optional(v.string(), "red"),
  }),
});
const arktype = definePacket({
  name: "game:join",
  side: SIDE_SERVER,
  schema: type({ name: "string.trim", at: "number[] == 2", colour: "string = 'red'" }),
});

/** What a handler gets, and what a sender gives: each library has to come to these types. */
type Joined = { name: string; at: number[]; colour: string };
type Join = { name: string; at: number[]; colour?: string | undefined };
const outputs: [(out: PacketOutput<typeof zod>) => Joined, (out: PacketOutput<typeof valibot>) => Joined] = [
  (out) => out,
  (out) => out,
];
const arktypeOutput = (out: PacketOutput<typeof arktype>): Joined => out;

describe.each([
  ["zod", zod],
  ["valibot", valibot],
  ["arktype", arktype],
] as const)("a schema of %s", (vendor, definition) => {
  const Definition = definition as typeof zod;

  async function linked(invalidAction: "ignore" | "close" = "ignore") {
    const logged: string[] = [];
    const logger = { debug: (line: string) => logged.push(line), info() {}, warn() {}, error() {} };
    const Join = definePacket({ ...Definition.options, invalidAction }) as typeof zod;
    const net = new TestNetwork();
    const server = net.server({ packets: [Join], logger });
    const client = net.client({ packets: [Join], validateSent: false });
    const joined: Joined[] = [];
    server.on(Join, (msg) => {
      joined.push(msg);
    });
    const closed = new Promise<CloseInfo>((resolve) => server.on("close", (_client, info) => resolve(info)));
    net.connect(client, server);
    await client.waitForConnection();
    return { net, server, client, joined, logged, closed, Join };
  }

  test("is known by its vendor and gives the declared types", () => {
    expect(Definition.options.schema?.["~standard"].vendor).toBe(vendor);
    expect([...outputs, arktypeOutput]).toHaveLength(3);
    const join: Join = { name: "Ada", at: [1, 2] };
    const inputs: [PacketInput<typeof zod>, PacketInput<typeof valibot>, PacketInput<typeof arktype>] = [
      { ...join, colour: "blue" },
      { ...join, colour: "blue" },
      { ...join, colour: "blue" },
    ];
    expect(inputs).toHaveLength(3);
  });

  test("gives handlers what it made of a payload", async () => {
    const { net, client, joined, Join } = await linked();
    client.sendMessage(Join, { name: "  Ada ", at: [1, 2] });
    await net.settle();
    expect(joined).toEqual([{ name: "Ada", at: [1, 2], colour: "red" }]);
  });

  test("names the path of what does not fit", async () => {
    const { net, client, joined, logged, Join } = await linked();
    client.sendMessage(Join, { name: "Ada", at: [1, "2"] } as never);
    await net.settle();
    expect(joined).toEqual([]);
    expect(logged.join("\n")).toContain('the payload of "game:join" does not fit its schema: at.1: ');
  });

  test("closes with invalidpayload where declared so", async () => {
    const { client, closed, Join } = await linked("close");
    client.sendMessage(Join, { at: [1, 2] } as never);
    const code = "P3D_ERR_INVALID_PAYLOAD";
    expect(closedWith(await closed, { reason: "invalidpayload", code })).toBeUndefined();
    expect((await closed).error).toBeInstanceOf(InvalidPayloadError);
    await client.waitForClose();
  });
});
