// What a connection knows of its type, and what it does with the mistakes of one.

import {
  type Cid,
  ConnectionType,
  type Peng3dnetError,
  SIDE_SERVER,
  SmartPacketInvalidError,
  UnexpectedPacketError,
} from "@peng3dnet/protocol";
import { BoundType, BoundTypes, bindType } from "../../src/connection/bound-type.js";
import { thenable } from "../support/horrors.js";
import { FakeHost, FakePeer } from "../support/pair.js";

const peer = new FakePeer(SIDE_SERVER);

class Plain extends ConnectionType {
  override init(): void {}
}

class Receiving extends Plain {
  override receive(): boolean {
    return true;
  }
}

class Sending extends Plain {
  override send(): boolean {
    return true;
  }
}

const bind = (type: ConnectionType): BoundType => new BoundType("custom", type);

/** A bound type whose `init` does something. A plugin may return anything. */
const beginning = (init: () => unknown): BoundType => bind(Object.assign(new Plain(peer), { init }));

test.each([
  ["nothing", Plain, false, false],
  ["what is received", Receiving, true, false],
  ["what is sent", Sending, false, true],
] as const)("a type that wants to see %s", (_, type, receives, observesSend) => {
  expect(bind(new type(peer))).toMatchObject({ receives, observesSend });
});

describe("what a hook throws", () => {
  const thrownBy = (error: unknown, host: FakeHost): unknown => {
    try {
      beginning(() => {
        throw error;
      }).init(1, host);
    } catch (thrown) {
      return thrown;
    }
    return undefined;
  };

  test("passes, if it says that the peer did wrong", () => {
    const host = new FakeHost();
    const error = new UnexpectedPacketError("too early");
    expect(thrownBy(error, host)).toBe(error);
    expect(host.failures).toEqual([]);
  });

  test("passes, if another copy of this package says so", () => {
    const host = new FakeHost();
    const error: Pick<Peng3dnetError, "code" | "closeReason"> = { code: "P3D_ERR_X", closeReason: "baddata" };
    expect(thrownBy(error, host)).toBe(error);
    expect(host.failures).toEqual([]);
  });

  test.each([
    ["an error of the application", new Error("mistake")],
    ["an error of this package that is not the peer's", new SmartPacketInvalidError("no")],
    ["no error at all", undefined],
  ])("is reported, if it is %s", (_, error) => {
    const host = new FakeHost();
    expect(thrownBy(error, host)).toBeUndefined();
    expect(host.failures).toEqual([{ error, where: "custom.init" }]);
  });
});

test("what `send` throws ends the connection, and the caller of it goes on", () => {
  const error = new UnexpectedPacketError("too early");
  const type = bind(
    Object.assign(new Sending(peer), {
      send: () => {
        throw error;
      },
    }),
  );
  const host = new FakeHost();
  expect(type.send(new Uint8Array(0), "a", 1, host)).toBe(true);
  expect(host.faults).toEqual([{ error, where: "custom.send" }]);
  expect(host.failures).toEqual([]);
});

const reject = (_: unknown, failed: (error: unknown) => void): void => failed(new Error("late"));

test.each([
  ["a promise", () => Promise.reject(new Error("late"))],
  ["an object with `then`", () => thenable(reject)],
  ["a function with `then`", () => Object.setPrototypeOf(() => {}, thenable(reject))],
])("a hook that returns %s which rejects is reported", async (_, result) => {
  const host = new FakeHost();
  beginning(result).init(1, host);
  await Promise.resolve();
  await Promise.resolve();
  expect(host.failures).toEqual([{ error: new Error("late"), where: "custom.init" }]);
});

describe("the bound types of a peer", () => {
  test("are the same for the same name and type, whatever was asked for in between", () => {
    const types = new BoundTypes();
    const [one, two, three] = [new Plain(peer), new Receiving(peer), new Sending(peer)];
    const first = types.of("one", one);
    const second = types.of("two", two);
    const third = types.of("three", three);
    expect([first.type, second.type, third.type]).toEqual([one, two, three]);
    expect([first.name, second.name, third.name]).toEqual(["one", "two", "three"]);
    for (let round = 0; round < 2; round++) {
      expect(types.of("one", one)).toBe(first);
      expect(types.of("one", one)).toBe(first);
      expect(types.of("two", two)).toBe(second);
      expect(types.of("three", three)).toBe(third);
    }
  });

  test("are new where another type has taken a name", () => {
    const types = new BoundTypes();
    const [old, other, later] = [new Plain(peer), new Receiving(peer), new Sending(peer)];
    const first = types.of("custom", old);
    expect(types.of("custom", other).type).toBe(other);
    types.of("classic", old);
    const replaced = types.of("custom", later);
    expect(replaced.type).toBe(later);
    expect(types.of("custom", later)).toBe(replaced);
    expect(replaced).not.toBe(first);
  });
});

describe("the type of a connection whose peer keeps none", () => {
  test("begins with the peer's own, and is there once for all that have the classic one", () => {
    const begun: unknown[] = [];
    class Classic extends ConnectionType {
      override init(cid: Cid): void {
        begun.push(this, cid);
      }
    }
    const [one, other] = [new Classic(peer), new Classic(peer)];
    const host = new FakeHost();
    const bound = bindType(undefined, "classic", one);
    expect(bindType(undefined, "classic", other)).toBe(bound);
    bound.init(null, host, one);
    bound.init(7, host, other);
    expect(begun).toEqual([one, null, other, 7]);
    expect([bound.name, bound.receives, bound.observesSend]).toEqual(["classic", false, false]);
    bound.closed(null, host);
    expect([host.failures, host.faults]).toEqual([[], []]);
  });

  test.each([
    ["has another name", "custom", new Plain(peer)],
    ["wants to see what is received", "classic", new Receiving(peer)],
    ["wants to see what is sent", "classic", new Sending(peer)],
    ["wants to know of the end", "classic", Object.assign(new Plain(peer), { closed: () => {} })],
  ])("is its own where it %s", (_, name, type) => {
    const bound = bindType(undefined, name, type);
    expect([bound.name, bound.type]).toEqual([name, type]);
    expect(bindType(undefined, name, type)).not.toBe(bound);
  });
});

test.each([
  [false, true, [], ["custom.receive"]],
  [true, false, ["custom.receive"], []],
])(
  "a mistake over what is received while active is %s ends the connection: %s",
  (active, ends, failed, faults) => {
    const receive = (): boolean => {
      throw new TypeError("mistake");
    };
    const host = new FakeHost();
    const bound = bind(Object.assign(new Plain(peer), { receive }));
    // What was part of a handshake is nobody else's.
    expect(bound.receive(1, 64, 0, 1, host, active)).toBe(ends);
    expect(host.failures.map(({ where }) => where)).toEqual(failed);
    expect(host.faults.map(({ where }) => where)).toEqual(faults);
  },
);
