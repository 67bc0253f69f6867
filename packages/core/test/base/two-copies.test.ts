// A program may have two copies of the protocol package, e.g. since two packages depend on different versions. What one
// declares works with the other.

import { Client, InvalidPayloadError, Server } from "@peng3dnet/core";
import { z } from "zod";
import { onCleanup, track } from "../support/cleanup.js";
import { deferred, LOCAL } from "../support/peers.js";

type Protocol = typeof import("@peng3dnet/protocol");

function secondCopy(): Protocol {
  let copy: Protocol | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual<Protocol>("@peng3dnet/protocol");
  });
  return copy as Protocol;
}

const other = secondCopy();
const Note = other.definePacket({ name: "test:note", schema: z.object({ text: z.string() }) });

beforeEach(() => {
  const spy = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
  onCleanup(() => spy.mockRestore());
});

test("they are two", () => {
  expect(Note).not.toBeInstanceOf(jest.requireActual<Protocol>("@peng3dnet/protocol").PacketDefinition);
});

test("definitions are registered, sent, handled and iterated", async () => {
  const server = track(new Server({ addr: LOCAL, packets: [Note] }));
  const got = deferred<unknown>();
  server.on(Note, (note) => got.resolve(note));
  const stream = server.messages(Note);
  await server.start();
  const client = track(new Client({ addr: server.addr }));
  client.register(Note);
  await client.start();
  client.sendMessage(Note, { text: "hello" });
  expect(await got.promise).toEqual({ text: "hello" });
  expect((await stream.next()).value).toMatchObject({ msg: { text: "hello" } });
  expect(() => client.sendMessage(Note, {} as { text: string })).toThrow(InvalidPayloadError);
});

test("packets of its classes are, too, with what they refuse", async () => {
  const received: unknown[] = [];
  const ended = deferred();
  class Text extends other.Packet<string> {
    override receive(text: string): void {
      received.push(text);
      if (text === "end") ended.resolve();
    }
  }
  const server = track(new Server({ addr: LOCAL }));
  server.registerPacket("test:text", new Text(server.registry, server));
  server.registerPacket("test:note", new other.DefinedPacket(server.registry, server, Note));
  await server.start();
  const client = track(new Client({ addr: server.addr, validateSent: false }));
  client.registerPacket("test:text", new Text(client.registry, client));
  client.registerPacket("test:note", new other.DefinedPacket(client.registry, client, Note));
  await client.start();
  client.sendMessage("test:note", 5);
  client.sendMessage("test:text", "end");
  await ended.promise;
  expect(received).toEqual(["end"]);
  expect(server.metrics.rejectedBy).toEqual({ invalidpayload: 1 });
});

test("what its connection types throw ends the connection with its reason", async () => {
  class Refused extends other.ProtocolError {
    readonly code = "P3D_ERR_TEST_REFUSED";
    readonly closeReason = "refusedbytest";
  }
  class Refusing extends other.ClassicConnectionType {
    override init(): void {
      throw new Refused("not today");
    }
  }
  const server = track(new Server({ addr: LOCAL }));
  server.addConnType("refusing", new Refusing(server));
  await server.start();
  const client = track(new Client({ addr: server.addr, conntype: "refusing" }));
  client.addConnType("refusing", new other.ClassicConnectionType(client));
  await expect(client.start()).rejects.toMatchObject({ reason: "refusedbytest" });
});

test("anything else is still refused", () => {
  const server = track(new Server({ addr: LOCAL }));
  expect(() => server.registerPacket("test:odd", { receive() {} } as never)).toThrow(TypeError);
});
