// Tests the dissector with tshark, on captures of this project's own traffic:
//
//   npm run test:dissector
//
// tshark is in the package of that name (Debian, Ubuntu: apt-get install tshark). With `--keep FILE` the capture of
// the classic connection is kept, to look at.

import { strict as assert } from "node:assert";
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, definePacket, Server } from "@peng3dnet/core";
import { enablePing, pingServer } from "@peng3dnet/ping";
import { SERVER, writePcap } from "./pcap.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "..", "..");
const temporary = mkdtempSync(join(tmpdir(), "peng3dnet-dissector-"));
const [Say, Heard, State] = ["chat:say", "chat:heard", "game:state"].map((name) => definePacket({ name }));
const packets = [Say, Heard, State];
const STATE = {
  text: 'tab\t "quotes" ünïcödé 🎲',
  numbers: [0, 127, 128, 255, 256, 65_536, 4_294_967_296, -1, -33, -129, -40_000, -3_000_000_000, 0.5, -1.25],
  nested: { list: [[], [[1]], {}], yes: true, no: false, nothing: null },
};
/** Without heartbeats, which come at any time, so that all packets have their place. */
const QUIET = { "net.heartbeat.interval": 0 };
const LONG = "All work and no play makes Jack a dull boy. ".repeat(1000);

/** Passes a connection on to a server, and records what goes either way. */
async function record(server, use) {
  const chunks = [];
  const proxy = createServer((fromClient) => {
    const toServer = connect(server.addr[1], "127.0.0.1");
    const pass = (from, to, direction) => {
      from.on("data", (bytes) => {
        chunks.push({ toServer: direction, bytes });
        to.write(bytes);
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
    };
    pass(fromClient, toServer, true);
    pass(toServer, fromClient, false);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  await use(["127.0.0.1", proxy.address().port]);
  proxy.close();
  return chunks;
}

function serve(cfg) {
  const server = new Server({ addr: "127.0.0.1:0", packets, cfg });
  server.on(State, (msg) => {
    if (msg === null) server.broadcast(Heard, { from: 1, text: "hello" });
  });
  return server;
}

async function classicSession(server) {
  return record(server, async (addr) => {
    const client = new Client({ addr, packets });
    const heard = new Promise((resolve) => client.on(Heard, () => resolve()));
    await client.start();
    client.sendMessage(Say, { text: "hello" });
    client.sendMessage(State, STATE);
    client.sendMessage(Say, { text: LONG }); // compressed
    client.sendMessage(State, new Uint8Array([0, 255, 16]));
    client.sendMessage(State, 2n ** 63n);
    client.sendMessage(State, null);
    await heard;
    await client.close("that's all");
  });
}

/** Whether one of some packets, which begin and end with a chunk, has an id. */
function holds(chunk, id) {
  for (let at = 0; at + 10 <= chunk.length; at += 4 + chunk.readUInt32BE(at)) {
    if (chunk.readUInt32BE(at + 4) === id) return true;
  }
  return false;
}

/** Beats, and a session that goes on over a second connection. @returns what went over each of the two. */
async function resumedSession(server) {
  const connections = [];
  let cut = () => {};
  let arrived = () => {};
  const proxy = createServer((fromClient) => {
    const chunks = [];
    connections.push(chunks);
    const toServer = connect(server.addr[1], "127.0.0.1");
    const pass = (from, to, direction) => {
      from.on("data", (bytes) => {
        chunks.push({ toServer: direction, bytes });
        to.write(bytes);
        arrived();
      });
      from.on("close", () => to.destroy());
      from.on("error", () => to.destroy());
    };
    pass(fromClient, toServer, true);
    pass(toServer, fromClient, false);
    cut = () => fromClient.destroy();
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const client = new Client({ addr: ["127.0.0.1", proxy.address().port], packets, resume: true });
  let hear = () => {};
  client.on(Heard, () => hear());
  const heard = () =>
    new Promise((resolve) => {
      hear = resolve;
      client.sendMessage(State, null);
    });
  await client.start();
  await heard();
  // Acknowledgements come within a second, and answers to beats before that.
  const acknowledged = () => connections[0].some(({ toServer, bytes }) => toServer && holds(bytes, 19));
  await new Promise((resolve) => {
    arrived = () => acknowledged() && resolve();
    arrived();
  });
  const resumed = new Promise((resolve) => client.on("resume", resolve));
  cut();
  await resumed;
  await heard();
  await client.close("resumed");
  proxy.close();
  return connections;
}

/** Node writes the keys of TLS for Wireshark only if started so: the client is a program of its own. */
const TLS_CLIENT = `
import { Client, definePacket } from "@peng3dnet/core";
const packets = ["chat:say", "chat:heard", "game:state"].map((name) => definePacket({ name }));
const [port, cafile] = process.argv.slice(-2);
const cfg = { "net.ssl.enabled": true, "net.ssl.cafile": cafile };
const client = new Client({ addr: "127.0.0.1:" + port, packets, cfg });
const heard = new Promise((resolve) => client.on(packets[1], () => resolve()));
await client.start();
client.sendMessage("chat:say", { text: "secret ".repeat(8000) });
client.sendMessage("game:state", null);
await heard;
await client.close("over TLS");
`;

async function tlsSession(keys) {
  const certs = join(temporary, "certs");
  const made = spawnSync(process.execPath, [join(root, "scripts", "make-certs.mjs"), certs], {
    encoding: "utf8",
  });
  assert.equal(made.status, 0, made.stderr);
  const cfg = {
    ...QUIET,
    "net.ssl.enabled": true,
    "net.ssl.server.force_verify": false,
    "net.ssl.server.certfile": join(certs, "server.pem"),
    "net.ssl.server.keyfile": join(certs, "server-key.pem"),
  };
  const server = serve(cfg);
  await server.start();
  const chunks = await record(server, async ([, port]) => {
    const options = ["--no-warnings", `--tls-keylog=${keys}`, "--input-type=module", "-e", TLS_CLIENT];
    const args = [...options, "--", String(port), join(certs, "ca.pem")];
    const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
    assert.equal(await new Promise((resolve) => child.on("close", resolve)), 0);
  });
  await server.shutdown();
  return chunks;
}

function tshark(file, ...args) {
  const script = `lua_script:${join(here, "peng3dnet.lua")}`;
  const result = spawnSync("tshark", ["-r", file, "-X", script, ...args], {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (result.error?.code === "ENOENT") {
    process.stderr.write("tshark is not installed; on Debian and Ubuntu: apt-get install tshark\n");
    process.exit(1);
  }
  assert.equal(result.status, 0, result.stderr);
  assert.doesNotMatch(result.stdout + result.stderr, /Lua Error|lua: /i);
  return result.stdout;
}

/** Says what the traffic is, where the first segment is too short to recognise it. */
const DECODE_AS = ["-d", `tcp.port==${SERVER},peng3dnet`];

/** All values of a field, in order of the packets. */
function values(file, field, filter = "peng3dnet", more = []) {
  const args = [...more, "-Y", filter, "-T", "fields", "-E", "aggregator=\u001f", "-e", field];
  return tshark(file, ...args)
    .split("\n")
    .flatMap((line) => line.split("\u001f"))
    .filter((value) => value !== "");
}

const internal = (name) => `peng3dnet:internal.${name}`;
const EXPECTED_NAMES = [
  ...["hello", "settype", "handshake", "handshake.accept"].map(internal),
  ...["chat:say", "game:state", "chat:say", "game:state", "game:state", "game:state", "chat:heard"],
  internal("closeconn"),
];

let passed = 0;
function test(what, run) {
  run();
  passed++;
  process.stdout.write(`ok ${what}\n`);
}

try {
  const server = serve(QUIET);
  enablePing(server, { motd: "Welcome" });
  await server.start();
  const classic = await classicSession(server);
  const ping = await record(server, async (addr) => {
    await pingServer({ addr });
  });
  await server.shutdown();
  const resumable = serve({ "net.resume.window": 10 });
  await resumable.start();
  const [broken, resumed] = await resumedSession(resumable);
  await resumable.shutdown();
  const keys = join(temporary, "keys.log");
  const tls = await tlsSession(keys);

  const file = (name, connections, slice) => {
    const path = join(temporary, `${name}.pcap`);
    writePcap(path, connections, slice);
    return path;
  };
  const whole = file("classic", [classic]);
  const keep = process.argv.indexOf("--keep");
  if (keep > 0) copyFileSync(whole, process.argv[keep + 1]);

  for (const [what, path, more] of [
    ["whole", whole, []],
    ["told which port it is", whole, DECODE_AS],
    ["in segments of 7 bytes", file("sliced", [classic], 7), DECODE_AS],
    ["in single bytes, the first segment whole", file("bytes", [sliceAfterFirst(classic)], 1400), []],
  ]) {
    test(`learns the names of packets, ${what}`, () => {
      assert.deepEqual(values(path, "peng3dnet.name", "peng3dnet", more), EXPECTED_NAMES);
    });
    test(`shows bodies as they were sent, ${what}`, () => {
      // JSON.parse would round the integer that is too big for a number.
      const bodies = values(path, "peng3dnet.json", "peng3dnet", more).map((text) =>
        JSON.parse(text.replace(/^9223372036854775808$/, '"$&"')),
      );
      assert.deepEqual(bodies.slice(4), [
        { text: "hello" },
        STATE,
        { text: LONG },
        { $bin: "00ff10" },
        "9223372036854775808",
        null,
        { from: 1, text: "hello" },
        { reason: "that's all" },
      ]);
    });
    test(`finds no fault, ${what}`, () =>
      assert.deepEqual(values(path, "frame.number", "peng3dnet.malformed", more), []));
  }

  test("shows the connection type, the versions and the reason as fields", () => {
    assert.deepEqual(values(whole, "peng3dnet.conntype"), ["classic"]);
    assert.deepEqual(values(whole, "peng3dnet.version"), ["0.2.0", "0.2.0"]);
    assert.deepEqual(values(whole, "peng3dnet.reason"), ["that's all"]);
  });

  test("shows a tree", () => {
    const text = tshark(whole, "-V", "-Y", "peng3dnet");
    for (const line of [
      "numbers: array of 14",
      "[13] -1.25",
      "nothing: null",
      "inflated to 44009",
      "registry: map of 8",
    ]) {
      assert.ok(text.includes(line), `"${line}" is not in the tree`);
    }
  });

  test("filters by name and by value", () => {
    const filter = 'peng3dnet.name == "chat:heard" && peng3dnet.value.string == "hello"';
    assert.equal(values(whole, "frame.number", filter).length, 1);
  });

  test("knows pings", () => {
    const path = file("ping", [ping]);
    const names = [internal("hello"), internal("settype"), "ping", "pong", internal("closeconn")];
    assert.deepEqual(values(path, "peng3dnet.name"), names);
    assert.deepEqual(values(path, "peng3dnet.conntype"), ["ping"]);
  });

  test("knows the packets of heartbeats and of resumption, where both sides have named these", () => {
    const path = file("resumed", [broken, resumed]);
    const names = values(path, "peng3dnet.name", "tcp.stream == 0");
    for (const name of ["beat", "answer"]) assert.ok(names.includes(`heartbeat:${name}`), name);
    for (const name of ["ticket", "acknowledgement"]) assert.ok(names.includes(`resume:${name}`), name);
    assert.deepEqual(values(path, "peng3dnet.extension", "peng3dnet.id == 1 && tcp.stream == 0"), [
      "heartbeat",
      "resume",
    ]);
    const beats = values(path, "peng3dnet.heartbeat.time", "peng3dnet.id == 17");
    const answers = values(path, "peng3dnet.heartbeat.time", "peng3dnet.id == 18");
    assert.ok(beats.length > 0 && answers.every((time) => beats.includes(time)), `${beats}; ${answers}`);
    assert.deepEqual([...new Set(values(path, "peng3dnet.resume.window", "peng3dnet.id == 20"))], ["10"]);
    const counts = values(path, "peng3dnet.resume.received", "peng3dnet.id == 19").map(Number);
    assert.ok(counts.length > 0 && counts.every((count) => count > 0), `${counts}`);
  });

  test("follows a session from one connection to the next", () => {
    const path = file("resumed", [broken, resumed]);
    const [hello, settype, answer, ...others] = values(path, "peng3dnet.name", "tcp.stream == 1");
    assert.deepEqual([hello, settype, answer], [internal("hello"), internal("settype"), "resume:resumed"]);
    for (const name of ["game:state", "chat:heard", internal("closeconn")])
      assert.ok(others.includes(name), name);
    assert.deepEqual(values(path, "peng3dnet.resumes", "tcp.stream == 1"), ["0"]);
    assert.deepEqual(values(path, "frame.number", "peng3dnet.malformed"), []);
  });

  test("takes ids of extensions for an application's where nobody has named them", () => {
    const silent = broken.map(({ toServer, bytes }) => ({ toServer, bytes: without(bytes, "heartbeat") }));
    const path = file("undeclared", [silent]);
    assert.deepEqual(values(path, "frame.number", "peng3dnet.heartbeat.time"), []);
    assert.ok(values(path, "peng3dnet.id").includes("17"));
    assert.ok(!values(path, "peng3dnet.name").includes("heartbeat:beat"));
  });

  test("reads what TLS carries, given its keys", () => {
    const path = file("tls", [tls]);
    assert.deepEqual(values(path, "peng3dnet.name"), []);
    const more = ["-o", `tls.keylog_file:${keys}`];
    const names = ["chat:say", "game:state", "chat:heard", internal("closeconn")];
    assert.deepEqual(values(path, "peng3dnet.name", "peng3dnet", more).slice(4), names);
    assert.deepEqual(values(path, "peng3dnet.reason", "peng3dnet", more), ["over TLS"]);
  });

  test("keeps connections apart", () => {
    const path = file("both", [classic, ping]);
    assert.ok(values(path, "peng3dnet.name", "tcp.stream == 1").includes("pong"));
    assert.deepEqual(values(path, "peng3dnet.name", "tcp.stream == 0"), EXPECTED_NAMES);
  });

  const vectors = (name) =>
    JSON.parse(readFileSync(join(root, "vectors", `${name}.json`), "utf8"))
      .packets.filter(({ hex }) => hex !== undefined)
      .map(({ hex, value }) => ({ hex: joined(hex), value }))
      .filter(({ hex }) => hex.length < 200_000);
  const afterHello = (all) =>
    all.map(({ hex }) => [classic[0], { toServer: false, bytes: Buffer.from(hex, "hex") }]);

  for (const name of ["values", "edge-values", "classic-session", "ping-session", "internal-packets"]) {
    test(`shows the golden packets of ${name}`, () => {
      const all = vectors(name);
      const path = file(name, afterHello(all));
      assert.deepEqual(values(path, "frame.number", "peng3dnet.malformed"), []);
      const shown = values(path, "peng3dnet.json").filter((_json, index) => index % 2 === 1);
      assert.equal(shown.length, all.length);
      all.forEach(({ value }, index) => {
        // What JSON lacks is written in ways of their own; whole floats look like integers.
        if (!JSON.stringify(value).includes('"$')) assert.deepEqual(JSON.parse(shown[index]), value);
      });
    });
  }

  test("survives what is malformed, and says so", () => {
    const small = vectors("malformed");
    const path = file("malformed", afterHello(small));
    assert.ok(values(path, "frame.number", "peng3dnet.malformed").length > small.length / 2);
  });

  process.stdout.write(`${passed} passed, 0 failed\n`);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/** The same bytes with another name in the place of that of an extension. */
function without(bytes, extension) {
  const text = bytes.toString("latin1").replaceAll(extension, "x".repeat(extension.length));
  return Buffer.from(text, "latin1");
}

/** The hexadecimal digits of a golden packet. */
function joined(hex) {
  if (typeof hex === "string") return hex;
  return hex.map((part) => (typeof part === "string" ? part : part.repeat.repeat(part.times))).join("");
}

/** The first chunk as it is, since it is what a connection is recognised by; the others in single bytes. */
function sliceAfterFirst([first, ...others]) {
  const bytes = others.flatMap(({ toServer, bytes: all }) =>
    all.length > 2000
      ? [{ toServer, bytes: all }]
      : Array.from(all, (_byte, at) => ({ toServer, bytes: all.subarray(at, at + 1) })),
  );
  return [first, ...bytes];
}
