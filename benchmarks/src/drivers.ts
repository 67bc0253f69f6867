/** How each kind of cell is driven from the client's side. */

import type { Outcome } from "./messages.js";
import { createPayload, type Payload } from "./payloads.js";
import type { Message, PeerClient } from "./peer.js";
import type { BroadcastCell, Cell, ConnectCell, EchoCell, IdleCell } from "./workloads.js";

export type Connect = (
  onMessage: (message: Message) => void,
  onFailure: (error: Error) => void,
) => Promise<PeerClient>;

export interface Driver {
  /** Connects and warms up by count. */
  prepare(): Promise<void>;
  run(durationMs: number): Promise<Outcome>;
}

/** A driver of messages that go to and fro. */
export interface FlowDriver extends Driver {
  /** How many messages may be in flight. It may be changed between runs. */
  inFlight: number;
  /** The first half of `prepare`: connects. */
  open(): Promise<void>;
  /** The second half. */
  warmUp(): Promise<void>;
}

/** Opens `count` connections, so many at a time. */
async function openMany(
  count: number,
  concurrency: number,
  open: (index: number) => Promise<PeerClient>,
): Promise<PeerClient[]> {
  const clients: PeerClient[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      clients[index] = await open(index);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return clients;
}

const CONCURRENCY = 64;

/** Runs rounds of messages: so many, or until the time is over; then all answers are waited for. */
abstract class Flow implements FlowDriver {
  inFlight: number;
  protected started = 0;
  protected finished = 0;
  private target = 0;
  private deadline = 0;
  private settle: ((error?: Error) => void) | undefined;

  constructor({ inFlight }: EchoCell | BroadcastCell) {
    this.inFlight = inFlight;
  }

  abstract open(): Promise<void>;
  /** Sends as many messages as may be in flight. */
  protected abstract fill(): void;
  protected abstract readonly warmup: number;
  /** What one message counts for. */
  protected abstract readonly weight: number;

  async prepare(): Promise<void> {
    await this.open();
    await this.warmUp();
  }

  async warmUp(): Promise<void> {
    await this.messages(this.warmup, Number.POSITIVE_INFINITY);
  }

  async run(durationMs: number): Promise<Outcome> {
    const before = this.finished;
    const begin = performance.now();
    await this.messages(Number.POSITIVE_INFINITY, begin + durationMs);
    return { count: (this.finished - before) * this.weight, elapsedMs: performance.now() - begin };
  }

  private messages(count: number, deadline: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.target = this.started + count;
      this.deadline = deadline;
      this.settle = (error) => (error === undefined ? resolve() : reject(error));
      this.fill();
    });
  }

  protected abstract readonly clockMask: number;

  /** Whether another message may be sent; looks at the clock at one message in `clockMask + 1`. */
  protected more(): boolean {
    if (this.started >= this.target) {
      return false;
    }
    if ((this.started & this.clockMask) === 0 && performance.now() >= this.deadline) {
      this.target = this.started;
      return false;
    }
    return true;
  }

  /** A message is through. Returns whether to send another in its place. */
  protected completed(): boolean {
    this.finished++;
    if (this.more()) {
      return true;
    }
    if (this.finished === this.started) {
      this.settle?.();
    }
    return false;
  }

  protected readonly fail = (error: Error): void => {
    this.settle?.(error);
  };
}

class EchoFlow extends Flow {
  protected readonly warmup: number;
  protected readonly weight = 1;
  protected readonly clockMask: number;
  private clients: PeerClient[] = [];
  private readonly senders: (() => void)[] = [];

  constructor(
    private readonly cell: EchoCell,
    private readonly connect: Connect,
  ) {
    super(cell);
    this.warmup = cell.warmup;
    this.clockMask = cell.payload === "large" ? 0 : 15;
  }

  async open(): Promise<void> {
    this.clients = await openMany(this.cell.connections, CONCURRENCY, (index) => this.openOne(index));
  }

  private async openOne(index: number): Promise<PeerClient> {
    const payload = createPayload(this.cell.payload);
    let sent = 0;
    let received = 0;
    const client = await this.connect((message) => {
      payload.check(message, received++);
      if (this.completed()) {
        this.started++;
        client.send(payload.create(sent++));
      }
    }, this.fail);
    this.senders[index] = () => {
      this.started++;
      client.send(payload.create(sent++));
    };
    return client;
  }

  protected fill(): void {
    const each = this.inFlight / this.clients.length;
    for (const send of this.senders) {
      for (let count = 0; count < each && this.more(); count++) {
        send();
      }
    }
  }
}

class BroadcastFlow extends Flow {
  protected readonly warmup: number;
  protected readonly weight: number;
  protected readonly clockMask = 0;
  private readonly payload: Payload;
  private clients: PeerClient[] = [];
  /** How many clients have message `first + index`. */
  private readonly deliveries: number[] = [];
  private first = 0;

  constructor(
    private readonly cell: BroadcastCell,
    private readonly connect: Connect,
  ) {
    super(cell);
    this.warmup = cell.warmup;
    this.weight = cell.connections;
    this.payload = createPayload(cell.payload);
  }

  async open(): Promise<void> {
    this.clients = await openMany(this.cell.connections, CONCURRENCY, () => {
      let received = 0;
      return this.connect((message) => {
        this.payload.check(message, received);
        this.delivered(received++);
      }, this.fail);
    });
  }

  private delivered(i: number): void {
    const index = i - this.first;
    const count = (this.deliveries[index] ?? 0) + 1;
    this.deliveries[index] = count;
    if (count === this.clients.length) {
      // In order, as each connection delivers in order.
      this.deliveries.shift();
      this.first++;
      if (this.completed()) {
        this.sendNext();
      }
    }
  }

  private sendNext(): void {
    (this.clients[0] as PeerClient).send(this.payload.create(this.started++));
  }

  protected fill(): void {
    for (let count = 0; count < this.inFlight && this.more(); count++) {
      this.sendNext();
    }
  }
}

function idle(cell: IdleCell, connect: Connect): Driver {
  let clients: PeerClient[] = [];
  return {
    async prepare() {
      await openMany(100, CONCURRENCY, () => connect(ignore, raise)).then(closeAll);
    },
    async run(durationMs) {
      const begin = performance.now();
      clients = await openMany(cell.connections, CONCURRENCY, () => connect(ignore, raise));
      const elapsedMs = performance.now() - begin;
      await new Promise((resolve) => setTimeout(resolve, durationMs));
      return { count: clients.length, elapsedMs };
    },
  };
}

function connecting(cell: ConnectCell, connect: Connect): Driver {
  const rate = async (count: number): Promise<Outcome> => {
    const begin = performance.now();
    const clients = await openMany(count, cell.concurrency, () => connect(ignore, raise));
    const elapsedMs = performance.now() - begin;
    closeAll(clients);
    return { count, elapsedMs };
  };
  return {
    prepare: async () => void (await rate(cell.warmup)),
    run: () => rate(cell.connections),
  };
}

function closeAll(clients: readonly PeerClient[]): void {
  for (const client of clients) {
    client.close();
  }
}

function ignore(): void {}

function raise(error: Error): void {
  throw error;
}

export function createFlow(cell: EchoCell | BroadcastCell, connect: Connect): FlowDriver {
  return cell.kind === "echo" ? new EchoFlow(cell, connect) : new BroadcastFlow(cell, connect);
}

export function createDriver(cell: Cell, connect: Connect): Driver {
  switch (cell.kind) {
    case "echo":
    case "broadcast":
      return createFlow(cell, connect);
    case "idle":
      return idle(cell, connect);
    case "connect":
      return connecting(cell, connect);
  }
}
