// The sums against plain models of them, for any order of calls.

import { ServerFullError } from "@peng3dnet/peer";
import fc from "fast-check";
import { BufferBudget } from "../../src/messages/buffer-budget.js";
import { TypedPacket } from "../../src/messages/typed-packet.js";
import { HeldTotal } from "../../src/server/held-total.js";
import { ReceiveWindow } from "../../src/session/receive-window.js";

const LIMIT = 100;

interface Holder {
  readonly name: string;
  abort(): void;
}

test("HeldTotal: the one that holds most ends where all hold too much, and nothing is left in the end", () => {
  const set = fc.record({ who: fc.nat(5), bytes: fc.nat(60), ends: fc.boolean() });
  fc.assert(
    fc.property(fc.array(set, { maxLength: 100 }), (sets) => {
      const total = new HeldTotal((bytes) => new ServerFullError(`${bytes}`));
      total.limit = LIMIT;
      const model = new Map<number, number>();
      const ended: number[] = [];
      let endsAtOnce = false;
      const holders = [0, 1, 2, 3, 4, 5].map((who) => ({
        abort: () => {
          ended.push(who);
          // As a connection does that is gone within the call.
          if (endsAtOnce) total.set(holder(who), 0);
        },
      }));
      const holder = (who: number) => holders[who] as { abort(): void };
      const sum = (): number => [...model.values()].reduce((all, bytes) => all + bytes, 0);
      for (const { who, bytes, ends } of sets) {
        endsAtOnce = ends;
        ended.length = 0;
        model.set(who, bytes);
        const before = new Map(model);
        total.set(holder(who), bytes);
        for (const one of ended) {
          expect(before.get(one)).toBe(Math.max(...model.values()));
          model.set(one, 0);
        }
        if (bytes > 0) expect(sum()).toBeLessThanOrEqual(LIMIT);
        expect(ended.length === 0).toBe(
          [...before.values()].reduce((all, one) => all + one, 0) <= LIMIT || bytes === 0,
        );
        expect(total.bytes).toBe(sum());
      }
      for (const one of holders) total.set(one, 0);
      expect(total.bytes).toBe(0);
    }),
  );
});

test("HeldTotal: to find the one that ends, no other connection is asked for its address, however many go at once", () => {
  let asked = 0;
  let ended = 0;
  const total = new HeldTotal(
    (bytes) => new ServerFullError(`${bytes}`),
    (holder) => {
      asked++;
      return (holder as Holder).name;
    },
  );
  total.limit = 1000;
  const holders = Array.from({ length: 500 }, (_, index) => ({
    name: `${index % 10}`,
    abort: () => void ended++,
  }));
  for (const holder of holders) total.set(holder, 2);
  for (const holder of holders) total.set(holder, 20);
  expect(ended).toBeGreaterThan(400);
  expect(total.bytes).toBeLessThanOrEqual(1000);
  expect(asked).toBe(1000);
});

test("HeldTotal: one that counts elsewhere from now on, as those do that are gone, is taken from where it was", () => {
  const ended: string[] = [];
  let address = "a";
  const one = { name: "one", abort: () => void ended.push("one") };
  const other = { name: "other", abort: () => void ended.push("other") };
  const total = new HeldTotal(
    (bytes) => new ServerFullError(`${bytes}`),
    (holder) => (holder === one ? address : "a"),
  );
  total.limit = 100;
  total.set(one, 60);
  total.set(other, 30);
  address = "b";
  total.set(one, 50);
  expect(total.bytes).toBe(80);
  total.set(other, 55);
  expect(ended).toEqual(["other"]);
  expect(total.bytes).toBe(50);
  total.set(one, 0);
  expect(total.bytes).toBe(0);
});

test("HeldTotal: of the address that holds most together, the one that holds most ends", () => {
  const ended: string[] = [];
  const holders = ["a1", "a2", "a3", "b1"].map((name) => ({ name, abort: () => void ended.push(name) }));
  const [a1, a2, a3, b1] = holders as [Holder, Holder, Holder, Holder];
  const total = new HeldTotal(
    (bytes) => new ServerFullError(`${bytes}`),
    (holder) => (holder as Holder).name[0],
  );
  total.limit = LIMIT;
  total.set(a1, 30);
  total.set(a2, 31);
  total.set(b1, 38);
  expect(ended).toEqual([]);
  total.set(a3, 10);
  expect(ended).toEqual(["a2"]);
  total.set(b1, 70);
  expect(ended).toEqual(["a2", "b1"]);
  expect(total.bytes).toBe(40);
});

test("BufferBudget: who waits is held once, and by nobody where there is room", () => {
  const step = fc.record({
    what: fc.constantFrom("arrive", "arrive", "consume", "consume", "forget"),
    who: fc.nat(4),
    bytes: fc.integer({ min: 1, max: 70 }),
    eager: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const packet = Object.assign(Object.create(TypedPacket.prototype), { iterators: 1 });
      const budget = new BufferBudget({ findId: () => ({ obj: packet }) } as never);
      budget.limit = LIMIT;
      const buffered: number[] = [];
      const used = (): number => buffered.reduce((sum, bytes) => sum + bytes, 0);
      let eager = false;
      const consume = (): void => {
        const bytes = buffered.shift();
        if (bytes !== undefined) budget.remove(bytes);
      };
      const arrive = (one: (typeof sessions)[number], bytes: number): void => {
        if (budget.keepsOut(one, 64)) {
          one.kept = bytes;
          return;
        }
        buffered.push(bytes);
        budget.add(bytes);
      };
      const sessions = [0, 1, 2, 3, 4].map(() => {
        const session = {
          holds: 0,
          kept: 0,
          pause: () => void session.holds++,
          resume: () => {
            session.holds--;
            const { kept } = session;
            session.kept = 0;
            arrive(session, kept);
            if (eager) consume();
          },
        };
        return session;
      });
      for (const { what, who, bytes, eager: now } of steps) {
        eager = now;
        const one = sessions[who] as (typeof sessions)[number];
        if (what === "consume") consume();
        else if (what === "forget") {
          budget.forget(one);
          one.holds = 0;
          one.kept = 0;
        } else if (one.holds === 0) arrive(one, bytes);
        for (const session of sessions) {
          expect(session.holds).toBe(session.kept > 0 ? 1 : 0);
          if (session.holds > 0) expect(budget.full).toBe(true);
        }
        expect(used()).toBeLessThan(LIMIT + 70);
      }
      while (buffered.length > 0) consume();
      expect(budget.full).toBe(false);
      expect(sessions.every(({ holds, kept }) => holds === 0 && kept === 0)).toBe(true);
    }),
  );
});

test("ReceiveWindow: full at a limit, and until half is free", () => {
  const step = fc.record({
    what: fc.constantFrom("enqueued", "enqueued", "dequeued", "pause", "resume"),
    bytes: fc.nat(40),
    others: fc.nat(250),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const window = new ReceiveWindow({ maxQueuedPackets: 6, maxQueuedBytes: LIMIT, maxQueuedTotal: 200 });
      const queue: number[] = [];
      let full = false;
      let holds = 0;
      const sum = (): number => queue.reduce((all, bytes) => all + bytes, 0);
      const dequeue = (): void => {
        const bytes = queue.shift();
        if (bytes === undefined) return;
        const frees = full && queue.length <= 3 && sum() <= LIMIT / 2;
        expect(window.dequeued(bytes)).toBe(frees);
        if (frees) full = false;
      };
      for (const { what, bytes, others } of steps) {
        if (what === "enqueued") {
          queue.push(bytes);
          const fills: boolean = !full && (queue.length >= 6 || sum() >= LIMIT || sum() + others >= 200);
          expect(window.enqueued(bytes, sum() + others)).toBe(fills);
          full ||= fills;
        } else if (what === "dequeued") dequeue();
        else {
          holds = what === "pause" ? holds + 1 : Math.max(0, holds - 1);
          window[what]();
        }
        expect(window).toMatchObject({
          packets: queue.length,
          bytes: sum(),
          paused: holds > 0,
          blocked: full || holds > 0,
        });
      }
      for (; holds > 0; holds--) window.resume();
      while (queue.length > 0) dequeue();
      expect(window).toMatchObject({ packets: 0, bytes: 0, paused: false, blocked: false });
    }),
  );
});
