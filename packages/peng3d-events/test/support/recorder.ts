import { type Disposer, type HeadlessPeng, listen, PENG_EVENTS } from "@peng3dnet/peng3d-events";

/** One event as a row of the table: step, sender, event, keys. */
export type Row = [step: string, sender: string, event: string, keys: string];

/** Writes down every event on a bus, by step and sender. */
export class Recorder {
  readonly rows: Row[] = [];
  readonly data: { readonly event: string; readonly data: Readonly<Record<string, unknown>> }[] = [];
  readonly #names = new Map<unknown, string>();
  readonly #listening: Disposer[];
  #step = "";

  constructor(bus: HeadlessPeng) {
    this.#listening = PENG_EVENTS.map((event) =>
      listen(bus, event, (name, data) => this.#record(name, data as unknown as Record<string, unknown>)),
    );
  }

  name(peer: object, name: string): void {
    this.#names.set(peer, name);
  }

  #record(event: string, data: Readonly<Record<string, unknown>>): void {
    const sender = event.startsWith("peng3dnet:server.") ? data.server : data.client;
    this.rows.push([this.#step, this.#names.get(sender) ?? "?", event, Object.keys(data).join(", ")]);
    this.data.push({ event, data });
  }

  /** Takes a step and waits until it has brought as many events as expected, and nothing else. */
  async step(step: string, expected: readonly Row[], take: () => unknown): Promise<void> {
    this.#step = step;
    const wanted = expected.filter(([name]) => name === step).length;
    await take();
    const here = () => this.rows.filter(([name]) => name === step).length;
    const until = Date.now() + 5000;
    while (here() < wanted && Date.now() < until) await new Promise((go) => setTimeout(go, 2));
    await new Promise((go) => setTimeout(go, 10));
  }

  stop(): void {
    for (const dispose of this.#listening) dispose();
  }
}

/** Rows in an order that does not depend on which side of a connection was faster. */
export function bySender(rows: readonly Row[]): Row[] {
  const steps = [...new Set(rows.map(([step]) => step))];
  const senders = [
    "server",
    ...new Set(
      rows
        .map(([, sender]) => sender)
        .filter((name) => name !== "server")
        .sort(),
    ),
  ];
  return steps.flatMap((step) =>
    senders.flatMap((sender) => rows.filter((row) => row[0] === step && row[1] === sender)),
  );
}
