// Several nodes: rooms of two processes, over a real nats-server.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, Server } from "@peng3dnet/core";
import { Chromium } from "@peng3dnet-internal/chromium";
import { NatsServer } from "@peng3dnet-internal/nats-server";
import { describeWithChromium } from "../../../packages/browser/test/chromium/support/in-chromium.js";
import { describeWithNats } from "../../../packages/cluster/test/support/with-nats.js";
import { endAll, start } from "../../cli/test/support/spawned.js";
import type { ArenaServer } from "../src/server/areas.js";
import { type Arena, startArena } from "../src/server/arena.js";
import { joinNodes } from "../src/server/nodes.js";
import { News, type NewsItem, packets } from "../src/shared/packets.js";
import { ping, play } from "./support/player.js";

// Starting programs and a browser takes a while on a busy machine.
jest.setTimeout(120_000);

let nats: NatsServer;
const folder = mkdtempSync(join(tmpdir(), "arena-"));
const seats = join(folder, "seats.json");
afterAll(() => rmSync(folder, { recursive: true }));

/** Resolves once a node knows another one. */
async function knows(url: string, other: string): Promise<void> {
  while (!(await ping(url)).nodes.includes(other));
}

describeWithNats("nodes of the arena", () => {
  beforeAll(async () => {
    nats = await NatsServer.start();
  });
  afterEach(endAll);
  afterAll(() => nats?.dispose());

  test("two processes know each other, and have rooms of their own; r restarts one after the other", async () => {
    const program = start(
      "arena",
      "main",
      "127.0.0.1:0",
      "--nats",
      nats.url,
      "--nodes",
      "2",
      "--seats",
      seats,
    );
    const [, one = ""] = await program.printed(/node 1: Open (http:\S+) in a browser/);
    const [, two = ""] = await program.printed(/node 2: Open (http:\S+) in a browser/);
    await Promise.all([knows(one, two), knows(two, one)]);
    const policy = (await fetch(one)).headers.get("content-security-policy");
    expect(policy).toContain(`connect-src 'self' ${two.replace("http:", "ws:")};`);

    const [nora, otto] = [await play(one), await play(two)];
    for (const url of [one, two])
      expect((await ping(url)).rooms).toEqual([{ name: expect.any(String), people: 1, bots: 11 }]);
    const closed = [nora.client.waitForClose(), otto.client.waitForClose()];
    program.write("r\n");
    await program.printed(/node 1: Back again\.\n[\s\S]*node 2: Restarting\.\n[\s\S]*node 2: Back again\.\n/);
    for (const { reason } of await Promise.all(closed)) expect(reason).toBe("servershutdown");
    expect((await play(two, otto.answer.seat)).answer.again).toBe(true);

    await program.kill("SIGINT");
    const { code, stdout, stderr } = await program.ended;
    expect([code, stdout, stderr]).toEqual([
      0,
      expect.stringMatching(/node 2: Stopped\.\n[\s\S]*Stopped\.\n$/),
      "",
    ]);
  });

  test("who has won is told to the players of the other nodes, but not to those of the room", async () => {
    async function begin(port: number) {
      const server: ArenaServer = new Server({ addr: ["127.0.0.1", 0], packets });
      const nodes = await joinNodes(server, new URL(`http://127.0.0.1:${port}`), nats.url);
      await server.start();
      const client = new Client({ addr: server.addr, packets });
      const news: NewsItem[] = [];
      client.on(News, (item) => void news.push(item));
      const entered = new Promise((resolve) => server.on("handshakecomplete", resolve));
      await client.start();
      await entered;
      return { server, nodes, client, news };
    }
    const [one, two] = [await begin(1), await begin(2)];
    while (one.nodes.urls().length === 0) await new Promise(setImmediate);
    expect(one.nodes.urls()).toEqual(["http://127.0.0.1:2"]);
    const room = one.server.group("room Amber");
    for (const client of one.server.clients.values()) room.add(client);
    const item = { what: "champion", name: "Nora", room: "Amber", sparks: 34 } as const;
    // The first node learns a moment later that somebody at the second one wants to hear.
    while (two.news.length === 0) {
      one.nodes.tell(item, room);
      await new Promise(setImmediate);
    }
    expect(two.news[0]).toEqual(item);
    await one.client.flush();
    expect(one.news).toEqual([]);
    await one.server.shutdown();
    await two.server.shutdown();
  });

  test("a nats-server that is not there is told in one line", async () => {
    const program = start("arena", "main", "127.0.0.1:0", "--nats", "127.0.0.1:1");
    const { code, stderr } = await program.ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^arena: no connection to NATS at 127.0.0.1:1: [^\n]*\n$/),
    ]);
  });

  test("a node that cannot start ends the others", async () => {
    const alone = start("arena", "main", "127.0.0.1:0", "--seats", seats);
    const [, host = ""] = await alone.printed(/Open http:\/\/(\S+) in a browser/);
    const { code, stderr } = await start("arena", "main", host, "--nats", nats.url, "--nodes", "2").ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^(?:arena: [^\n]*EADDRINUSE[^\n]*\n)+arena: a node has ended/);
  });

  test("what makes no sense is refused", async () => {
    const ask = async (...args: string[]) => (await start("arena", "main", ...args).ended).stderr;
    expect(await ask("--nodes", "2")).toMatch(/^arena: --nodes needs --nats/);
    expect(await ask("--nats", nats.url, "--nodes", "two")).toMatch(/^arena: --nodes is a number/);
    expect(await ask("0.0.0.0:0", "--nats", nats.url)).toMatch(/^arena: with --nats, say at which address/);
  });

  describeWithChromium("a page", () => {
    let chromium: Chromium;
    const arenas: Arena[] = [];
    beforeAll(async () => {
      chromium = await Chromium.launch();
    });
    afterEach(async () => {
      for (const arena of arenas.splice(0)) await arena.stop();
    });
    afterAll(() => chromium?.close());

    test("of one node lists the rooms of both, plays at the other one, and goes on there when it is loaded anew", async () => {
      const begin = () => startArena({ addr: ["127.0.0.1", 0], nats: nats.url });
      const [here, there] = [await begin(), await begin()];
      arenas.push(here, there);
      await knows(here.url, there.url);
      const tab = await chromium.openSite(here.url);
      const until = async (expression: string): Promise<void> => {
        while ((await tab.evaluate(expression)) !== true);
      };
      await until(`document.querySelectorAll("#rooms input").length === 3`);
      const { port } = new URL(there.url);
      const rows = String(await tab.evaluate(`document.getElementById("rooms").innerText`));
      expect(rows).toMatch(new RegExp(`Amber \\(:${port}\\)\\s+0 people, 12 bots, \\d+\\.\\d ms away`));
      await tab.evaluate(`
        globalThis.problems = [];
        addEventListener("securitypolicyviolation", ({ violatedDirective }) => problems.push(violatedDirective));
        [...document.querySelectorAll("#rooms label")].find((label) => label.textContent.includes(":${port}")).click();
        document.querySelector("#join button").click();
      `);
      await until(`document.body.dataset.state === "playing"`);
      expect(there.lobby.rooms).toEqual([{ name: "Amber", people: 1, bots: 11 }]);
      expect(here.lobby.rooms).toEqual([{ name: "Amber", people: 0, bots: 12 }]);
      expect(await tab.evaluate("problems")).toEqual([]);
      await tab.load(here.url);
      await until(`document.getElementById("banner").textContent === "Back, with all you had"`);
      expect(there.lobby.rooms).toEqual([{ name: "Amber", people: 1, bots: 11 }]);
    });
  });
});
