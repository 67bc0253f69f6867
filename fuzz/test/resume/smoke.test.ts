// Sessions over lines that are cut twenty times, in processes of their own: `npm run resume`, in small.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const program = join(__dirname, "..", "..", "dist", "resume.js");
const options = ["--cuts", "20", "--packets", "4000", "--no-cable"];

interface Outcome {
  readonly code: number | null;
  readonly text: string;
}

async function run(contestant: string): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...options, "--contestant", contestant], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += String(chunk);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, text };
}

/** What was counted under a name. */
function counted({ text }: Outcome, name: string): number {
  const found = new RegExp(`${name} ([\\d,]+)`).exec(text)?.[1];
  if (found === undefined) throw new Error(`nothing was counted as ${name}:\n${text}`);
  return Number(found.replaceAll(",", ""));
}

/** All at a time, since they mostly wait. */
let outcomes: Readonly<Record<"tcp" | "websocket" | "tcp-without", Outcome>>;

beforeAll(async () => {
  const [tcp, websocket, without] = await Promise.all(["tcp", "websocket", "tcp-without"].map(run));
  outcomes = {
    tcp: tcp as Outcome,
    websocket: websocket as Outcome,
    "tcp-without": without as Outcome,
  };
}, 120_000);

test.each(["tcp", "websocket"] as const)("nothing is lost, doubled or out of order over %s", (contestant) => {
  const outcome = outcomes[contestant];
  expect(outcome.text).not.toContain("FAILED");
  expect(outcome.text).toContain("to the server 4,000 packets, 40 requests");
  expect(outcome.text).toContain("20 cuts");
  const names = ["lost to the server", "lost to the client", "doubled", "out of order", "damaged"];
  const requests = ["requests without an answer", "requests never settled", "handlers run twice"];
  const counts = [...names, ...requests].map((name) => counted(outcome, name));
  expect(counts).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  expect(outcome.code).toBe(0);
});

test("without resumption the same cuts lose packets, in both directions", () => {
  const outcome = outcomes["tcp-without"];
  expect(counted(outcome, "lost to the server")).toBeGreaterThan(0);
  expect(counted(outcome, "lost to the client")).toBeGreaterThan(0);
  expect(counted(outcome, "damaged")).toBe(0);
});
