import { type Cid, type CloseInfo, Packet, SmartPacket, silentLogger } from "@peng3dnet/core";
import { TestNetwork } from "@peng3dnet/core/testing";
import { concat, frame, hex } from "../bytes.js";
import type { Corpus } from "../corpus.js";
import { expectThat, Finding } from "../finding.js";
import { msgpackValue } from "../generate.js";
import { mutate } from "../mutate.js";
import type { Random } from "../random.js";
import type { Target } from "../target.js";
import { HandTransport } from "./memory-peer.js";
import { expectClosed, failuresOf } from "./watch.js";
import { ACCEPT, CLOSE, oddPacket, SETTYPE } from "./wire.js";

const ECHO_ID = 65;

/** Answers each packet with the same one. */
class Echo extends Packet {
  override receive(msg: unknown, cid: Cid): void {
    if (cid !== null) this.peer.sendMessage("fuzz:echo", msg, cid);
  }
}

function step(random: Random, corpus: Corpus): Uint8Array {
  switch (random.below(8)) {
    case 0:
      return oddPacket(random);
    case 1:
      return mutate(random, random.pick(corpus.packets), random.pick(corpus.packets));
    case 2:
      return mutate(random, frame(ECHO_ID, 0, msgpackValue(random)), random.pick(corpus.packets));
    case 3:
      return random.oneIn(8) ? CLOSE : frame(66, 0, msgpackValue(random));
    default:
      return frame(ECHO_ID, 0, msgpackValue(random));
  }
}

/**
 * Whole sessions of a server: a peer gets through the handshake and then sends anything. Beside it, an honest
 * client goes on exchanging packets.
 */
export async function sessionTarget(corpus: Corpus): Promise<Target> {
  const net = new TestNetwork();
  const server = net.server({ logger: silentLogger });
  server.registerPacket("game:other", new Packet(server.registry, server), 64);
  server.registerPacket("fuzz:echo", new Echo(server.registry, server), ECHO_ID);
  class Smart extends SmartPacket {
    override state = 70;
    override invalidAction = "ignore" as const;
  }
  server.registerPacket("fuzz:smart", new Smart(server.registry, server), 66);
  const failures = failuresOf(server);
  const closes: CloseInfo[] = [];
  server.on("close", (_client, info) => closes.push(info));

  const neighbour = net.client({
    logger: silentLogger,
    cfg: { "net.registry.missingpacketaction": "ignore" },
  });
  const answers: unknown[] = [];
  class Answer extends Packet {
    override receive(msg: unknown): void {
      answers.push(msg);
    }
  }
  neighbour.registerPacket("fuzz:echo", new Answer(neighbour.registry, neighbour));
  net.connect(neighbour, server);
  await neighbour.waitForConnection();
  let asked = 0;
  await net.settle();
  // Those of the neighbour's heartbeats, on both sides.
  const { timers } = net.clock;

  return {
    name: "session",
    weight: 2,
    run(random: Random): void {
      const parts = [SETTYPE, ACCEPT];
      for (let left = 1 + random.below(8); left > 0; left--) parts.push(step(random, corpus));
      const stream = concat(parts);
      const input = (): string => hex(stream, 2048);
      const transport = new HandTransport(random.oneIn(2));
      closes.length = 0;
      server.accept(transport);
      const longest = 1 + random.below(random.oneIn(4) ? 8 : 600);
      for (let at = 0; at < stream.length && !transport.over; ) {
        const size = 1 + random.below(longest);
        transport.feed(stream.subarray(at, at + size));
        at += size;
      }
      transport.leave(random.oneIn(2));
      const [failure] = failures.splice(0);
      if (failure !== undefined) throw new Finding(`a handler's error: ${input()}`, { cause: failure });
      expectClosed(closes, input);
      expectThat(server.clients.size === 1, () => `${server.clients.size - 1} still there: ${input()}`);
    },
    async settle(): Promise<void> {
      answers.length = 0;
      expectThat(neighbour.active, () => "the connection beside it is gone");
      neighbour.sendMessage("fuzz:echo", ++asked);
      await net.settle();
      expectThat(
        answers.length === 1 && answers[0] === asked,
        () => "the connection beside it does not work",
      );
      expectThat(net.clock.timers === timers, () => `${net.clock.timers - timers} timers are left`);
    },
  };
}
