import { Client, HandshakePacket, Packet, PacketRegistry, registerInternalPackets } from "@peng3dnet/core";
import { expectPeerFault, expectThat } from "../finding.js";
import type { Random } from "../random.js";
import type { Target } from "../target.js";
import { oddRegistry } from "./wire.js";

const NAMES = ["fuzz:a", "fuzz:b", "fuzz:c"];

/** Registries from a server: taken over whole, or refused whole. */
export function registryTarget(): Target {
  return {
    name: "registry",
    weight: 2,
    run(random: Random): void {
      let accepted = 0;
      const strict = random.oneIn(2);
      const peer = new Client();
      const registry = new PacketRegistry();
      registerInternalPackets(registry, peer);
      for (const name of NAMES) {
        const free = random.oneIn(3) ? 60 + random.below(8) : undefined;
        const id = free !== undefined && !registry.has(free) ? free : undefined;
        registry.register(new Packet(registry, peer), name, id);
      }
      // What the packet asks of its connection, and no more.
      const connection = {
        peer: { registry },
        expect() {},
        registrySync: { strict, maxNames: 12, maxNameLength: 256 },
        sendAccept: () => accepted++,
      };
      const owner = Object.assign(Object.create(peer) as Client, { getConnection: () => connection });
      const before = JSON.stringify(registry.toMap());
      const received = oddRegistry(random);
      const input = (): string => `${JSON.stringify(received)} into ${before}, strict: ${strict}`;
      try {
        new HandshakePacket(registry, owner)._receive(
          { version: "", protoversion: 2, registry: received },
          null,
        );
      } catch (error) {
        expectPeerFault(error, input);
        expectThat(JSON.stringify(registry.toMap()) === before, () => `refused, but changed: ${input()}`);
        return;
      }
      expectThat(accepted === 1, () => `not accepted: ${input()}`);
      const ids = new Set<number>();
      for (const { name, id, obj } of registry.entries()) {
        expectThat(!ids.has(id), () => `two names have the id ${id}: ${input()}`);
        ids.add(id);
        expectThat(registry.findId(id)?.name === name, () => `${id} is not ${name}: ${input()}`);
        expectThat(registry.getID(obj) === id, () => `${name} is not ${id}: ${input()}`);
        const given = Object.hasOwn(received, name) ? received[name] : undefined;
        expectThat(given === undefined || given === id, () => `${name} has the id ${id}: ${input()}`);
      }
    },
  };
}
