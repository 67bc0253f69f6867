import { Client } from "@peng3dnet/browser";
import { WebSocket } from "ws";
import { endAll, start } from "../../cli/test/support/spawned.js";
import { Questions } from "../src/questions.js";
import { PATH } from "../src/shared.js";

// Starting a program takes a while on a busy machine.
jest.setTimeout(30_000);
afterEach(endAll);

async function startWeb() {
  const program = start("echo", "web", "127.0.0.1:0");
  const [, origin = ""] = await program.printed(/Open (http:\S+) in a browser/);
  return { program, origin };
}

test("the page brings all that it needs, and may run nothing else", async () => {
  const { origin } = await startWeb();
  const page = await fetch(origin);
  expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'; script-src 'self';/);
  const parts = [...(await page.text()).matchAll(/(?:src|href)="([^":]+)"/g)].map(([, part]) => part);
  expect(parts.sort()).toEqual(["main.js", "style.css"]);
  for (const part of parts) expect((await fetch(`${origin}/${part}`)).status).toBe(200);
  expect((await fetch(`${origin}/../package.json`)).status).toBe(404);
});

test("its server echoes over WebSocket, and says who came and went", async () => {
  const { program, origin } = await startWeb();
  const client = new Client({ addr: origin.replace("http:", "ws:") + PATH, WebSocket });
  const questions = new Questions(client);
  await client.start();
  expect(await questions.echo({ text: "Grüße" })).toEqual({ text: "Grüße" });
  expect((await questions.ping()).roundTrip).toBeGreaterThan(0);
  await client.close("userrequest");
  await program.printed(/client 1: connected\nclient 1: closed, userrequest\n/);
});

test("Ctrl+C ends it, with a page that is connected and a request that is kept alive", async () => {
  const { program, origin } = await startWeb();
  await fetch(origin);
  const client = new Client({ addr: origin.replace("http:", "ws:") + PATH, WebSocket });
  new Questions(client); // registers what the server has
  await client.start();
  const closed = client.waitForClose();
  await program.kill("SIGINT");
  expect((await closed).reason).toBe("servershutdown");
  const { code, stdout } = await program.ended;
  expect([code, stdout]).toEqual([0, expect.stringMatching(/Stopped\.\n$/)]);
});
