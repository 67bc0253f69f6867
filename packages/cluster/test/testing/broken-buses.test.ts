// Each case of the suite for buses fails on a bus that breaks what it is about, and says so.

import { type Bus, type BusContext, type BusFactory, type BusReceiver, memoryBus } from "@peng3dnet/cluster";
import { busConformance, TestBus } from "@peng3dnet/cluster/testing";

/** What of a bus is broken. */
type Break = (bus: Bus, context: BusContext) => Partial<Bus>;

/** A bus that goes on as another one, but for what is broken. */
function wrap(bus: Bus, broken: Partial<Bus>): Bus {
  return {
    get maxPayload() {
      return bus.maxPayload;
    },
    get connected() {
      return bus.connected;
    },
    publish: (subject, payload) => bus.publish(subject, payload),
    subscribe: (subject, receive) => bus.subscribe(subject, receive),
    watch: (listener) => bus.watch(listener),
    flush: (options) => bus.flush(options),
    close: () => bus.close(),
    ...broken,
  };
}

/** Receives with what a break makes of a receiver. */
const receiving =
  (change: (receive: BusReceiver, bus: Bus) => BusReceiver): Break =>
  (bus) => ({ subscribe: (subject, receive) => bus.subscribe(subject, change(receive, bus)) });

const publishing =
  (change: (publish: Bus["publish"], context: BusContext) => Bus["publish"]): Break =>
  (bus, context) => ({ publish: change((subject, payload) => bus.publish(subject, payload), context) });

interface Row {
  /** Part of the name of the case. */
  readonly name: string;
  readonly breaks: Break;
  /** What the case says. */
  readonly says: RegExp;
  /** What the bus is made with, in place of what the case asks for. */
  readonly options?: { readonly offline?: "keep" | "refuse"; readonly maxKept?: number };
}

const rows: Row[] = [
  {
    name: "arrives in order, also over several subjects",
    // What goes to one subject overtakes what goes to another.
    breaks: publishing((publish) => (subject, payload) => {
      if (subject.endsWith(".0")) setImmediate(() => publish(subject, payload));
      else publish(subject, payload);
    }),
    says: /^messages of one bus: 500 were to come, in order, and at 0, 1 came/,
  },
  {
    name: "two buses publish at the same time",
    breaks: publishing((publish, { name }) => {
      let count = 0;
      return (subject, payload) => {
        publish(subject, payload);
        if (name === "two" && ++count === 100) publish(subject, payload);
      };
    }),
    says: /^messages of one bus among those of another are not in order/,
  },
  {
    name: "all who subscribed receive it once",
    breaks: publishing((publish) => (subject, payload) => {
      publish(subject, payload);
      publish(subject, payload);
    }),
    says: /^messages to all who subscribed: 3 were to come, in order, and at 1, 0 came/,
  },
  {
    name: "nothing is received within the call",
    breaks: () => {
      const receivers: BusReceiver[] = [];
      return {
        subscribe: (_subject, receive) => {
          receivers.push(receive);
          return { unsubscribe: () => undefined };
        },
        publish: (subject, payload) => {
          for (const receive of receivers) receive(payload, subject);
        },
      };
    },
    says: /^a message was received within the call/,
  },
  {
    name: "a subscription holds for whatever comes upon",
    breaks: (bus) => ({
      subscribe: (subject, receive) => {
        setTimeout(() => bus.subscribe(subject, receive), 10);
        return { unsubscribe: () => undefined };
      },
      flush: () => new Promise((resolve) => setTimeout(resolve, 30)),
    }),
    says: /^an answer was missed/,
  },
  {
    name: "after its end, a subscription receives nothing",
    breaks: (bus) => ({
      subscribe: (subject, receive) => {
        const { unsubscribe } = bus.subscribe(subject, receive);
        return { unsubscribe: () => void setTimeout(unsubscribe, 20) };
      },
    }),
    says: /^a subscription that ended with its first message received 10/,
  },
  {
    name: "payloads arrive as they are",
    breaks: publishing((publish) => (subject, payload) => {
      publish(subject, payload.length > 65_536 ? payload.subarray(0, 65_536) : payload);
    }),
    says: /^a payload of 1048576 bytes did not arrive as it was published/,
  },
  {
    name: "payloads belong to who has them",
    breaks: (bus) => {
      const receivers = new Map<string, BusReceiver[]>();
      return {
        subscribe: (subject, receive) => {
          const others = receivers.get(subject);
          if (others === undefined) {
            const all = [receive];
            receivers.set(subject, all);
            return bus.subscribe(subject, (payload, from) => {
              for (const call of all) call(payload, from);
            });
          }
          others.push(receive);
          return { unsubscribe: () => undefined };
        },
      };
    },
    says: /^a payload was changed by/,
  },
  {
    name: "what a receiver throws is logged",
    breaks: receiving((receive) => (payload, subject) => {
      try {
        Promise.resolve(receive(payload, subject)).catch(() => undefined);
      } catch {
        // Nobody is told.
      }
    }),
    says: /^what a receiver threw was not logged/,
  },
  {
    name: "what its subject or its wildcards mean",
    breaks: (bus) => ({
      subscribe: (subject, receive) => bus.subscribe(subject.replace(/\*$/, ">"), receive),
    }),
    says: /^a subscription to a\.\* received/,
  },
  {
    name: "what is no subject is refused",
    breaks: publishing((publish) => (subject, payload) => {
      if (subject !== "a..b") publish(subject, payload);
    }),
    says: /^publishing to "a\.\.b" did not throw a BusSubjectError/,
  },
  {
    name: "a subject may have 255 characters",
    breaks: publishing((publish) => (subject, payload) => publish(subject.slice(0, 254), payload)),
    says: /^a message to a subject of 255 characters: 0 of 1 arrived/,
  },
  {
    name: "a payload that is too long is refused",
    breaks: publishing((publish) => (subject, payload) => {
      if (payload.length < 100) publish(subject, payload);
    }),
    says: /^a payload that is too long did not throw a BusPayloadError/,
  },
  {
    name: "a bus that was opened is connected",
    breaks: () => ({ connected: false }),
    says: /^a bus that was opened is not connected/,
  },
  {
    name: "what was published before a close arrives",
    // As one that hands over later what it was given, and not at all once it is closed.
    breaks: (bus) => ({
      publish: (subject, payload) => {
        setImmediate(() => {
          if (bus.connected) bus.publish(subject, payload);
        });
      },
    }),
    says: /^messages before a close: 0 of 150 arrived/,
  },
  {
    name: "a closed bus receives nothing, and refuses calls",
    breaks: (bus) => ({
      publish: (subject, payload) => {
        if (bus.connected) bus.publish(subject, payload);
      },
    }),
    says: /^publishing on a closed bus did not throw a BusClosedError/,
  },
  {
    name: "what a listener for the state throws",
    breaks: (bus) => {
      let threw = false;
      return {
        watch: (listener) =>
          bus.watch((...change) => {
            if (threw) return;
            try {
              listener(...change);
            } catch {
              threw = true;
            }
          }),
      };
    },
    says: /^a listener was not told, since another one threw/,
  },
  {
    name: "a flush waits for the broker as long as it was told",
    breaks: () => ({ flush: () => Promise.resolve() }),
    says: /^a flush without a broker should reject with a TimedOutError/,
  },
  {
    name: "a flush that waits for the broker ends with the bus",
    breaks: (bus) => ({ flush: (options) => (bus.connected ? bus.flush(options) : Promise.resolve()) }),
    says: /^a flush of a bus that closes should reject with a BusClosedError/,
  },
  {
    name: "a bus says when it is disconnected",
    breaks: (bus) => ({
      watch: (listener) =>
        bus.watch((state, change) => {
          listener(state, change);
          listener(state, change);
        }),
    }),
    says: /^a bus whose broker went and came said disconnected, disconnected/,
  },
  {
    name: "subscriptions outlive a disconnection",
    breaks: (bus) => ({
      subscribe: (subject, receive) => {
        const subscription = bus.subscribe(subject, receive);
        bus.watch(() => subscription.unsubscribe());
        return subscription;
      },
    }),
    says: /^a message to a subscription from before a disconnection: 0 of 1 arrived/,
  },
  {
    name: "is kept, and arrives once, in order, before what comes later",
    // As a client that forgets what it has buffered with each attempt to connect.
    breaks: (bus) => ({
      publish: (subject, payload) => {
        if (bus.connected) bus.publish(subject, payload);
      },
    }),
    says: /^messages that were kept: 1 of 11 arrived/,
  },
  {
    name: "what would be over the limit of what is kept is refused",
    options: { offline: "keep" },
    breaks: () => ({}),
    says: /^of 200 messages, 200 were kept in 4096 bytes/,
  },
  {
    name: "a bus that keeps nothing refuses",
    options: { offline: "keep" },
    breaks: () => ({}),
    says: /^publishing while the bus is disconnected did not throw a BusAwayError/,
  },
  {
    name: "can be closed, and says what is lost with it",
    options: { offline: "refuse" },
    breaks: publishing((publish) => (subject, payload) => {
      try {
        publish(subject, payload);
      } catch {
        // It is lost, and nobody is told.
      }
    }),
    says: /^a bus that closed with 2 publications kept did not log that they are lost/,
  },
];

/** The suite over a broken bus, which waits a short time only. */
function suite({ breaks, options }: Pick<Row, "breaks" | "options">) {
  return busConformance({
    name: "broken",
    timeout: 0.5,
    prepare: (asked) => {
      const bus = new TestBus(options ?? asked);
      const factory: BusFactory = {
        connect: async (context) => {
          const inner = await bus.connect(context);
          return wrap(inner, breaks(inner, context));
        },
      };
      return { factory, interrupt: () => bus.disconnect(), restore: () => bus.reconnect() };
    },
  });
}

test.each(rows)("$name: fails on a bus that breaks it", async ({ name, says, ...broken }) => {
  const cases = suite(broken).filter((one) => one.name.includes(name));
  expect(cases).toHaveLength(1);
  await expect(cases[0]?.run()).rejects.toThrow(says);
});

test("each case is seen failing", () => {
  const names = suite({ breaks: () => ({}) }).map(({ name }) => name);
  const missing = names.filter((name) => !rows.some((row) => name.includes(row.name)));
  expect(missing).toEqual([]);
});

test("a bus that nobody breaks passes, in the same wrapping", async () => {
  for (const { run } of suite({ breaks: () => ({}) })) await run();
});

test("what cannot be interrupted is tested in all else", async () => {
  const all = suite({ breaks: () => ({}) });
  const some = busConformance({
    name: "broken",
    prepare: (options) => ({ factory: memoryBus(options) }),
    interruptible: false,
  });
  const names = some.map(({ name }) => name);
  const left = all.map(({ name }) => name).filter((name) => !names.includes(name));
  expect(left.length).toBeGreaterThan(0);
  expect(names.length + left.length).toBe(all.length);
});
