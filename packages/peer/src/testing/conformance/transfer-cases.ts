import { type CaseDraft, eachWay } from "./case.js";
import { turn } from "./scene.js";

const LOT = 300_000;

/** Order, pause and resume, back-pressure, buffers. */
export const transferCases: readonly CaseDraft[] = [
  ...eachWay("bytes arrive in order, whatever the sizes of writes", async (scene, from) => {
    await scene.send(from, LOT);
    await scene.send(from, 500, 3);
    await scene.arrived(from);
    await scene.endBoth();
  }),

  {
    name: "both ends send at once",
    run: async (scene) => {
      await scene.open();
      const [server, client] = [scene.end("server"), scene.end("client")];
      await Promise.all([scene.send(server, LOT), scene.send(client, LOT)]);
      await Promise.all([scene.arrived(server), scene.arrived(client)]);
      await scene.endBoth();
    },
  },

  {
    name: "what the server says first, as soon as it is ready, reaches the client",
    run: async (scene) => {
      await scene.open({
        server: (end) => {
          end.on.ready = () => end.write(100);
          end.start();
        },
      });
      await scene.arrived(scene.end("server"));
      await scene.endBoth();
    },
  },

  ...eachWay("an answer within data", async (scene, from, to) => {
    to.on.data = () => {
      if (!to.busy) to.write(3);
    };
    await scene.send(from, 1000, 10);
    await scene.arrived(from);
    await scene.arrived(to);
    await scene.endBoth();
  }),

  ...eachWay("nothing is told while paused, and nothing is lost", async (scene, from, to) => {
    to.pause();
    await scene.send(from, 20_000);
    await scene.barrier(to);
    to.pause();
    to.resume();
    await scene.arrived(from);
    await scene.endBoth();
  }),

  ...eachWay("pause within data, and resume later, again and again", async (scene, from, to) => {
    let pauses = 0;
    to.on.data = () => {
      to.pause();
      pauses++;
      // Now and then at once.
      if (pauses % 3 === 0) to.resume();
      else void turn().then(() => to.resume());
    };
    await scene.send(from, LOT);
    await scene.arrived(from);
    await turn();
    await scene.endBoth();
  }),

  ...eachWay("an end whose data is held back is told after it", async (scene, from, to) => {
    to.pause();
    await scene.send(from, 20_000);
    from.end();
    await scene.barrier(to);
    to.resume();
    await scene.until(() => to.hasEnded, "the end of the stream to be told");
    await scene.endBoth();
  }),

  ...eachWay(
    "a peer that does not read makes it busy; drained follows, once",
    async (scene, from, to) => {
      to.pause();
      await scene.fill(from);
      const { drains } = from;
      to.on.data = () => from.checkBacklog();
      to.resume();
      await scene.until(() => !from.busy, `the ${from.role}'s transport to tell drained`);
      await scene.arrived(from);
      await scene.barrier(to);
      if (from.drains !== drains + 1)
        from.fault(`told drained ${from.drains - drains} times after one write`);
      from.checkBacklog();
      await scene.endBoth();
    },
    "to",
  ),

  ...eachWay(
    "writing on within drained",
    async (scene, from, to) => {
      to.pause();
      await scene.fill(from);
      let more = 20;
      from.on.drained = () => {
        while (!from.busy && more-- > 0) from.write(50_000);
      };
      to.resume();
      await scene.until(() => more <= 0 && !from.busy, `the ${from.role}'s transport to take everything`);
      await scene.arrived(from);
      await scene.endBoth();
    },
    "to",
  ),

  ...eachWay("read targets are filled from their beginning, or left alone", async (scene, from, to) => {
    // As a decoder does for a long packet: the same array, as long as there is room in it.
    let buffer = new Uint8Array(100_000);
    let filled = 0;
    let asked = 0;
    to.on.readTarget = () => (asked++ % 4 === 0 ? undefined : buffer.subarray(filled));
    to.on.data = (chunk) => {
      if (chunk.buffer === buffer.buffer) filled += chunk.length;
      if (buffer.length - filled < 5000) {
        buffer = new Uint8Array(100_000);
        filled = 0;
      }
    };
    await scene.send(from, LOT);
    await scene.arrived(from);
    await scene.endBoth();
  }),

  ...eachWay(
    "chunks stay as they were told, unless it says that they are reused",
    async (scene, from, to) => {
      for (let round = 0; round < 50; round++) {
        // Of many lengths, since long ones may be treated otherwise.
        await scene.send(from, 1000 + 500 * round);
        await scene.arrived(from);
        to.checkKeptChunks();
      }
      await scene.endBoth();
    },
  ),
];
