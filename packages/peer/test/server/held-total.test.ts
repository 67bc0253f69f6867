// What all connections hold together, and which of them goes when that is too much.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Peng3dnetError, ServerFullError, SlowConsumerError } from "@peng3dnet/peer";
import { HeldTotal, inputTotalError, unsentTotalError } from "../../src/server/held-total.js";

class Holder {
  readonly errors: string[] = [];

  constructor(
    readonly name: string,
    public address: unknown = undefined,
  ) {}

  abort(error: Peng3dnetError): void {
    this.errors.push(error.message);
  }
}

/** A total of 100 bytes, of holders who have an address or count together. */
function total(limit = 100) {
  const held = new HeldTotal(
    (bytes) => new ServerFullError(`${bytes}`),
    (holder) => (holder as Holder).address,
  );
  held.limit = limit;
  return held;
}

test("follows what each says that it holds, the last one", () => {
  const held = total();
  const [one, other] = [new Holder("one"), new Holder("other")];
  held.set(one, 30);
  held.set(other, 40);
  expect(held.bytes).toBe(70);
  held.set(one, 10);
  expect(held.bytes).toBe(50);
  held.set(other, 0);
  held.set(other, 0);
  expect(held.bytes).toBe(10);
  held.set(one, 100);
  expect([held.bytes, one.errors]).toEqual([100, []]);
});

test("has no limit unless one is set, and counts all as one without addresses", () => {
  const held = new HeldTotal((bytes) => new ServerFullError(`${bytes}`));
  const holders = [1, 2, 3].map((bytes) => {
    const holder = new Holder(`${bytes}`, bytes);
    held.set(holder, bytes * 1e12);
    return holder;
  });
  expect(holders.map(({ errors }) => errors)).toEqual([[], [], []]);
  held.limit = 5e12;
  held.set(new Holder("new"), 1);
  expect(holders.map(({ errors }) => errors)).toEqual([[], [], ["3000000000000"]]);
});

test("past it, those who hold most go, each with what it held, until it is enough", () => {
  const held = total();
  const small = new Holder("small");
  const large = new Holder("large");
  const larger = new Holder("larger");
  held.set(small, 20);
  held.set(large, 30);
  held.set(larger, 40);
  held.limit = 60;
  held.set(small, 21);
  expect([small.errors, large.errors, larger.errors]).toEqual([[], [], ["40"]]);
  expect(held.bytes).toBe(51);
  held.limit = 20;
  held.set(small, 20);
  expect([small.errors, large.errors, larger.errors]).toEqual([[], ["30"], ["40"]]);
  expect(held.bytes).toBe(20);
});

test("nobody goes for one that holds nothing any more, though the limit is lower now", () => {
  const held = total();
  const [one, other] = [new Holder("one"), new Holder("other")];
  held.set(one, 40);
  held.set(other, 50);
  held.limit = 30;
  held.set(one, 0);
  expect([held.bytes, other.errors]).toEqual([50, []]);
});

test("of the address that holds most together, it is the one that holds most", () => {
  const held = total(120);
  const alone = new Holder("alone", "a");
  const many = [10, 25, 24].map((bytes) => {
    const holder = new Holder(`${bytes}`, "b");
    held.set(holder, bytes);
    return holder;
  });
  held.set(alone, 60);
  // With this, they hold a byte more than the one that is alone.
  held.set(many[0] as Holder, 12);
  expect([alone.errors, ...many.map(({ errors }) => errors)]).toEqual([[], [], ["25"], []]);
  expect(held.bytes).toBe(96);
  // What the one that is gone says now counts for nobody else.
  held.set(many[1] as Holder, 0);
  expect(held.bytes).toBe(96);
});

test("one that changes its address is counted with the new one alone", () => {
  const held = total();
  const [mover, stays, other] = [
    new Holder("mover", "a"),
    new Holder("stays", "a"),
    new Holder("other", "b"),
  ];
  held.set(mover, 30);
  held.set(stays, 20);
  held.set(other, 45);
  mover.address = "alone";
  held.set(mover, 31);
  expect(held.bytes).toBe(96);
  held.set(stays, 25);
  expect([mover.errors, stays.errors, other.errors]).toEqual([[], [], ["45"]]);
  expect(held.bytes).toBe(56);
});

test("comes to an end also where those who go tell that they hold something still", () => {
  const held = total();
  class Stubborn extends Holder {
    override abort(error: Peng3dnetError): void {
      super.abort(error);
      held.set(this, 0);
    }
  }
  const holders = [60, 50].map((bytes) => {
    const holder = new Stubborn(`${bytes}`);
    held.set(holder, bytes);
    return holder;
  });
  expect(holders.map(({ errors }) => errors)).toEqual([["60"], []]);
  expect(held.bytes).toBe(50);
});

// A connection that is gone is an address of its own.
test("keeps nothing of an address once nobody holds anything there", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = total();
  const addresses = Array.from({ length: 3 }, () => {
    const address = {};
    const holders = ["one", "other"].map((name) => new Holder(name, address));
    for (const bytes of [10, 0]) for (const holder of holders) held.set(holder, bytes);
    return new WeakRef(address);
  });
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(addresses.map((address) => address.deref())).toEqual([undefined, undefined, undefined]);
  expect(held.bytes).toBe(0);
});

test("the errors say how much it was, of what, and which option helps", () => {
  expect(inputTotalError(12)).toBeInstanceOf(ServerFullError);
  expect(inputTotalError(12).message).toBe(
    "all connections together hold more input than net.limits.unprocessed.total; this one had most of what its address has, 12 bytes",
  );
  expect(unsentTotalError(12)).toBeInstanceOf(SlowConsumerError);
  expect(unsentTotalError(12).message).toBe(
    "all connections together have more unsent than net.limits.unsent.total; this one had most of what its address has, 12 bytes",
  );
});
