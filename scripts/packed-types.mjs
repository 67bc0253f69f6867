// Compiles programs that use the packed packages as users do: with the oldest supported TypeScript and later ones,
// with the oldest and the newest types of Node, with each way of resolving modules, from ESM and CommonJS, with what the
// packages declare checked as well.

import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { root } from "./packages.mjs";

/** Names under which the workspace has installed them. The docs name the first as the oldest supported one. */
const COMPILERS = ["typescript-5.4", "typescript-5.9", "typescript"];

/** Node's types: the oldest ones, and the newest, which `npm install @types/node` brings. */
const NODE_TYPES = { oldest: "@types/node", newest: "types-node-newest" };

const names = {
  cluster: "memoryBus, natsBus",
  "cluster/testing": "TestBus",
  core: "Client, ClientOnServer, definePacket, payload, Server, SIDE_SERVER, SmartPacket",
  "core/testing": "ManualClock, TestNetwork",
  peer: "standardPlatform",
  "peer/testing": "closedWith",
  "peer/transport": "Deadline",
  "peng3d-events": "events, fromEventEmitter, HeadlessPeng, listen, toEventEmitter, toEventTarget",
  ping: "PingableServerMixin, pingServer",
  protocol: "FrameDecoder, MsgpackCodec",
  telemetry: "instrument",
  websocket: "serveWebSocket, webSocketAcceptor",
};

const use = `
  const Greeting = definePacket({ name: "demo:greeting", schema: payload<{ text: string }>() });
  const Move = definePacket({ name: "demo:move", schema: payload<[number, number]>(), side: SIDE_SERVER });
  const packets = [Greeting, Move];

  class Player extends ClientOnServer {
    score = 0;
    override onClose(reason: string | null) {
      this.score = reason === null ? 0 : 1;
    }
  }
  class Shout extends SmartPacket<string> {
    override side = SIDE_SERVER;
    override state = null;
    override invalidAction = "close";
  }
  class GameServer extends PingableServerMixin(Server)<Player> {
    override getPingData() {
      return { score: [...this.clients.values()].map(({ score }) => score) };
    }
  }
  class GameBus extends HeadlessPeng<{ readonly "game:tick": undefined }> {}

  const server: AnyServer<Player> = new Server({ packets, clientcls: Player, peng: new HeadlessPeng() });
  const client: AnyClient = new Client({ addr: "127.0.0.1:1", packets });
  const declared = new Client({ packets, codec: new MsgpackCodec() });
  server.registerPacket("demo:shout", new Shout(server.registry, server));
  server.on(Greeting, ({ text }, { client: from }) => from.sendMessage(Greeting, { text: text + from.score }));
  server.on("close", ({ score }, { reason }) => [score, reason]);
  new GameServer({ clientcls: Player });
  listen(server, "peng3dnet:server.bind", (_event, { addr }) => addr[1]);
  toEventEmitter(server, new EventEmitter());
  fromEventEmitter(new EventEmitter(), new HeadlessPeng());
  toEventTarget(client, new EventTarget());
  new GameBus().sendEvent("game:tick");
  export async function main() {
    declared.sendMessage("demo:move", [1, 2]);
    for await (const { msg } of server.messages(Greeting)) msg.text;
    for await (const { pid } of events(server, "peng3dnet:server.connection.recv")) pid.toFixed();
    const { delay } = await pingServer({ addr: "127.0.0.1:1" });
    const buses = [natsBus({ servers: "127.0.0.1:1", tls: {}, offline: "refuse" }), memoryBus(), new TestBus()];
    const kit = [buses, new ManualClock(), new TestNetwork(), closedWith, Deadline, standardPlatform];
    await serveWebSocket(server, { port: 8080, path: "/play" });
    instrument(server, { attributes: { game: "chess" } })();
    instrument(client, {})[Symbol.dispose]();
    return [delay, kit, new FrameDecoder(64), webSocketAcceptor({ origins: "*" })];
  }
`;

const emitter = `import { EventEmitter } from "node:events";`;
const typesOnly = `import type { Client as AnyClient, Server as AnyServer } from "@peng3dnet/core"`;
const imports = Object.entries(names).map(([name, list]) => `import { ${list} } from "@peng3dnet/${name}";`);
const program = `${emitter}\n${typesOnly};\n${imports.join("\n")}\n${use}`;

// Where \`require\` cannot load ESM, CommonJS imports it at run time, and its types by themselves.
const loads = Object.entries(names).map(
  ([name, list]) => `  const { ${list} } = await import("@peng3dnet/${name}");`,
);
const loading =
  `${emitter}\n${typesOnly} with { "resolution-mode": "import" };\n` +
  `export async function load() {\n${loads.join("\n")}\n${use.replace("export ", "")}\n  return main();\n}\n`;

// What a package of a user's exports, for which the compiler writes the types.
const exported = `
  import { Client, ClientOnServer, definePacket, defineRequest, payload, Server } from "@peng3dnet/core";
  import { events, HeadlessPeng } from "@peng3dnet/peng3d-events";
  import { PingableClientMixin, PingableServerMixin, pingServer } from "@peng3dnet/ping";
  import { serveWebSocket } from "@peng3dnet/websocket";
  export const Say = definePacket({ name: "demo:say", schema: payload<{ text: string }>() });
  export const Join = defineRequest({
    name: "demo:join",
    request: payload<{ name: string }>(),
    response: payload<string[]>(),
    errors: { taken: payload<null>() },
  });
  export const packets = [Say, Join];
  export class Player extends ClientOnServer {
    score = 0;
  }
  export const server = new Server({ packets, clientcls: Player, peng: new HeadlessPeng() });
  export const client = new Client({ packets });
  export const room = server.group("room");
  export const messages = server.messages(Say);
  export const binds = events(server, "peng3dnet:server.bind");
  export const join = (name: string) => client.request(Join, { name });
  export const serve = () => serveWebSocket(server, { port: 0 });
  export const ping = () => pingServer({ addr: "127.0.0.1:1" });
  class PlayerServer extends Server<Player> {}
  class PlainClient extends Client {}
  export class GameServer extends PingableServerMixin(PlayerServer) {}
  export class Pinger extends PingableClientMixin(PlainClient) {}
`;

/** Each way of resolving modules: options, and what is compiled. */
function resolutions(compiler) {
  const requiresEsm = compiler !== "typescript-5.4";
  return {
    node16: [{ module: "node16" }, ["esm.mts", "loading.cts"]],
    nodenext: [{ module: "nodenext" }, ["esm.mts", "loading.cts", ...(requiresEsm ? ["requiring.cts"] : [])]],
    bundler: [{ module: "esnext", moduleResolution: "bundler" }, ["bundled.ts"]],
  };
}

/** With which strictness and which of Node's types. The newest of these need TypeScript 5.6. */
function variants(compiler) {
  const oldest = [true, false].map((exact) => [exact, "oldest"]);
  return compiler === "typescript-5.4" ? oldest : [...oldest, [true, "newest"]];
}

function check(compiler, config) {
  const tsc = join(root, "node_modules", compiler, "bin", "tsc");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tsc, "-p", config, "--pretty", "false"]);
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve(status === 0 ? "" : output || `tsc ended with ${status}`));
  });
}

/** What the compiler declares for `exported` has to compile again, for those who import it. */
async function checkDeclarations(home, compiler) {
  const folder = join(home, `declared-${compiler}`);
  mkdirSync(folder);
  const shared = {
    target: "es2022",
    lib: ["es2022"],
    module: "nodenext",
    strict: true,
    skipLibCheck: false,
    types: ["node"],
    typeRoots: ["../node-types-oldest"],
  };
  const projects = {
    writing: {
      compilerOptions: { ...shared, declaration: true, rootDir: "..", outDir: "." },
      files: ["../exported.mts"],
    },
    reading: { compilerOptions: { ...shared, noEmit: true }, files: ["exported.d.mts"] },
  };
  for (const [name, project] of Object.entries(projects)) {
    const config = join(folder, `${name}.json`);
    writeFileSync(config, JSON.stringify(project));
    assert.equal(await check(compiler, config), "", `${compiler}, ${name} declarations`);
  }
}

/** @param home - where all packages are installed. @returns how many combinations were checked. */
export async function checkTypes(home) {
  const files = {
    "esm.mts": program,
    "requiring.cts": program,
    "loading.cts": loading,
    "bundled.ts": program,
    "exported.mts": exported,
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(home, file), text);
  const checks = [];
  for (const [age, name] of Object.entries(NODE_TYPES)) {
    const folder = join(home, `node-types-${age}`);
    mkdirSync(folder);
    symlinkSync(join(root, "node_modules", name), join(folder, "node"), "junction");
  }
  for (const compiler of COMPILERS) {
    checks.push(() => checkDeclarations(home, compiler));
    for (const [resolution, [options, compiled]] of Object.entries(resolutions(compiler))) {
      for (const [exactOptionalPropertyTypes, age] of variants(compiler)) {
        const exact = exactOptionalPropertyTypes ? " exactOptionalPropertyTypes" : "";
        const what = `${compiler} ${resolution}${exact}, ${age} types of Node`;
        const folder = join(home, `types-${checks.length}`);
        mkdirSync(folder);
        const compilerOptions = {
          target: "es2022",
          lib: ["es2022"],
          strict: true,
          skipLibCheck: false,
          exactOptionalPropertyTypes,
          // From 5.8 on: programs that Node runs as they are.
          ...(compiler === "typescript-5.4" ? {} : { erasableSyntaxOnly: true }),
          types: ["node"],
          typeRoots: [`../node-types-${age}`],
          rootDir: "..",
          noEmit: true,
          ...options,
        };
        const config = join(folder, "tsconfig.json");
        writeFileSync(
          config,
          JSON.stringify({ compilerOptions, files: compiled.map((file) => `../${file}`) }),
        );
        checks.push(async () => assert.equal(await check(compiler, config), "", what));
      }
    }
  }
  const waiting = [...checks];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return checks.length;
}
