import {
  AlreadyRegisteredError,
  BaseRegistry,
  FailedPingError,
  InvalidAddressError,
  InvalidHostError,
  InvalidPortError,
  NotRegisteredError,
  normalizeAddrSocketstyle,
  Packet,
  PacketRegistry,
  parseAddress,
  RegistryError,
  TimedOutError,
} from "@peng3dnet/core";
import { pingServer } from "@peng3dnet/ping";
import { freePort } from "../../packages/core/test/support/raw-peer.js";
import { type Checks, makePeers } from "./support.js";

class Item {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A registry with two items. */
function filled() {
  const registry = new BaseRegistry<Item>();
  const [first, second] = [new Item("first"), new Item("second")];
  registry.register(first, "a:first");
  registry.register(second, "a:second", 100);
  return { registry, first, second };
}

/** A look-up that takes all three forms of an item. */
const takesAll = (method: "getAll" | "getID" | "getInt" | "getName" | "getStr" | "getObj") => (): void => {
  const { registry, second } = filled();
  const expected = {
    getAll: [second, 100, "a:second"],
    getID: 100,
    getInt: 100,
    getName: "a:second",
    getStr: "a:second",
    getObj: second,
  };
  for (const form of [second, 100, "a:second"]) expect(registry[method](form)).toEqual(expected[method]);
  expect(() => registry[method]("a:third")).toThrow(NotRegisteredError);
};

export const registry: Checks = {
  "peng3dnet.registry.BaseRegistry(objtype)": () => {
    const items = new BaseRegistry<Item>(Item);
    expect(items.objtype).toBe(Item);
    expect(() => items.register({} as Item, "a:thing")).toThrow(TypeError);
    items.register(new Item("x"), "a:item");
    expect(items.getID("a:item")).toBe(64);
  },
  "peng3dnet.registry.BaseRegistry.objtype": () => {
    const any = new BaseRegistry<object>();
    any.register({}, "a:thing");
    any.register([], "a:list");
    expect(any.getID("a:list")).toBe(65);
    expect(any.objtype).toBe(Object);
  },
  "peng3dnet.registry.BaseRegistry.deleteObj": () => {
    const forms: ((item: Item) => Item | number | string)[] = [(item) => item, () => 100, () => "a:second"];
    for (const form of forms) {
      const { registry: items, first, second } = filled();
      items.deleteObj(form(second));
      for (const gone of [second, 100, "a:second"])
        expect(() => items.getObj(gone)).toThrow(NotRegisteredError);
      expect(items.getObj("a:first")).toBe(first);
    }
  },
  "peng3dnet.registry.BaseRegistry.getAll": takesAll("getAll"),
  "peng3dnet.registry.BaseRegistry.getID": takesAll("getID"),
  "peng3dnet.registry.BaseRegistry.getInt": takesAll("getInt"),
  "peng3dnet.registry.BaseRegistry.getName": takesAll("getName"),
  "peng3dnet.registry.BaseRegistry.getStr": takesAll("getStr"),
  "peng3dnet.registry.BaseRegistry.getObj": takesAll("getObj"),
  "peng3dnet.registry.BaseRegistry.getNewID": () => {
    const items = new BaseRegistry<Item>();
    items.register(new Item("taken"), "a:taken", 65);
    expect([items.getNewID(), items.getNewID()]).toEqual([64, 66]);
    expect(filled().registry.getID("a:first")).toBe(64);
  },
  "peng3dnet.registry.BaseRegistry.registerObject": () => {
    const items = new BaseRegistry<Item>();
    const item = new Item("a:item");
    items.registerObject(item, 70);
    items.registerObject(new Item("a:other"));
    expect(items.getAll("a:item")).toEqual([item, 70, "a:item"]);
    expect(items.getID("a:other")).toBe(64);
  },
  "peng3dnet.registry.PacketRegistry": () => {
    const [server] = makePeers();
    expect(server.registry).toBeInstanceOf(PacketRegistry);
    expect(server.registry).toBeInstanceOf(BaseRegistry);
  },
  "peng3dnet.registry.PacketRegistry.objtype": () => {
    const packets = new PacketRegistry();
    expect(packets.objtype).toBe(Packet);
    expect(() => packets.register({} as Packet, "a:thing")).toThrow(TypeError);
  },
  "peng3dnet.errors.InvalidAddressError": () => {
    expect(() => normalizeAddrSocketstyle(5 as never)).toThrow(InvalidAddressError);
    expect(() => makePeers({ addr: "host:port:more:1" })).toThrow(InvalidAddressError);
  },
  "peng3dnet.errors.InvalidPortError": () => {
    for (const addr of ["127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:x"]) {
      expect(() => parseAddress(addr)).toThrow(InvalidPortError);
      expect(() => parseAddress(addr)).toThrow(InvalidAddressError);
    }
  },
  "peng3dnet.errors.InvalidHostError": () => {
    for (const addr of ["", "a host:1", "1.2.3.400:1"]) {
      expect(() => parseAddress(addr)).toThrow(InvalidHostError);
      expect(() => parseAddress(addr)).toThrow(InvalidAddressError);
    }
  },
  "peng3dnet.errors.TimedOutError": async () => {
    const [server, client] = makePeers();
    await expect(client.waitForClose({ timeout: 0.01 })).rejects.toThrow(TimedOutError);
    await server.start();
    await expect(server.join({ timeout: 0.01 })).rejects.toThrow(TimedOutError);
  },
  "peng3dnet.errors.FailedPingError": async () => {
    const addr = ["127.0.0.1", await freePort()] as const;
    await expect(pingServer({ addr })).rejects.toThrow(FailedPingError);
  },
  "peng3dnet.errors.RegistryError": () => {
    const items = new BaseRegistry<Item>();
    expect(() => items.register(new Item("x"), "")).toThrow(RegistryError);
    expect(() => items.register(new Item("x"), "a:x", -1)).toThrow(RegistryError);
    expect(() => items.getID("a:x")).toThrow(RegistryError);
  },
  "peng3dnet.errors.AlreadyRegisteredError": () => {
    const { registry: items, first } = filled();
    expect(() => items.register(new Item("x"), "a:first")).toThrow(AlreadyRegisteredError);
    expect(() => items.register(new Item("x"), "a:x", 100)).toThrow(AlreadyRegisteredError);
    expect(() => items.register(first, "a:x")).toThrow(AlreadyRegisteredError);
    expect(() => items.register(first, "a:x")).toThrow(RegistryError);
  },
};
