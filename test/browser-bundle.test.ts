// The packages that know no platform are bundled for browsers as they are, without a shim, and work where there is nothing
// of Node.

import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";

const root = join(__dirname, "..");

/** Bundles what a program imports from the built packages, which `npm test` builds first. */
async function bundled(contents: string) {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: "iife",
    globalName: "bundle",
    platform: "browser",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const inputs = Object.entries(metafile.inputs);
  return {
    files: inputs.map(([path]) => path),
    external: inputs.flatMap(([, { imports }]) => imports.filter(({ external }) => external)),
    text: outputFiles.map(({ text }) => text).join("\n"),
  };
}

/** A world with the language and what browsers have of what a bundle may use: no `process`, `Buffer` or `require`. */
function browserLike(console_: { log(text: string): void; warn(text: string): void }) {
  const { AbortController, AbortSignal, queueMicrotask, setTimeout, clearTimeout, performance } = globalThis;
  const { TextEncoder, TextDecoder, Event, EventTarget } = globalThis;
  return createContext({
    console: console_,
    ...{ AbortController, AbortSignal, queueMicrotask, setTimeout, clearTimeout, performance },
    ...{ TextEncoder, TextDecoder, Event, EventTarget },
  });
}

test.each(["protocol", "peer", "peer/testing", "peer/transport", "ping/peer", "peng3d-events", "browser"])(
  "%s is bundled for a browser, has nothing of Node in it, and loads",
  async (name) => {
    const { external, files, text } = await bundled(`export * from "@peng3dnet/${name}";`);
    expect(external).toEqual([]);
    expect(files.filter((file) => /node:|packages\/core\//.test(file))).toEqual([]);
    expect(runInContext(`${text}\nObject.keys(bundle).length`, browserLike(console))).toBeGreaterThan(0);
  },
);

test("core cannot be bundled so: it is Node's half", async () => {
  await expect(bundled(`export * from "@peng3dnet/core";`)).rejects.toThrow("node:");
});

test("a server and a client talk where there is nothing of Node", async () => {
  const { text } = await bundled(`
    import { definePacket, payload } from "@peng3dnet/peer";
    import { TestNetwork } from "@peng3dnet/peer/testing";

    export async function talk() {
      const packets = [definePacket({ name: "demo:text", schema: payload() })];
      const network = new TestNetwork();
      const server = network.server({ packets });
      const client = network.client({ packets });
      server.on(packets[0], (msg, { client: from }) => void from.sendMessage("demo:text", { text: msg.text + "?" }));
      const answer = new Promise((resolve) => client.on(packets[0], (msg) => void resolve(msg.text)));
      network.connect(client, server);
      await client.waitForConnection();
      client.sendMessage("demo:text", { text: "h\u00e9llo \u{1f600}".repeat(20) });
      const got = await answer;
      const closed = new Promise((resolve) => client.on("close", (info) => void resolve(info.reason)));
      await server.shutdown();
      return [got, await closed];
    }
  `);
  const warned: string[] = [];
  const world = browserLike({ log: (line) => warned.push(line), warn: (line) => warned.push(line) });
  const said = await (runInContext(`${text}\nbundle.talk()`, world) as Promise<unknown[]>);
  expect([...said]).toEqual([`${"h\u00e9llo \u{1f600}".repeat(20)}?`, "servershutdown"]);
  expect(warned).toEqual([]);
});
