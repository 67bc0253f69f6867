// Does what docs/guides/start.md and docs/guides/start-page.md say, in an empty folder, with the packed packages: writes their
// files, types their commands, and talks in the terminal, and from there to the page and back. Then once more in JavaScript.

import { strict as assert } from "node:assert";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { basename, delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { root } from "./packages.mjs";

const TERMINAL = join(root, "docs", "guides", "start.md");
const PAGE = join(root, "docs", "guides", "start-page.md");
const ENVIRONMENT = {
  ...process.env,
  // No tool of this clone helps out.
  PATH: process.env.PATH.split(delimiter)
    .filter((folder) => !folder.startsWith(root))
    .join(delimiter),
  // What npm has in its cache is not asked for again.
  npm_config_prefer_offline: "true",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_update_notifier: "false",
  // Any free ones.
  PORT: "0",
  TCP_PORT: "0",
};

/** The blocks of a page, each with the words behind its fence. */
function blocks(page) {
  const text = readFileSync(page, "utf8");
  return [...text.matchAll(/^```(\w+) ?(.*)\n((?:.*\n)*?)```$/gm)].map(([, kind, info, body]) => ({
    kind,
    info,
    body,
  }));
}

const files = (page) =>
  blocks(page).flatMap(({ info, body }) => {
    const path = /^file=(\S+)/.exec(info)?.[1];
    return path === undefined ? [] : [{ path, body }];
  });

/** The commands of each block, line by line. */
const commands = (page, info) =>
  blocks(page)
    .filter((block) => block.kind === "sh" && block.info === info)
    .map(({ body }) => body.trimEnd().split("\n"));

function write(home, path, body) {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), body);
}

/** Types commands in a shell that stops at the first one that fails. */
function type(lines, home) {
  const { status, stdout, stderr, error } = spawnSync("bash", ["-euc", lines.join("\n")], {
    cwd: home,
    env: ENVIRONMENT,
    encoding: "utf8",
  });
  if (error) throw error;
  assert.equal(status, 0, `${lines.join("\n")}\nended with ${status}\n${stdout}${stderr}`);
}

/** A program that runs, and what it has printed. */
class Program {
  #waiting = () => {};
  #lines = [];
  #errors = "";
  #command;
  #child;
  #ended;

  constructor(command, home) {
    const [program, ...args] = command.split(" ");
    assert.equal(program, "node");
    this.#command = command;
    this.#child = spawn(process.execPath, args, { cwd: home, env: ENVIRONMENT });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.#lines.push(line);
      this.#waiting();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#errors += text;
    });
    this.#ended = new Promise((resolve) => {
      this.#child.on("close", (code) => {
        this.#waiting();
        resolve(code);
      });
    });
  }

  /** The next line that it prints. */
  async line() {
    const late = AbortSignal.timeout(20_000);
    while (this.#lines.length === 0) {
      const running = this.#child.exitCode === null && this.#child.signalCode === null && !late.aborted;
      assert(running, `${this.#command} prints nothing more\n${this.#errors}`);
      await new Promise((resolve) => {
        this.#waiting = resolve;
        late.addEventListener("abort", resolve);
      });
    }
    return this.#lines.shift();
  }

  /** How it ends. */
  async end() {
    const late = new Promise((_resolve, reject) => {
      setTimeout(() => reject(new Error(`${this.#command} does not end`)), 20_000).unref();
    });
    return Promise.race([this.#ended, late]);
  }

  /** Types a line. */
  type(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  interrupt() {
    this.#child.kill("SIGINT");
  }

  stop() {
    this.#child.kill("SIGKILL");
  }
}

/** Chromium without a window, or `undefined` where there is none. */
async function openBrowser() {
  const load = (path) => import(pathToFileURL(join(root, "tools", "chromium", path)).href);
  const { findChromium } = await load("dist/find-chromium.js");
  const executablePath = findChromium();
  if (executablePath === undefined) return undefined;
  const { chromium } = await load("node_modules/playwright-core/index.mjs");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
}

/**
 * Talks, as the pages say that one can.
 *
 * @param web - whether the server has a page.
 */
async function chat(home, [serve], connect, web, browser) {
  const server = new Program(serve, home);
  const silent = new Socket().on("error", () => {});
  const others = [];
  const start = (command) => {
    const program = new Program(command, home);
    others.push(program);
    return program;
  };
  try {
    const addr = /^programs: (\S+)$/.exec(await server.line())?.[1];
    const url = web ? /^browsers: (http:\S+)$/.exec(await server.line())?.[1] : undefined;
    assert(addr !== undefined && (url !== undefined || !web), "the server does not print its addresses");

    const ann = start(`${connect} ${addr}`);
    assert.equal(await ann.line(), "nobody else is here");
    ann.type("is somebody there?");
    assert.equal(await ann.line(), "Ann: is somebody there?");
    const bea = start(`${connect.replace(/Ann$/, "Bea")} ${addr}`);
    assert.equal(await bea.line(), "here: Ann");
    bea.type("yes");
    assert.equal(await ann.line(), "Bea: yes");
    assert.equal(await bea.line(), "Bea: yes");

    if (web && browser !== undefined) {
      const page = await browser.newPage();
      const problems = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("dialog", (dialog) => dialog.accept("Cid"));
      await page.goto(url);
      await page.getByPlaceholder("Say something").fill("hello");
      await page.keyboard.press("Enter");
      assert.equal(await ann.line(), "Cid: hello");
      await page.getByText("Cid: hello", { exact: true }).waitFor();
      ann.type("hello");
      await page.getByText("Ann: hello", { exact: true }).waitFor();
      assert.equal(await page.title(), "Chat with Ann, Bea");
      assert.deepEqual(problems, []);

      // Who takes a name that is taken, or none, sees what comes of it.
      const named = async (name) => {
        const other = await browser.newPage();
        other.on("dialog", (dialog) => dialog.accept(name));
        await other.goto(url);
        return other;
      };
      await (await named("Ann")).getByText("There is a Ann already.").waitFor();
      const nameless = await named("");
      await nameless.getByPlaceholder("Say something").fill("hi");
      await nameless.keyboard.press("Enter");
      await nameless.getByText("somebody: hi", { exact: true }).waitFor();
      assert.equal(await ann.line(), "Ann: hello");
      assert.equal(await ann.line(), "somebody: hi");
    }

    // Browsers open connections ahead of time, on which they may ask for nothing. They do not keep the server alive.
    if (web) {
      const { hostname, port } = new URL(url);
      silent.connect(Number(port), hostname);
      await once(silent, "connect");
    }
    server.interrupt();
    assert.equal(await ann.line(), "closed: servershutdown");
    assert.equal(await ann.end(), 0);
    assert.equal(await server.end(), 0);
  } finally {
    silent.destroy();
    for (const program of [server, ...others]) program.stop();
  }
}

/**
 * Follows the pages.
 *
 * @param temporary - an empty folder.
 * @param tarballs - paths of the packed packages.
 */
export async function followStart(temporary, tarballs) {
  const [install, compile, [connect]] = commands(TERMINAL, "");
  const [installForPage, compileAll] = commands(PAGE, "");
  const [compileJs] = commands(PAGE, "js");

  // The one line that is not typed: this clone stands in for another one, with the packages that are packed already.
  const [clone, ...others] = install;
  assert.match(clone, /^git clone \S+\/peng3dnet-ts$/);
  const cloned = join(temporary, "peng3dnet-ts");
  write(cloned, "package.json", JSON.stringify({ scripts: { tarballs: "node --version" } }));
  mkdirSync(join(cloned, "tarballs"));
  for (const tarball of tarballs) copyFileSync(tarball, join(cloned, "tarballs", basename(tarball)));
  type(others, temporary);
  const home = join(temporary, "chat");
  for (const { path, body } of files(TERMINAL)) write(home, path, body);
  type(compile.slice(0, -1), home);
  await chat(home, compile.slice(-1), connect, false);

  const browser = await openBrowser();
  try {
    type(installForPage, home);
    for (const { path, body } of files(PAGE)) write(home, path, body);
    type(compileAll.slice(0, -1), home);
    await chat(home, compileAll.slice(-1), connect, true, browser);

    for (const { path, body } of [...files(TERMINAL), ...files(PAGE)]) {
      if (path.endsWith(".ts"))
        write(home, path.replace(/ts$/, "js"), body.replace(/payload<[^>]*>/g, "payload"));
    }
    type(["rm -r dist src/*.ts tsconfig.json public/page.js"], home);
    type(compileJs.slice(0, -1), home);
    await chat(home, compileJs.slice(-1), connect.replace("dist/", "src/"), true, browser);
  } finally {
    await browser?.close();
  }
  return browser === undefined ? "without a browser, since there is no Chromium" : "terminal and browser";
}
