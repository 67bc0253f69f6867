// Reads claims about the built packages from standard input and writes those that do not hold, with the reason.

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";

const core = await import("@peng3dnet/core");
const ping = await import("@peng3dnet/ping");

const server = new core.Server();
const client = new core.Client();
const link = { transport: { socket: null }, connection: {} };

/** An instance of each class whose members may be fields. */
const instances = {
  Server: server,
  Client: client,
  ClientOnServer: new core.ClientOnServer(server, link, ["127.0.0.1", 1], 1),
  ConnectionType: new core.ClassicConnectionType(server),
  Packet: new core.Packet(server.registry, server, 1),
  SmartPacket: new core.SmartPacket(server.registry, server),
  BaseRegistry: new core.BaseRegistry(),
  PacketRegistry: new core.PacketRegistry(),
  PingConnectionType: ping.PingConnectionType && new ping.PingConnectionType(server),
  PingableServerMixin: ping.PingableServerMixin && new (ping.PingableServerMixin(core.Server))(),
  PingableClientMixin: ping.PingableClientMixin && new (ping.PingableClientMixin(core.Client))(),
};

function named(name) {
  const value = core[name] ?? ping[name];
  assert(value !== undefined, `no package exports ${name}`);
  return value;
}

function reasons() {
  return Object.values(core)
    .filter((value) => typeof value === "function" && value.prototype instanceof core.Peng3dnetError)
    .map((type) => {
      try {
        return new type("", "", "").closeReason;
      } catch {
        return undefined;
      }
    });
}

const checks = {
  module: (name) => import(name),
  export: (name) => named(name),
  class: (name) => assert.equal(typeof named(name), "function"),
  exception: (name) => assert(named(name).prototype instanceof Error, "not an error class"),
  function: (name) => assert.equal(typeof named(name), "function"),
  constant: (name, value) => assert.deepEqual(named(name), value),
  config(key, value) {
    assert(Object.hasOwn(core.DEFAULT_CONFIG, key), "unknown key");
    assert.deepEqual(core.DEFAULT_CONFIG[key], value);
  },
  method: (owner, name) => assert.equal(typeof instances[owner]?.[name], "function", "no such method"),
  property(owner, name) {
    assert(instances[owner] !== undefined && name in instances[owner], "no such property");
  },
  value: (owner, name, value) => assert.deepEqual(instances[owner]?.[name], value),
  hook(owner, prefix) {
    let called = 0;
    const method = `${prefix}of_the_test`;
    const type = class extends core[owner] {
      [method]() {
        called++;
      }
    };
    new type().initialize();
    assert.equal(called, 1, "initialize does not call the hook");
  },
  reason(reason) {
    const servers = [core.Server, Object.getPrototypeOf(core.Server)];
    const shutdown =
      reason === "servershutdown" && servers.some((type) => type.toString().includes(`"${reason}"`));
    assert(shutdown || reasons().includes(reason), "no error has this close reason");
  },
};

const problems = [];
for (const { row, check, args } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    await checks[check](...args);
  } catch (error) {
    problems.push(`${row}: ${check} ${args.join(" ")}: ${error.message}`);
  }
}
process.stdout.write(JSON.stringify(problems));
