// Who gets in, and that nothing is kept of those who are gone.

import { Config } from "@peng3dnet/peer";
import fc from "fast-check";
import { Admission } from "../../src/server/admission.js";

/** How many connections the process can have open. */
const PROCESS_LIMIT = 1000;

const ADDRESSES = [
  "192.0.2.1",
  "::ffff:192.0.2.1",
  "192.0.2.2",
  "2001:db8::1",
  "2001:db8::2",
  "2001:db8:0:1::",
];
/** Which of them are one. */
const GROUPS = [0, 0, 1, 2, 2, 3];

interface Limits {
  readonly all?: number;
  readonly address?: number;
  readonly pending?: number;
  readonly pendingAddress?: number;
}

/** A connection, and the number that tests know it by. */
interface Numbered {
  readonly number: number;
  admitted: object | undefined;
}

/** An admission of connections that are told apart by numbers. */
class NumberedAdmission {
  readonly #admission: Admission<Numbered>;
  readonly #connections = new Map<number, Numbered>();

  constructor(cfg: Config, connectionLimit: () => number) {
    this.#admission = new Admission(cfg, connectionLimit);
  }

  #connection(number: number): Numbered {
    const connection = this.#connections.get(number) ?? { number, admitted: undefined };
    this.#connections.set(number, connection);
    return connection;
  }

  begin(number: number, address: string): number | undefined {
    return this.#admission.begin(this.#connection(number), address)?.number;
  }

  enter(number: number, address: string, pending: boolean): void {
    this.#admission.enter(this.#connection(number), address, pending);
  }

  settled(number: number): void {
    this.#admission.settled(this.#connection(number));
  }

  end(number: number): void {
    this.#admission.end(this.#connection(number));
  }

  refusal(connections: number, address: string): string | undefined {
    return this.#admission.refusal(connections, address);
  }

  addressOf(number: number): string | undefined {
    return this.#admission.addressOf(this.#connection(number));
  }

  error(): ReturnType<Admission<Numbered>["error"]> {
    return this.#admission.error();
  }

  get size(): Admission<Numbered>["size"] {
    return this.#admission.size;
  }
}

function admission({ all = 100, address = 100, pending = 100, pendingAddress = 100 }: Limits) {
  return new NumberedAdmission(
    new Config({
      "net.limits.connections": all,
      "net.limits.connections.address": address,
      "net.limits.pending": pending,
      "net.limits.pending.address": pendingAddress,
    }),
    () => PROCESS_LIMIT,
  );
}

test("one address cannot take the place of all others", () => {
  const admitted = admission({ address: 2 });
  admitted.begin(1, "2001:db8::1");
  admitted.settled(1);
  admitted.begin(2, "2001:db8::2");
  expect(admitted.refusal(2, "2001:db8::3")).toBe("serverfull");
  expect(admitted.refusal(2, "2001:db8:0:1::3")).toBeUndefined();
  expect(admitted.refusal(2, "192.0.2.1")).toBeUndefined();
  // A handshake that is over takes nothing from the count; a connection that is gone does.
  admitted.settled(2);
  expect(admitted.refusal(2, "2001:db8::3")).toBe("serverfull");
  admitted.end(1);
  expect(admitted.refusal(1, "2001:db8::3")).toBeUndefined();
});

test("handshakes under way count by the same addresses", () => {
  const admitted = admission({ pendingAddress: 2 });
  expect(admitted.begin(1, "192.0.2.1")).toBeUndefined();
  expect(admitted.begin(2, "::ffff:c000:201")).toBeUndefined();
  expect(admitted.begin(3, "192.0.2.2")).toBeUndefined();
  expect(admitted.begin(4, "::ffff:192.0.2.1")).toBe(1);
  expect(admitted.begin(5, "192.0.2.1")).toBe(2);
});

test("the handshakes of an address are counted on when all but one are over", () => {
  const admitted = admission({ pendingAddress: 2 });
  admitted.begin(1, "192.0.2.1");
  admitted.begin(2, "192.0.2.1");
  admitted.settled(1);
  expect(admitted.begin(3, "192.0.2.1")).toBeUndefined();
  expect(admitted.begin(4, "192.0.2.1")).toBe(2);
});

test("past 128 connections, as many are let in as the process can have open", () => {
  const admitted = admission({ all: 10_000_000, address: 10_000_000 });
  for (const connections of [127, 128, 129, PROCESS_LIMIT - 1])
    expect(admitted.refusal(connections, "192.0.2.1")).toBeUndefined();
  expect(admitted.refusal(PROCESS_LIMIT, "192.0.2.1")).toBe("serverfull");
});

test("a server takes as many connections as it is told, from however many addresses", () => {
  const admitted = admission({ all: 2 });
  expect(admitted.refusal(1, "192.0.2.1")).toBeUndefined();
  expect(admitted.refusal(2, "192.0.2.1")).toBe("serverfull");
});

test("up to 128 connections, nobody asks how many the process can have open", () => {
  let asked = 0;
  const cfg = new Config({ "net.limits.connections": 1000, "net.limits.connections.address": 1000 });
  const admitted = new NumberedAdmission(cfg, () => {
    asked++;
    return 100;
  });
  expect(admitted.refusal(127, "192.0.2.1")).toBeUndefined();
  expect(asked).toBe(0);
  expect(admitted.refusal(128, "192.0.2.1")).toBe("serverfull");
  expect(admitted.refusal(500, "192.0.2.1")).toBe("serverfull");
  expect(asked).toBe(1);
});

test("a client that came back counts at its address, and as a handshake only while one is under way", () => {
  const admitted = admission({ address: 2, pendingAddress: 1 });
  admitted.enter(1, "192.0.2.1", false);
  expect(admitted.size).toEqual({ connections: 1, pending: 0, addresses: 1 });
  admitted.enter(2, "192.0.2.1", true);
  expect(admitted.size).toEqual({ connections: 2, pending: 1, addresses: 1 });
  expect(admitted.refusal(2, "192.0.2.1")).toBe("serverfull");
  expect(admitted.begin(3, "192.0.2.1")).toBe(2);
  for (const session of [1, 2, 3]) admitted.end(session);
  expect(admitted.size).toEqual({ connections: 0, pending: 0, addresses: 0 });
});

test("a connection is told apart by its address for as long as it is there", () => {
  const admitted = admission({});
  const [session, stranger] = [1, 2];
  admitted.begin(session, "2001:db8::1");
  expect(admitted.addressOf(session)).toBe("2001:db8:0:0::/64");
  expect(admitted.addressOf(stranger)).toBeUndefined();
  admitted.end(session);
  expect(admitted.addressOf(session)).toBeUndefined();
});

test("an address counts for as long as one of its connections is there", () => {
  const admitted = admission({ address: 2 });
  for (const session of [1, 2]) admitted.begin(session, "192.0.2.1");
  admitted.end(1);
  admitted.begin(3, "192.0.2.1");
  expect(admitted.size).toEqual({ connections: 2, pending: 2, addresses: 1 });
  expect(admitted.refusal(2, "192.0.2.1")).toBe("serverfull");
});

test("who waits counts until that ends, and ends once", () => {
  const cfg = new Config({ "net.limits.connections": 2 });
  const admission = new Admission<Numbered>(cfg, () => PROCESS_LIMIT);
  const [end] = [admission.wait("192.0.2.1"), admission.wait("192.0.2.1")];
  expect(admission.refusal(0, "192.0.2.2")).toBe("serverfull");
  end?.();
  expect(admission.refusal(0, "192.0.2.2")).toBeUndefined();
  end?.();
  expect([admission.size.addresses, admission.refusal(1, "192.0.2.2")]).toEqual([1, "serverfull"]);
});

test("who has to go is told which options that is for", () => {
  const error = admission({}).error();
  expect(error.code).toBe("P3D_ERR_SERVER_FULL");
  expect(error.message).toContain("net.limits.pending, net.limits.pending.address");
});

interface Step {
  readonly what: "begin" | "settled" | "end" | "refusal";
  readonly session: number;
  readonly address: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom("begin", "begin", "settled", "end", "refusal"),
  session: fc.nat(30),
  address: fc.nat(ADDRESSES.length - 1),
});

test("it counts right for any order of begin and end, and nothing is left in the end", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 4 }), (steps, limit) => {
      const admitted = admission({ address: limit, pending: 2 * limit, pendingAddress: limit });
      const groups = new Map<number, number>();
      let pending: number[] = [];
      const inGroup = (group: number | undefined, sessions: Iterable<number>): number[] =>
        [...sessions].filter((session) => groups.get(session) === group);
      for (const { what, session, address } of steps) {
        const text = ADDRESSES[address] as string;
        const group = GROUPS[address] as number;
        if (what === "refusal") {
          const full = inGroup(group, groups.keys()).length >= limit;
          expect(admitted.refusal(groups.size, text)).toBe(full ? "serverfull" : undefined);
        } else if (what === "begin") {
          // A connection begins once.
          if (groups.has(session)) continue;
          groups.set(session, group);
          pending.push(session);
          const same = inGroup(group, pending);
          const crowded = same.length > limit ? same : pending.length > 2 * limit ? pending : [];
          const [oldest] = crowded;
          expect(admitted.begin(session, text)).toBe(oldest);
          pending = pending.filter((one) => one !== oldest);
        } else {
          admitted[what](session);
          pending = pending.filter((one) => one !== session);
          if (what === "end") groups.delete(session);
        }
        expect(admitted.size).toEqual({
          connections: groups.size,
          pending: pending.length,
          addresses: new Set(groups.values()).size,
        });
      }
      for (const session of groups.keys()) admitted.end(session);
      expect(admitted.size).toEqual({ connections: 0, pending: 0, addresses: 0 });
    }),
  );
});
