// What `npm run observed` shows: the text that Prometheus reads, and the dashboard.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(__dirname, "..");
const docs = readFileSync(join(root, "..", "..", "docs", "reference", "observing-in-detail.md"), "utf8");
const promtool = spawnSync("promtool", ["--version"]).error === undefined;

let program: ChildProcess;
let metrics: string;
let errors = "";

/** What is served now. */
async function scrape(address: string): Promise<string> {
  const response = await fetch(address);
  expect(response.status).toBe(200);
  return response.text();
}

beforeAll(async () => {
  program = spawn(process.execPath, [join(root, "dist", "observed.js"), "0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  program.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  let address: string | undefined;
  for await (const line of createInterface({ input: program.stdout! })) {
    address = /^metrics {2}(http:\S+)$/.exec(line)?.[1];
    if (address !== undefined) break;
  }
  program.stdout?.resume();
  // Until there was a bit of everything.
  const all = [
    /^rpc_client_call_duration_count\{.*side="client"/m,
    /^rpc_client_call_duration_count\{.*side="node".*status_code="ok"/m,
    /^rpc_server_call_duration_count\{.*side="node"/m,
    /^peng3dnet_bus_messages_total\{.*kind="broadcast"/m,
    /^nodejs_eventloop_delay_p99/m,
    /^peng3dnet_rejections_total/m,
    // The server knows first; the client a round trip later.
    /^peng3dnet_resumption_duration_count\{.*side="client".*outcome="resumed"/m,
    /^peng3dnet_packets_total\{.*peng3dnet_packet_type="observed:world"/m,
  ];
  do {
    await new Promise((resolve) => setTimeout(resolve, 50));
    metrics = await scrape(address as string);
  } while (!all.every((one) => one.test(metrics)));
}, 60_000);

afterAll(() => void program.kill("SIGKILL"));

/** Names of the metrics, as they are in Prometheus. */
const names = () => new Set([...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string));

test("there are bots that play, and a stranger that was turned away", () => {
  expect(metrics).toMatch(
    /^peng3dnet_connections\{.*side="server",peng3dnet_connection_state="active".*\} (1\d|20)$/m,
  );
  expect(metrics).toMatch(/^peng3dnet_rejections_total\{.*error_type="notpeng3dnet".*\} [1-9]/m);
  expect(metrics).toMatch(
    /^peng3dnet_resumption_duration_count\{.*side="client".*outcome="resumed".*\} [1-9]/m,
  );
  expect(metrics).toMatch(/^peng3dnet_packets_total\{.*peng3dnet_packet_type="observed:world".*\} [1-9]/m);
});

test("two nodes know each other, share rooms over a bus, and miss nothing", () => {
  expect(metrics).toMatch(/^peng3dnet_nodes\{.*side="node".*\} 2$/m);
  expect(metrics).toMatch(/^peng3dnet_groups_shared\{.*side="node".*\} [234]$/m);
  expect(metrics).toMatch(/^peng3dnet_bus_connections\{.*state="connected".*\} 2$/m);
  expect(metrics).toMatch(/^peng3dnet_bus_io_total\{.*direction="transmit".*kind="broadcast".*\} [1-9]/m);
  expect(metrics).toMatch(/^peng3dnet_gaps_total\{.*\} 0$/m);
});

(promtool ? describe : describe.skip)(
  `the text${promtool ? "" : " [needs promtool, of Debian's package prometheus]"}`,
  () => {
    test("promtool finds nothing wrong", () => {
      const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
        input: metrics,
        encoding: "utf8",
      });
      expect(`${stdout}${stderr}`).toBe("");
      expect(status).toBe(0);
    });
  },
);

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

describe("the dashboard", () => {
  const { panels } = JSON.parse(readFileSync(join(root, "dashboard.json"), "utf8")) as { panels: Panel[] };
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const used = () =>
    new Set(
      expressions
        .flatMap((expr) => expr.match(/\b(peng3dnet|rpc|nodejs)_\w+(?=[[{]|$)/g) ?? [])
        .map((name) => name.replace(/_(bucket|count|sum)$/, "")),
    );

  test("asks for metrics that there are, each of them", () => {
    expect(used()).toEqual(new Set([...names()].filter((name) => name !== "target_info")));
  });

  test("by labels that they have", () => {
    for (const expr of expressions) {
      const name = /\b((?:peng3dnet|rpc|nodejs)_\w+)(?=[[{]|$)/.exec(expr)?.[1] as string;
      const labels = [...expr.matchAll(/\bby \(([^)]*)\)|(\w+)=~?"/g)].flatMap(([, by, label]) =>
        by === undefined ? [label as string] : by.split(/,\s*/),
      );
      const line = metrics.split("\n").find((text) => text.startsWith(`${name}{`));
      for (const label of labels) expect(`${expr}: ${line}`).toMatch(new RegExp(`[{,]${label}="`));
    }
  });

  test("shows no panel over another one", () => {
    const places = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_place, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
    );
    expect(new Set(places).size).toBe(places.length);
  });
});

test("docs/reference/observing-in-detail.md lists each instrument, and no other", () => {
  const listed = [...docs.matchAll(/^\| `((?:peng3dnet|rpc|nodejs)\.[\w.{},]+)`/gm)].flatMap(
    ([, name = ""]) => {
      const [, stem, ends] = /^(.*)\{(.*)\}$/.exec(name) ?? [];
      return ends === undefined ? [name] : ends.split(",").map((end) => `${stem}${end}`);
    },
  );
  const told = [...names()]
    .filter((name) => name !== "target_info")
    .map((name) => name.replace(/_total$/, ""));
  expect(listed.map((name) => name.replaceAll(".", "_")).sort()).toEqual(told.sort());
});

test("it ends by Ctrl+C, and has warned of nothing", async () => {
  const ended = once(program, "exit");
  program.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(errors).toBe("");
}, 30_000);
