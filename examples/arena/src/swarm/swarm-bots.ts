// The swarm's own process: many clients that steer by chance, and count what comes.

import { Client, ticker } from "@peng3dnet/browser";
import { WebSocket } from "ws";
import { HZ } from "../shared/motion.js";
import {
  Join,
  Moved,
  News,
  PATH,
  People,
  Positions,
  packets,
  Restarting,
  Scores,
  Sparks,
  Steer,
  You,
} from "../shared/packets.js";

/** What has come since the swarm was told to measure. */
export interface SwarmReport {
  readonly seconds: number;
  /** Steps of the game of which players were told, of all and of the player with fewest in a second. */
  readonly frames: number;
  readonly least: number;
  readonly packets: number;
  readonly bytes: number;
  readonly sent: number;
}

class Swarmer {
  readonly client: Client<(typeof packets)[number]>;
  frames = 0;
  #step = 0;
  #heading = { dx: 0, dy: 0 };

  constructor(url: string) {
    this.client = new Client({ addr: url, packets, WebSocket, resume: true });
    this.client.on(You, () => {
      this.frames++;
    });
    // It plays blindly: what it sees is only counted.
    for (const packet of [Positions, Sparks, People, Scores, News, Moved, Restarting])
      this.client.on(packet, () => {});
  }

  async play(name: string): Promise<void> {
    await this.client.start();
    await this.client.request(Join, { name, room: null, seat: null });
    ticker(this.client, {
      hz: HZ,
      onTick: ({ tick }) => {
        if (!this.client.active) return;
        if (tick % HZ === 1) this.#heading = { dx: Math.random() * 2 - 1, dy: Math.random() * 2 - 1 };
        this.client.sendMessage(Steer, { step: ++this.#step, ...this.#heading, dash: Math.random() < 0.02 });
      },
    });
  }

  get counts() {
    const { packetsIn, bytesIn, bytesOut } = this.client.metrics;
    return { frames: this.frames, packets: packetsIn, bytes: bytesIn, sent: bytesOut };
  }
}

const [url = "", count = "200"] = process.argv.slice(2);
const swarm = Array.from({ length: Number(count) }, () => new Swarmer(url.replace("http:", "ws:") + PATH));
for (const [n, swarmer] of swarm.entries()) await swarmer.play(`Bot ${n + 1}`);
process.send?.(`${swarm.length} players`);

let [begun, before] = [0, swarm.map(({ counts }) => counts)];
process.on("message", (message) => {
  if (message === "measure") {
    begun = performance.now();
    before = swarm.map(({ counts }) => counts);
    return;
  }
  const seconds = (performance.now() - begun) / 1000;
  const more = swarm.map(({ counts }, n) => {
    const { frames = 0, packets: old = 0, bytes = 0, sent = 0 } = before[n] ?? {};
    return {
      frames: counts.frames - frames,
      packets: counts.packets - old,
      bytes: counts.bytes - bytes,
      sent: counts.sent - sent,
    };
  });
  const sum = (of: keyof (typeof more)[number]) => more.reduce((total, counts) => total + counts[of], 0);
  process.send?.({
    seconds,
    frames: sum("frames"),
    least: Math.min(...more.map(({ frames }) => frames)) / seconds,
    packets: sum("packets"),
    bytes: sum("bytes"),
    sent: sum("sent"),
  } satisfies SwarmReport);
});
