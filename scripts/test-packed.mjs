// Packs the packages, installs each combination in an empty folder as anybody would, and uses it there:
//
//   node scripts/test-packed.mjs [--start]
//
// In each: what is installed, and how much; types of an ESM and a CommonJS consumer, as Node and as a bundler
// resolve them; a program that imports and one that requires. Then all are installed together, and their types
// checked with each supported TypeScript. At the end docs/guides/start.md and start-page.md are followed; with
// --start, nothing else is done.
// Sizes have their limits in .size-limit.mjs.

import { strict as assert } from "node:assert";
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PACKAGES, pack, root, run, runTool, windows } from "./packages.mjs";
import { followStart } from "./packed-start.mjs";
import { checkTypes } from "./packed-types.mjs";

/** What a program of each package looks like: statements that work with what was imported as `p3d`. */
const COMBINATIONS = {
  protocol: {
    installs: ["@msgpack/msgpack", "@peng3dnet/protocol"],
    // Nothing but the language: it has to compile without the types of Node or of a browser.
    types: [],
    names: "FrameDecoder, MsgpackCodec, definePacket, payload",
    use: `
      const packet = definePacket({ name: "demo:packet", schema: payload<{ n: number }>() });
      const codec = new MsgpackCodec();
      const decoder: FrameDecoder = new FrameDecoder(1024);
      decoder.push(new Uint8Array([0, 0, 0]));
      if (decoder.next() || codec.encode(1).length !== 1 || packet.name !== "demo:packet") throw new Error("wrong");
    `,
  },
  peer: {
    installs: ["@msgpack/msgpack", "@peng3dnet/peer", "@peng3dnet/protocol"],
    types: ["node"],
    names: "Client, Server, definePacket, payload",
    also: `import { TestNetwork } from "@peng3dnet/peer/testing";`,
    use: `
      const packet = definePacket({ name: "demo:packet", schema: payload<{ n: number }>() });
      const network = new TestNetwork();
      const server: Server = network.server({ packets: [packet] });
      const client = network.client({ packets: [packet] });
      const got = new Promise<number>((resolve) => server.on(packet, ({ n }) => { resolve(n); }));
      network.connect(client, server);
      await client.waitForConnection();
      client.sendMessage(packet, { n: 5 });
      if (!(client instanceof Client) || (await got) !== 5) throw new Error("wrong");
      await server.shutdown();
    `,
    // It has to compile with the types of a browser in place of those of Node, too.
    browser: true,
  },
  core: {
    installs: ["@msgpack/msgpack", "@peng3dnet/core", "@peng3dnet/peer", "@peng3dnet/protocol"],
    types: ["node"],
    names: "Client, Server, definePacket, payload",
    use: `
      const packet = definePacket({ name: "demo:packet", schema: payload<{ n: number }>() });
      const server = new Server({ addr: "127.0.0.1:0", packets: [packet] });
      await server.start();
      const client = new Client({ addr: server.addr, packets: [packet] });
      await client.start();
      const got = new Promise<number>((resolve) => server.on(packet, ({ n }) => { resolve(n); }));
      client.sendMessage(packet, { n: 5 });
      if ((await got) !== 5) throw new Error("wrong");
      await client.close();
      await server.shutdown();
    `,
  },
  websocket: {
    installs: [
      "@msgpack/msgpack",
      "@peng3dnet/core",
      "@peng3dnet/peer",
      "@peng3dnet/protocol",
      "@peng3dnet/websocket",
      "ws",
    ],
    types: ["node"],
    names: "serveWebSocket, webSocketAcceptor",
    also: `import { Server } from "@peng3dnet/core";`,
    use: `
      const server = new Server({ addr: "127.0.0.1:0" });
      const ways = await serveWebSocket(server, { port: 0 });
      if (ways.address[1] === 0 || typeof webSocketAcceptor().listen !== "function") throw new Error("wrong");
      await server.shutdown();
    `,
  },
  telemetry: {
    installs: [
      "@msgpack/msgpack",
      "@opentelemetry/api",
      "@peng3dnet/peer",
      "@peng3dnet/protocol",
      "@peng3dnet/telemetry",
    ],
    types: ["node"],
    names: "instrument",
    also: `import { Server } from "@peng3dnet/peer";`,
    use: `
      let told = "";
      try {
        instrument(new Server(), {});
      } catch (error) {
        told = String(error);
      }
      if (!told.includes("meter")) throw new Error("wrong");
    `,
  },
  cluster: {
    installs: [
      "@msgpack/msgpack",
      "@nats-io/nats-core",
      "@nats-io/nkeys",
      "@nats-io/nuid",
      "@nats-io/transport-node",
      "@peng3dnet/cluster",
      "@peng3dnet/peer",
      "@peng3dnet/protocol",
      "tweetnacl",
    ],
    types: ["node"],
    names: "memoryBus, natsBus, credsAuthenticator",
    also: `
      import { busConformance } from "@peng3dnet/cluster/testing";
      import { silentLogger, standardPlatform } from "@peng3dnet/peer";
    `,
    use: `
      if (typeof credsAuthenticator !== "function" || typeof natsBus({}).connect !== "function") throw new Error("wrong");
      const bus = await memoryBus().connect({ name: "one", logger: silentLogger, clock: standardPlatform.clock });
      const got = new Promise<number>((resolve) => { bus.subscribe("a", ([n = 0]) => { resolve(n); }); });
      bus.publish("a", new Uint8Array([5]));
      if ((await got) !== 5) throw new Error("wrong");
      await bus.close();
      const cases = busConformance({ name: "memory", prepare: () => ({ factory: memoryBus() }), interruptible: false });
      for (const { run } of cases) await run();
    `,
  },
  ping: {
    installs: [
      "@msgpack/msgpack",
      "@peng3dnet/browser",
      "@peng3dnet/core",
      "@peng3dnet/peer",
      "@peng3dnet/ping",
      "@peng3dnet/protocol",
      "fflate",
    ],
    types: ["node"],
    names: "enablePing, pingServer",
    also: `import { Server } from "@peng3dnet/core";`,
    use: `
      const server = new Server({ addr: "127.0.0.1:0" });
      enablePing(server, { motd: "packed" });
      await server.start();
      const { motd } = await pingServer({ addr: server.addr });
      if (motd !== "packed") throw new Error("wrong");
      await server.shutdown();
    `,
  },
  "peng3d-events": {
    installs: ["@msgpack/msgpack", "@peng3dnet/peer", "@peng3dnet/peng3d-events", "@peng3dnet/protocol"],
    types: ["node"],
    names: "HeadlessPeng",
    also: `import { Server } from "@peng3dnet/peer";`,
    use: `
      const peng = new HeadlessPeng();
      const server = new Server({ peng });
      const names: string[] = [];
      peng.addEventListener("peng3dnet:server.stop", () => { names.push("stop"); });
      server.initialize();
      await server.shutdown();
      if (names.length === 0) throw new Error("wrong");
    `,
  },
};

/** The packages that are installed below a folder, however deep. */
function installed(folder) {
  const modules = join(folder, "node_modules");
  const names = readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@") ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
    );
  const nested = names.flatMap((name) => {
    const below = readdirSync(join(modules, name));
    return below.includes("node_modules") ? installed(join(modules, name)) : [];
  });
  return [...names, ...nested].sort();
}

/** Bytes of all files below a folder. */
function treeSize(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + lstatSync(join(parentPath, name)).size, 0);
}

/** An ESM module and a CommonJS one that do the same. */
function writeConsumers(home, name, { names, also = "", use }) {
  const specifier = `@peng3dnet/${name}`;
  writeFileSync(
    join(home, "esm.mts"),
    `import { ${names} } from "${specifier}";\n${also}\n${use}\nexport {};\n`,
  );
  const requires = also.replace(/import (\{.*\}) from ("[^"]+");/g, "const $1 = require($2);");
  // In TypeScript a CommonJS module imports by name; the compiler writes calls of require.
  writeFileSync(
    join(home, "cjs.cts"),
    `import { ${names} } from "${specifier}";\n${also}\nasync function main() {\n${use}\n}\nvoid main();\n`,
  );
  writeFileSync(
    join(home, "plain.cjs"),
    `const { ${names} } = require("${specifier}");\n${requires}\n` +
      `for (const value of [${names}]) if (value === undefined) throw new Error("not exported");\n`,
  );
}

function compile(home, types, options, files) {
  const config = {
    compilerOptions: {
      target: "es2022",
      lib: ["es2022"],
      strict: true,
      exactOptionalPropertyTypes: true,
      // What the packages declare has to be right, too.
      skipLibCheck: types.length > 0,
      types,
      typeRoots: [join(root, "node_modules", "@types")],
      rootDir: ".",
      ...options,
    },
    files,
  };
  writeFileSync(join(home, "tsconfig.json"), JSON.stringify(config));
  runTool("tsc", ["-p", home], home);
}

const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

/** Prints what an installation brings along, and how much of it is the package itself. */
function show(home, tarball, names) {
  const sizes = names.map((name) => `${name} ${kib(treeSize(join(home, "node_modules", name)))}`);
  process.stdout.write(`  downloads ${kib(lstatSync(tarball).size)}; installs ${sizes.join(", ")}\n`);
}

/** The command of ping, as npm installs it. */
function testCommand(home) {
  const command = join(home, "node_modules", ".bin", windows ? "peng3dnet-ping.cmd" : "peng3dnet-ping");
  const manifest = join(home, "node_modules", "@peng3dnet", "ping", "package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8"));
  assert.equal(run(command, ["--version"], home), `${version}\n`);
  writeFileSync(
    join(home, "command.mjs"),
    `import { spawn } from "node:child_process";
import { Server } from "@peng3dnet/core";
import { enablePing } from "@peng3dnet/ping";
const server = new Server({ addr: "127.0.0.1:0" });
enablePing(server, { motd: "packed" });
await server.start();
const args = ["--json", server.addr.join(":")];
const child = spawn(process.argv[2], args, { stdio: ["ignore", "inherit", "inherit"], shell: ${windows} });
child.on("close", () => server.shutdown());
`,
  );
  const result = JSON.parse(run(process.execPath, ["command.mjs", command], home));
  assert.equal(result.ok, true);
  assert.equal(result.data.motd, "packed");
}

/** Makes a folder and installs packages there; `others` take the place of what these depend on. */
function install(home, dependencies, others) {
  mkdirSync(home);
  const manifest = { private: true, dependencies, overrides: others };
  writeFileSync(join(home, "package.json"), JSON.stringify(manifest));
  run(windows ? "npm.cmd" : "npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], home);
}

/** Each package alone, and then all together. */
async function testInstallations(temporary, packed) {
  const specifier = (name) => `file:${packed[name].tarball}`;
  for (const [name, combination] of Object.entries(COMBINATIONS)) {
    process.stdout.write(`@peng3dnet/${name}\n`);
    const home = join(temporary, `home-${name}`);
    const dependencies = { [`@peng3dnet/${name}`]: specifier(name) };
    const others = combination.installs
      .filter((other) => other.startsWith("@peng3dnet/") && !(other in dependencies))
      .map((other) => [other, specifier(other.slice("@peng3dnet/".length))]);
    install(home, dependencies, Object.fromEntries(others));
    assert.deepEqual(installed(home), combination.installs);
    show(home, packed[name].tarball, combination.installs);

    writeConsumers(home, name, combination);
    const modules = ["esm.mts", "cjs.cts"];
    compile(home, combination.types, { module: "nodenext", outDir: "out" }, modules);
    const resolution = { module: "esnext", moduleResolution: "bundler", noEmit: true };
    copyFileSync(join(home, "esm.mts"), join(home, "bundled.ts"));
    compile(home, combination.types, resolution, ["bundled.ts"]);
    if (combination.browser) {
      const lib = ["es2022", "dom"];
      compile(home, [], { ...resolution, lib }, ["bundled.ts"]);
    }
    for (const program of ["out/esm.mjs", "out/cjs.cjs", "plain.cjs"]) run(process.execPath, [program], home);
    process.stdout.write("  types and programs: ESM, CommonJS, bundler\n");

    if (name === "ping") testCommand(home);
  }
  process.stdout.write("all packages install and work alone\n");

  const home = join(temporary, "home-types");
  const all = Object.fromEntries(PACKAGES.map((name) => [`@peng3dnet/${name}`, specifier(name)]));
  install(home, all, all);
  process.stdout.write(
    `types: ${await checkTypes(home)} combinations of compiler, resolution and strictness\n`,
  );
}

const temporary = mkdtempSync(join(tmpdir(), "peng3dnet-packed-"));
try {
  const packed = pack(PACKAGES, temporary);
  if (!process.argv.includes("--start")) await testInstallations(temporary, packed);
  const home = join(temporary, "start");
  mkdirSync(home);
  const tarballs = Object.values(packed).map(({ tarball }) => tarball);
  process.stdout.write(
    `docs/guides/start.md, start-page.md: ${await followStart(home, tarballs)}, in TypeScript and JavaScript\n`,
  );
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
