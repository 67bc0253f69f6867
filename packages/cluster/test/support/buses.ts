import {
  type Bus,
  type BusFactory,
  type BusListener,
  type NatsBusOptions,
  natsBus,
} from "@peng3dnet/cluster";
import { type Logger, systemClock } from "@peng3dnet/core";
import { NatsServer, type NatsServerOptions } from "@peng3dnet-internal/nats-server";
import { onCleanup } from "../../../core/test/support/cleanup.js";

/** A bus that a test opened, and what it said. */
export interface Opened {
  readonly bus: Bus;
  /** What it logged, each line after its level. */
  readonly logged: string[];
  /** Each change of its state. */
  readonly changes: Parameters<BusListener>[];
  /** Resolves once the bus is in a state. */
  until(state: "connected" | "disconnected" | "closed"): Promise<void>;
}

/** Starts a nats-server for a test. */
export async function startNats(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = await NatsServer.start(options);
  onCleanup(() => server.dispose());
  return server;
}

/** Opens a bus, and closes it after the test. */
export async function open(factory: BusFactory, name = "node"): Promise<Opened> {
  const logged: string[] = [];
  const line = (level: string) => (text: string) => void logged.push(`${level}: ${text}`);
  const logger: Logger = {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
  };
  const bus = await factory.connect({ name, logger, clock: systemClock });
  onCleanup(() => bus.close());
  const changes: Parameters<BusListener>[] = [];
  const waiting = new Set<() => void>();
  bus.watch((...change) => {
    changes.push(change);
    for (const look of [...waiting]) look();
  });
  const until: Opened["until"] = (state) =>
    new Promise((resolve) => {
      const look = (): void => {
        const now = changes.at(-1)?.[0] ?? "connected";
        if (now !== state) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { bus, logged, changes, until };
}

/** Opens a bus over a nats-server that dials again at once. */
export function openNats(server: NatsServer, options: NatsBusOptions = {}): Promise<Opened> {
  return open(natsBus({ servers: server.url, reconnectTimeWait: 20, reconnectJitter: 0, ...options }));
}

/** Collects what a bus receives on a subject, and waits for it. */
export async function hear(bus: Bus, subject: string) {
  const payloads: Uint8Array[] = [];
  let look: () => void = () => undefined;
  bus.subscribe(subject, (payload) => {
    payloads.push(payload);
    look();
  });
  await bus.flush();
  return {
    payloads,
    get texts() {
      return payloads.map((payload) => new TextDecoder().decode(payload));
    },
    until: (count: number) =>
      new Promise<void>((resolve) => {
        look = () => {
          if (payloads.length >= count) resolve();
        };
        look();
      }),
  };
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
