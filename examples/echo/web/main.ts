// The page of `npm run echo:web`: echoes, round-trip times, and how the connection fares.

import { Client, describeError, type Metrics } from "@peng3dnet/browser";
import { Questions } from "../src/questions.js";
import { PATH } from "../src/shared.js";
import { Plot } from "./plot.js";

/** A ping each half second, for a minute of them. */
const PING_MS = 500;
const SHOWN = 120;
const MAX_LINES = 100;

const plot = new Plot(part("plot") as unknown as SVGSVGElement, SHOWN);
const connectButton = part("connect") as HTMLButtonElement;
const sendButton = part("echo").querySelector("button") as HTMLButtonElement;
const closeButton = part("close").querySelector("button") as HTMLButtonElement;

interface Connection {
  readonly client: Client;
  readonly questions: Questions;
}

let current: Connection | undefined;

async function connect(): Promise<void> {
  const client = new Client({ addr: PATH });
  const connection = { client, questions: new Questions(client) };
  current = connection;
  show("connecting", "connecting");
  client.on("connect", () => show("connecting", "connected, handshake to come"));
  client.on("handshakecomplete", () => {
    show("active", "active");
    void measure(connection);
  });
  client.on("close", ({ reason, clean, error }) => {
    connection.questions.closed(reason);
    const how = clean ? "in order" : describeError(error ?? "broken off");
    show("closed", `closed: ${reason ?? "no reason given"}`, how);
  });
  try {
    await client.start();
  } catch (error) {
    show("closed", "not connected", describeError(error));
  }
}

/** Pings as long as the connection is open. */
async function measure({ client, questions }: Connection): Promise<void> {
  try {
    while (client.active) {
      const { roundTrip } = await questions.ping();
      plot.add(roundTrip * 1000);
      tell(plot.values, client.metrics);
      await new Promise((resolve) => setTimeout(resolve, PING_MS));
    }
  } catch {
    // The connection was closed, as the page says by now.
  }
}

function tell(values: readonly number[], { packetsOut, packetsIn, bytesOut, bytesIn }: Metrics): void {
  const sorted = values.toSorted((a, b) => a - b);
  part("latest").textContent = ms(values.at(-1));
  part("fastest").textContent = ms(sorted[0]);
  part("median").textContent = ms(sorted[sorted.length >> 1]);
  part("slowest").textContent = ms(sorted.at(-1));
  part("counts").textContent =
    `${packetsOut} packets (${bytesOut} bytes) sent, ${packetsIn} (${bytesIn} bytes) received`;
}

function ms(value: number | undefined): string {
  return value === undefined ? "–" : `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}

/** Shows the state, and keeps it in the log. */
function show(state: "connecting" | "active" | "closed", text: string, more = ""): void {
  const status = part("state");
  status.dataset.state = state;
  status.textContent = text;
  addLine("log", more === "" ? text : `${text} (${more})`, new Date().toLocaleTimeString());
  for (const button of [sendButton, closeButton]) button.disabled = state !== "active";
  connectButton.disabled = state !== "closed";
  // A button that is of no use any more hands on the focus of the keyboard, which would be lost.
  const focused = document.activeElement;
  if (focused instanceof HTMLButtonElement && focused.disabled && focused.matches(":focus-visible"))
    (state === "closed" ? connectButton : part("text")).focus();
}

function addLine(list: string, text: string, aside: string): void {
  const line = document.createElement("li");
  for (const content of [text, aside]) {
    const span = document.createElement("span");
    span.textContent = content;
    line.append(span);
  }
  const lines = part(list);
  lines.prepend(line);
  if (lines.childElementCount > MAX_LINES) lines.lastElementChild?.remove();
}

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

part("echo").addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = part("text") as HTMLInputElement;
  const text = input.value;
  if (text === "" || current === undefined) return;
  input.value = "";
  const begun = performance.now();
  try {
    const answer = await current.questions.echo(text);
    addLine("echoes", String(answer), ms(performance.now() - begun));
  } catch (error) {
    addLine("echoes", describeError(error), "no answer");
  }
});

part("close").addEventListener("submit", (event) => {
  event.preventDefault();
  void current?.client.close((part("reason") as HTMLInputElement).value || null);
});

connectButton.addEventListener("click", () => void connect());
void connect();
