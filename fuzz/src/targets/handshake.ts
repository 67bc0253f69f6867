import { Client, type CloseInfo, Packet, Server, silentLogger } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { concat, hex } from "../bytes.js";
import type { Corpus } from "../corpus.js";
import { expectThat, Finding } from "../finding.js";
import { mutate } from "../mutate.js";
import type { Random } from "../random.js";
import type { Target } from "../target.js";
import { HandTransport } from "./memory-peer.js";
import { expectClosed, failuresOf } from "./watch.js";
import { ACCEPT, BACK, goodPacket, HELLO, handshakeWith, oddPacket, SETTYPE } from "./wire.js";

const REGISTRY = { "fuzz:a": 64 };

/** What a peer may say in place of a handshake. `proper` is the handshake itself. */
function script(random: Random, corpus: Corpus, proper: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const step = (): Uint8Array => {
    switch (random.below(4)) {
      case 0:
        return goodPacket(random, REGISTRY);
      case 1:
        return oddPacket(random);
      case 2:
        return mutate(random, random.pick(proper), random.pick(corpus.packets));
      default:
        return random.pick(corpus.packets);
    }
  };
  for (const packet of proper) {
    if (random.oneIn(4)) parts.push(step());
    if (!random.oneIn(6)) parts.push(packet);
  }
  for (let left = random.below(3); left > 0; left--) parts.push(step());
  return concat(parts);
}

function play(random: Random, transport: HandTransport, stream: Uint8Array): void {
  const longest = 1 + random.below(random.oneIn(3) ? 5 : 300);
  for (let at = 0; at < stream.length && !transport.over; ) {
    const size = 1 + random.below(longest);
    transport.feed(stream.subarray(at, at + size));
    at += size;
  }
  transport.leave(random.oneIn(2));
}

/** Handshakes in which anything may come at any place, towards a server and towards a client. */
export function handshakeTarget(corpus: Corpus): Target {
  // One that stands still: were the machine busy meanwhile, input would wait for the next turn of the event loop.
  const clock = new ManualClock();
  const server = new Server({ clock, logger: silentLogger });
  server.registerPacket("fuzz:a", new Packet(server.registry, server));
  server.initialize();
  server.processAsync();
  const failures = failuresOf(server);
  const closes: CloseInfo[] = [];
  server.on("close", (_client, info) => closes.push(info));

  const checkFailures = (list: Error[], input: () => string): void => {
    const [failure] = list.splice(0);
    if (failure !== undefined) throw new Finding(`a handler's error: ${input()}`, { cause: failure });
  };

  const towardsServer = (random: Random): void => {
    const stream = script(random, corpus, random.oneIn(8) ? [BACK] : [SETTYPE, ACCEPT]);
    const input = (): string => `towards a server: ${hex(stream)}`;
    const transport = new HandTransport(random.oneIn(2));
    closes.length = 0;
    server.accept(transport);
    play(random, transport, stream);
    checkFailures(failures, input);
    expectClosed(closes, input);
    expectThat(server.clients.size === 0, () => `still there: ${input()}`);
  };

  const towardsClient = (random: Random): void => {
    const stream = script(random, corpus, [HELLO, handshakeWith(REGISTRY)]);
    const input = (): string => `towards a client: ${hex(stream)}`;
    const client = new Client({ clock, logger: silentLogger });
    client.registerPacket("fuzz:a", new Packet(client.registry, client));
    client.initialize();
    client.processAsync();
    const clientFailures = failuresOf(client);
    const clientCloses: CloseInfo[] = [];
    client.on("close", (info) => clientCloses.push(info));
    const transport = new HandTransport(random.oneIn(2));
    client.attach(transport);
    play(random, transport, stream);
    checkFailures(clientFailures, input);
    expectClosed(clientCloses, input);
  };

  return {
    name: "handshake",
    weight: 2,
    run(random: Random): void {
      if (random.oneIn(3)) towardsClient(random);
      else towardsServer(random);
      expectThat(clock.timers === 0, () => `${clock.timers} timers are left`);
    },
  };
}
