// Two pages in a real Chromium play; one loses its network, and the server is started again.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server } from "@peng3dnet/core";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { Chromium, type ChromiumTab } from "@peng3dnet-internal/chromium";
import { describeWithChromium } from "../../../packages/browser/test/chromium/support/in-chromium.js";
import { blackHole } from "../../../packages/core/test/support/black-hole.js";
import { type Arena, startArena } from "../src/server/arena.js";
import type { Player } from "../src/server/player.js";
import { PATH } from "../src/shared/packets.js";

jest.setTimeout(120_000);

type Tab = ChromiumTab<Record<never, never>>;

const OFFLINE_SECONDS = 5;

/** Resolves once an expression is true in the page. */
async function until(tab: Tab, expression: string): Promise<void> {
  while ((await tab.evaluate(expression)) !== true);
}

const state = (name: string) => `document.body.dataset.state === ${JSON.stringify(name)}`;
/** From now on, a page remembers what its banner said: that may be gone again when it is looked for. */
const listen = (tab: Tab) =>
  tab.evaluate(`
    globalThis.said = [];
    const banner = document.getElementById("banner");
    new MutationObserver(() => said.push(banner.textContent)).observe(banner, { childList: true, characterData: true, subtree: true });
  `);
/** Waits until the banner has said something. */
const heard = (tab: Tab, what: RegExp) => until(tab, `said.some((text) => ${what}.test(text))`);
const text = (tab: Tab, id: string) => tab.evaluate(`document.getElementById("${id}").textContent`);

describeWithChromium("the arena", () => {
  const folder = mkdtempSync(join(tmpdir(), "arena-"));
  const seats = join(folder, "seats.json");
  let chromium: Chromium;
  let arena: Arena | undefined;
  beforeAll(async () => {
    chromium = await Chromium.launch();
  });
  afterEach(async () => {
    await arena?.stop();
    arena = undefined;
  });
  afterAll(async () => {
    await chromium?.close();
    rmSync(folder, { recursive: true });
  });

  function playerCalled(name: string): Player {
    for (const { players } of arena?.lobby.all ?? [])
      for (const player of players.values()) if (player.name === name) return player;
    throw new Error(`nobody is called ${name}`);
  }

  /** Opens the page, and plays under a name. */
  async function play(url: string, name: string): Promise<Tab> {
    const tab = await chromium.openSite(url);
    await until(tab, state("lobby"));
    await tab.evaluate(`
      globalThis.problems = [];
      addEventListener("error", ({ message }) => problems.push(message));
      addEventListener("unhandledrejection", ({ reason }) => problems.push(String(reason)));
      addEventListener("securitypolicyviolation", ({ violatedDirective }) => problems.push(violatedDirective));
      document.getElementById("name").value = ${JSON.stringify(name)};
      document.querySelector("#join button").click();
    `);
    await until(tab, state("playing"));
    return tab;
  }

  test("two pages play together; each moves at once, and is where the server says", async () => {
    arena = await startArena({ addr: ["127.0.0.1", 0], seats });
    const [nora, otto] = [await play(arena.url, "Nora"), await play(arena.url, "Otto")];
    expect(arena.lobby.rooms).toEqual([{ name: "Amber", people: 2, bots: 10 }]);
    const before = playerCalled("Nora").body.x;
    const way = before < 1000 ? "ArrowRight" : "ArrowLeft";
    await nora.key("down", way);
    while (Math.abs(playerCalled("Nora").body.x - before) < 60) await nora.evaluate("0");
    await nora.key("up", way);
    const { body } = playerCalled("Nora");
    const place = () => `at ${Math.round(body.x)} ${Math.round(body.y)}.`;
    while (!String(await text(nora, "place")).includes(place()));
    expect(await nora.evaluate("problems")).toEqual([]);
    expect(await otto.evaluate("problems")).toEqual([]);
  });

  test("a mouse and a finger steer and dash, too", async () => {
    arena = await startArena({ addr: ["127.0.0.1", 0], seats });
    const nora = await play(arena.url, "Nora");
    const { body } = playerCalled("Nora");
    const put = () => Object.assign(body, { x: 1000, y: 1000, vx: 0, vy: 0, dash: 0, rest: 0, stun: 0 });
    /** Does something until it has come to something: a bot may come between. */
    const until = async (done: () => boolean, act: () => Promise<unknown>): Promise<void> => {
      while (!done()) await act();
    };
    const nothing = () => nora.evaluate("0");
    await nora.show({ width: 1280, height: 800, dark: true, touch: false });
    while (!String(await text(nora, "place")).includes("at 1000 1000")) put();
    await nora.mouse("Pressed", 1000, 400, "left"); // right of the player, which is in the middle
    await until(() => body.x > 1030, nothing);
    const dashByMouse = async () => {
      await nora.mouse("Pressed", 1000, 400, "right");
      await nora.mouse("Released", 1000, 400, "right");
    };
    await until(() => body.rest > 0, dashByMouse);
    await nora.mouse("Released", 1000, 400, "left");

    await nora.show({ width: 390, height: 844, dark: false, touch: true });
    put();
    const finger = { x: 100, y: 530 };
    await nora.touch("Start", [{ x: 100, y: 600 }]);
    await nora.touch("Move", [finger]); // dragged upwards
    await until(() => body.y < 970, nothing);
    const dashByFinger = async () => {
      await nora.touch("Start", [finger, { x: 300, y: 300 }]);
      await nora.touch("Move", [finger]);
    };
    await until(() => body.rest > 0, dashByFinger);
    await nora.touch("End", []);
    expect(await nora.evaluate("problems")).toEqual([]);
  });

  test("by keyboard: the focus stays on a room while the list changes, and Dash is pressed", async () => {
    arena = await startArena({ addr: ["127.0.0.1", 0], seats });
    const nora = await chromium.openSite(arena.url);
    await nora.show({ width: 390, height: 844, dark: false, touch: true });
    const rooms = "document.getElementById('rooms')";
    await until(nora, `${rooms}.children.length === 2`);
    await nora.evaluate(`(globalThis.radio = ${rooms}.querySelectorAll("input")[1]).click(); radio.focus()`);
    await play(arena.url, "Otto");
    await until(nora, `/Amber1 person, 11 bots/.test(${rooms}.textContent)`);
    expect(await nora.evaluate("document.activeElement === radio && radio.checked")).toBe(true);

    await nora.evaluate(`
      document.getElementById("name").value = "Nora";
      document.querySelector("#join button").click();
    `);
    await until(nora, state("playing"));
    const { body } = playerCalled("Nora");
    await nora.key("down", body.x < 1000 ? "ArrowRight" : "ArrowLeft"); // who stands still does not dash
    // As a key does it, and a screen reader: nothing is put down before.
    while (body.rest === 0) await nora.evaluate("document.getElementById('dash').click()");
  });

  test("who leaves while the line is broken is in the lobby at once", async () => {
    arena = await startArena({ addr: ["127.0.0.1", 0], seats });
    const { hostname, port } = new URL(arena.url);
    const line = await blackHole([hostname, Number(port)]);
    const nora = await play(`http://${line.addr.join(":")}`, "Nora");
    await nora.setOffline(true);
    line.swallow();
    await until(nora, state("suspended"));
    await nora.evaluate(`
      globalThis.waited = 0;
      const clicked = performance.now();
      new MutationObserver(() => { waited = performance.now() - clicked; })
        .observe(document.body, { attributeFilter: ["data-state"] });
      document.getElementById("leave").click();
    `);
    await until(nora, state("lobby"));
    expect(await nora.evaluate("waited")).toBeLessThan(900); // the request would wait for a second
  });

  test("a page without network for five seconds is back in its place; the other one plays on", async () => {
    arena = await startArena({ addr: ["127.0.0.1", 0], seats });
    const { hostname, port } = new URL(arena.url);
    const line = await blackHole([hostname, Number(port)]);
    const nora = await play(`http://${line.addr.join(":")}`, "Nora");
    const otto = await play(arena.url, "Otto");
    const player = playerCalled("Nora");
    const { client } = player;
    player.sparks = 7;

    // On a machine that does much else, the line may be given up once more.
    await nora.evaluate(`
      globalThis.breaks = 0;
      new MutationObserver(() => { if (${state("suspended")}) breaks++; })
        .observe(document.body, { attributeFilter: ["data-state"] });
    `);
    const begin = performance.now();
    await nora.setOffline(true);
    line.swallow();
    await until(nora, state("suspended"));
    expect(await text(nora, "banner")).toBe("Your line is broken. Your place is kept.");
    while (!player.away) await otto.evaluate("0");
    const { x, y } = player.body;
    const { sparks } = player;
    // It may be that long by now, and from 24 on Node warns of a time below 0.
    const left = Math.max(0, OFFLINE_SECONDS * 1000 - (performance.now() - begin));
    await new Promise((resolve) => setTimeout(resolve, left));
    expect(await otto.evaluate(state("playing"))).toBe(true);
    await listen(nora);
    await nora.setOffline(false);

    await until(nora, state("playing"));
    await heard(nora, /^Back in your place after \d+\.\d s$/);
    expect(playerCalled("Nora")).toBe(player);
    expect(player.client).toBe(client);
    expect(player.sparks).toBeGreaterThanOrEqual(Math.ceil((sparks * 2) / 3) - 1);
    expect(Math.hypot(player.body.x - x, player.body.y - y)).toBeLessThan(300);
    // It goes on: what it does is done.
    const from = player.body.x;
    const way = from < 1000 ? "ArrowRight" : "ArrowLeft";
    await nora.key("down", way);
    while (Math.abs(player.body.x - from) < 20) await nora.evaluate("0");
    await nora.key("up", way);
    await until(
      nora,
      `document.getElementById("place").textContent.endsWith("broken " + (breaks === 1 ? "once." : breaks + " times."))`,
    );
    expect(await nora.evaluate("breaks")).toBeGreaterThan(0);
    expect(await nora.evaluate("problems")).toEqual([]);
  });

  test("the server is started again, and both pages are back with what they had", async () => {
    arena = await startArena({ addr: ["127.0.0.1", 0], seats });
    const { port } = new URL(arena.url);
    const tabs = [await play(arena.url, "Nora"), await play(arena.url, "Otto")];
    playerCalled("Nora").wins = 3;
    playerCalled("Otto").wins = 5;
    await arena.stop();
    for (const tab of tabs) {
      await until(tab, state("connecting"));
      await listen(tab);
    }
    arena = await startArena({ addr: ["127.0.0.1", Number(port)], seats });
    for (const tab of tabs) {
      await until(tab, state("playing"));
      await heard(tab, /^Back, with all you had$/);
      expect(await tab.evaluate("problems")).toEqual([]);
    }
    expect([playerCalled("Nora").wins, playerCalled("Otto").wins]).toEqual([3, 5]);
  });

  test("a page of an older game says so, once the server has a newer one", async () => {
    arena = await startArena({ addr: ["127.0.0.1", 0], seats });
    const { port } = new URL(arena.url);
    const nora = await play(arena.url, "Nora");
    await arena.stop();
    await until(nora, state("connecting"));
    // The seconds for which good news stays are over at once.
    await nora.evaluate(`{
      const real = setTimeout;
      globalThis.setTimeout = (call, ms) => real(call, ms === 4000 ? 0 : ms);
    }`);
    const http = createServer();
    const newer = new Server({ acceptor: webSocketAcceptor({ server: http, path: PATH }), packets: [] });
    await newer.start();
    http.listen(Number(port), "127.0.0.1");
    await until(nora, state("lobby"));
    await nora.evaluate("new Promise((resolve) => setTimeout(() => resolve(null)))");
    expect(await text(nora, "banner")).toBe("The game is a newer one. Load the page anew.");
    await newer.shutdown();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });

  test("a page that is loaded anew goes on", async () => {
    arena = await startArena({ addr: ["127.0.0.1", 0], seats });
    const nora = await play(arena.url, "Nora");
    playerCalled("Nora").wins = 4;
    await nora.load(arena.url);
    await until(nora, `${state("playing")} && document.getElementById("banner").textContent !== ""`);
    expect(playerCalled("Nora").wins).toBe(4);
    expect(arena.lobby.rooms).toEqual([{ name: "Amber", people: 1, bots: 11 }]);
  });
});
