import { inspect } from "node:util";
import { ConnectionClosedError, normalizeAddrFormatted, Peng3dnetError } from "@peng3dnet/core";
import { ProgramError, printable, runProgram, Terminal } from "@peng3dnet-examples/cli";
import { EchoClient } from "./echo-client.js";

/** How many lines may wait for their answer before the next one is read. */
const IN_FLIGHT = 1000;

const spec = {
  name: "echo:client",
  summary: `Sends each line to an echo server and prints the answer. "ping" measures the connection, "quit" leaves.`,
  flags: {},
} as const;

await runProgram(spec, async ({ peer }, interrupted) => {
  const client = new EchoClient(peer);
  interrupted.addEventListener("abort", () => void client.close("userrequest"));
  await client.start();

  using terminal = new Terminal();
  client.once("close", () => terminal.close());
  terminal.notice(
    `Connected to ${normalizeAddrFormatted(client.addr)}. Type "ping", "quit", or anything else.`,
  );
  await echoLines(client, terminal);

  const { reason, clean, error } = await client.close("userrequest");
  if (!clean) throw error ?? new ProgramError(`the connection was lost (${reason})`);
  terminal.notice(`Closed: ${printable(reason ?? "no reason given")}.`);
});

/** Sends the lines as they come; returns when there are no more and all answers are printed, in order. */
async function echoLines(client: EchoClient, terminal: Terminal): Promise<void> {
  const pending: Promise<void>[] = [];
  let last = Promise.resolve();
  for await (const line of terminal.lines()) {
    if (line === "quit") break;
    last = printAfter(last, ask(client, line), terminal);
    pending.push(last);
    if (pending.length >= IN_FLIGHT) await pending.shift();
  }
  await last;
}

async function printAfter(
  previous: Promise<void>,
  answer: Promise<string | undefined>,
  terminal: Terminal,
): Promise<void> {
  const [text] = await Promise.all([answer, previous]);
  if (text !== undefined) terminal.print(text);
}

/** What to print for a line, once its answer is here. */
async function ask(client: EchoClient, line: string): Promise<string | undefined> {
  try {
    return line === "ping" ? await ping(client) : show(await client.echo(line));
  } catch (error) {
    // The program says so once, at its end.
    if (error instanceof ConnectionClosedError) return undefined;
    if (error instanceof Peng3dnetError) return error.message;
    throw error;
  }
}

async function ping(client: EchoClient): Promise<string> {
  const { toServer, back, roundTrip } = await client.ping();
  return `${ms(toServer)} to the server, ${ms(back)} back, ${ms(roundTrip)} in all`;
}

function ms(seconds: number): string {
  return `${(seconds * 1000).toFixed(3)} ms`;
}

function show(value: unknown): string {
  return printable(
    typeof value === "string" ? value : inspect(value, { breakLength: Number.POSITIVE_INFINITY }),
  );
}
