// Describing what was thrown cannot fail, whatever that is.

import { runInNewContext } from "node:vm";
import {
  BadDataError,
  closeReasonOf,
  describeError,
  EncodeError,
  isInstance,
  kindOfError,
  MsgpackCodec,
  Peng3dnetError,
  ProtocolError,
  toError,
  ValueCodec,
  whenRejected,
} from "@peng3dnet/protocol";
import { HORRORS, thenable } from "../support/horrors.js";

describe.each(HORRORS)("%s", (_name, make) => {
  test("is described on lines of bounded length, without anything that a terminal obeys", () => {
    for (const text of [describeError(make()), describeError(make(), { stack: true }), kindOfError(make())]) {
      expect(text.length).toBeLessThan(30_000);
      expect(text.replaceAll("\n", "")).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    }
    expect(describeError(make())).not.toContain("\n");
  });

  test("becomes an error that can be read", () => {
    const error = toError(make());
    expect(typeof error.message).toBe("string");
    expect(typeof error.name).toBe("string");
  });

  test("is an instance of a class or is not, and has no reason to close", () => {
    expect(isInstance(make(), Peng3dnetError)).toBe(false);
    expect(closeReasonOf(make())).toBeUndefined();
  });

  test("makes an EncodeError where a getter throws it", () => {
    const value = Object.defineProperty({}, "x", {
      enumerable: true,
      get: () => {
        throw make();
      },
    });
    for (const codec of [new ValueCodec(), new MsgpackCodec()]) {
      expect(() => codec.encode(value)).toThrow(EncodeError);
    }
  });

  test("is watched without harm where a handler returns it", async () => {
    const failures: unknown[] = [];
    whenRejected(make(), (error) => failures.push(error));
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures.length).toBeLessThanOrEqual(1);
  });
});

describe("describeError", () => {
  test("shows the message of an error, and a value as text", () => {
    expect(describeError(new TypeError("no number"))).toBe("no number");
    expect(describeError(new TypeError(""))).toBe("TypeError");
    expect(describeError("a text")).toBe("a text");
    expect(describeError(17n)).toBe("17");
    expect(describeError(Symbol("s"))).toBe("Symbol(s)");
    expect(describeError({ toString: 1, valueOf: 1 })).toBe("something that cannot be shown as text");
  });

  test("shows the stack if asked to, in which a message has no lines of its own", () => {
    const text = describeError(new RangeError("first\n    at forged (file:1:1)"), { stack: true });
    const [head, ...frames] = text.split("\n");
    expect(head).toBe("RangeError: first\\n    at forged (file:1:1)");
    expect(frames[0]).toMatch(/^ +at .*describe-error\.test/);
  });

  test("does not trust a stack that lacks the message", () => {
    const error = Object.assign(new Error("another"), {
      stack: "Error: one\nline\n    at forged (file:1:1)",
    });
    expect(describeError(error, { stack: true })).toMatch(/^Error: one\\nline\\n/);
    const bare = Object.assign(new Error("m"), { stack: "m" });
    expect(describeError(bare, { stack: true })).toBe("m");
  });

  test("does without a stack where there is none", () => {
    const error = Object.assign(new TypeError("bare"), { stack: undefined });
    expect(describeError(error, { stack: true })).toBe("TypeError: bare");
    expect(describeError("a text", { stack: true })).toBe("a text");
  });
});

test("kindOfError tells places apart, and not messages", () => {
  const thrown = (message: string): unknown => new Error(message);
  expect(kindOfError(thrown("a"))).toBe(kindOfError(thrown("b\n    at forged (file:1:1)")));
  expect(kindOfError(thrown("a"))).not.toBe(kindOfError(new Error("a")));
  expect(kindOfError("a")).toBe(kindOfError("b"));
});

test("toError leaves an error as it is, and has the rest as cause", () => {
  const error = new BadDataError("bad");
  expect(toError(error)).toBe(error);
  expect(toError(7)).toMatchObject({ message: "7", cause: 7 });
});

test("closeReasonOf cuts to what a peer takes", () => {
  class Own extends ProtocolError {
    readonly code = "OWN";
    readonly closeReason: string;
    constructor(reason: unknown) {
      super("own");
      this.closeReason = reason as string;
    }
  }
  expect(closeReasonOf(new BadDataError("bad"))).toBe("baddata");
  expect(closeReasonOf(new Own("é".repeat(1000)))).toBe("é".repeat(128));
  expect(closeReasonOf(new Own(7))).toBeUndefined();
});

describe("whenRejected", () => {
  const failure = async (value: unknown): Promise<unknown[]> => {
    const failures: unknown[] = [];
    whenRejected(value, (error) => failures.push(error));
    await new Promise((resolve) => setImmediate(resolve));
    return failures;
  };

  test("tells of promises and thenables, once", async () => {
    expect(await failure(Promise.reject(1))).toEqual([1]);
    expect(await failure(Promise.resolve(1))).toEqual([]);
    expect(await failure(thenable("no function"))).toEqual([]);
    expect(await failure(thenable((_: unknown, failed: (error: unknown) => void) => failed(2)))).toEqual([2]);
    expect(await failure(thenable(() => Promise.reject(3)))).toEqual([3]);
    expect(await failure(thenable(() => thenable(() => Promise.reject(4))))).toEqual([4]);
  });
});

test("whenRejected tells of what a then throws, and of nothing where a then returns nothing", () => {
  const failures: unknown[] = [];
  const tell = (error: unknown): void => void failures.push(error);
  whenRejected(
    thenable(() => {}),
    tell,
  );
  expect(failures).toEqual([]);
  whenRejected(
    thenable(() => {
      throw 5;
    }),
    tell,
  );
  expect(failures).toEqual([5]);
});

test("whenRejected watches promises that a promise rejects with, so that none of them ends the process", async () => {
  let watched = 0;
  // Asked for by whoever calls `then`.
  class Watched extends Promise<never> {
    static override get [Symbol.species](): PromiseConstructor {
      watched++;
      return Promise;
    }
  }
  const failures: unknown[] = [];
  const inner = Watched.reject(1);
  const outer = Watched.reject(inner);
  whenRejected(Promise.reject(outer), (error) => failures.push(error));
  await new Promise((resolve) => setImmediate(resolve));
  expect(failures).toEqual([outer]);
  expect(watched).toBe(2);
});

test("whenRejected tells of a promise that its constructor cannot follow", async () => {
  const failures: unknown[] = [];
  const reason = Promise.resolve();
  void Object.defineProperty(reason, "constructor", { value: 1 });
  whenRejected(Promise.reject(reason), (error) => failures.push(error));
  await new Promise<void>((resolve) => queueMicrotask(resolve));
  await Promise.resolve();
  expect(failures).toEqual([reason]);
});

describe("what is shown of something that was thrown", () => {
  const foreign = (code: string): unknown => runInNewContext(code);

  test.each<[string, unknown, string, string | RegExp]>([
    ["a text", "text", "text", "text"],
    ["nil", null, "null", "null"],
    ["nothing", undefined, "undefined", "undefined"],
    ["a number", 7, "7", "7"],
    ["a message", { message: "m" }, "m", "m"],
    ["a name", { name: "N" }, "N", "N"],
    ["a name and a message", { name: "N", message: "m" }, "m", "N: m"],
    ["a message that is none", { message: 7, name: "N" }, "N", "N"],
    ["a stack without the message", { message: "m", stack: "other" }, "m", "other"],
    ["a stack with nothing else", { message: "m", stack: "N: m" }, "m", "N: m"],
    ["a stack that begins with the message", { message: "m", stack: "m\n  at x" }, "m", "m\n  at x"],
    ["a stack without message", { name: "N", stack: "N\n  at x\n  at y" }, "N", "N\n  at x\n  at y"],
    ["a message of two lines", { message: "a\nb", stack: "N: a\nb\n  at x" }, "a\\nb", "N: a\\nb\n  at x"],
    ["a stack that begins with a line", { stack: "\n  at x" }, "[object Object]", "\n  at x"],
    ["a function with a message", Object.assign(() => {}, { message: "m" }), "m", "m"],
    ["a function", function named() {}, "function named() {", /^function named\(\) \{/],
  ])("%s", (_, value, message, stack) => {
    expect(describeError(value)).toMatch(message.endsWith("{") ? /^function named\(\) \{/ : message);
    if (!message.endsWith("{")) expect(describeError(value)).toBe(message);
    if (typeof stack === "string") expect(describeError(value, { stack: true })).toBe(stack);
    else expect(describeError(value, { stack: true })).toMatch(stack);
  });

  test.each([
    [300, 20, ""],
    [301, 1, "…"],
  ])("lines of a stack of %d characters, of which there are %d", (length, count, cut) => {
    const lines = Array.from({ length: count }, (_, at) => String.fromCharCode(97 + at).repeat(length));
    const value = { name: "N", stack: ["N", ...lines, ...(count === 20 ? ["one more"] : [])].join("\n") };
    const shown = ["N", ...lines.map((line) => line.slice(0, 300) + cut)];
    expect(describeError(value, { stack: true }).split("\n")).toEqual(shown);
  });

  test("of its kind: the name, and where it was thrown first", () => {
    expect(kindOfError({ name: "N", message: "m", stack: "N: m\n    at x\n    at y" })).toBe("N at x");
    expect(kindOfError({ name: "N", message: "m", stack: "N: m" })).toBe("N ");
    expect(kindOfError({ message: "m" })).toBe("object ");
    expect(kindOfError("text")).toBe("string ");
    expect(kindOfError(undefined)).toBe("undefined ");
    expect(kindOfError({ name: "N", stack: "N\n    at x" })).toBe("N at x");
  });

  test.each<[string, unknown, boolean]>([
    ["an error", new Error("m"), true],
    ["an error of another realm", foreign("new Error('m')"), true],
    ["an error without a stack", Object.assign(new Error("m"), { stack: undefined }), true],
    ["an error whose name is none", Object.assign(new Error("m"), { name: 7 }), false],
    ["an error whose message is none", Object.assign(new Error("m"), { message: 7 }), false],
    ["an error whose stack is none", Object.assign(new Error("m"), { stack: 7 }), false],
    ["an object like one", { name: "N", message: "m", stack: "s" }, false],
    ["a text", "m", false],
    ["nil", null, false],
  ])("%s is taken as it is: %s", (_, value, same) => {
    const error = toError(value);
    expect(error === value).toBe(same);
    expect(Object.prototype.toString.call(error)).toBe("[object Error]");
    if (!same) expect(error).toMatchObject({ message: describeError(value), cause: value });
  });

  test.each<[unknown, string | undefined]>([
    [{ code: "C", closeReason: "why" }, "why"],
    [{ code: "C", closeReason: "a".repeat(300) }, "a".repeat(256)],
    [{ code: 7, closeReason: "why" }, undefined],
    [{ code: "C", closeReason: 7 }, undefined],
    [{ code: "C", closeReason: ["why"] }, undefined],
    [{ closeReason: "why" }, undefined],
    [{ code: "C" }, undefined],
    [null, undefined],
    ["why", undefined],
  ])("%j closes with the reason %j", (error, reason) => {
    expect(closeReasonOf(error)).toBe(reason);
  });
});

test("thenables in what `then` returns are watched three deep, and each failure is told once", () => {
  const failures: unknown[] = [];
  /** A thenable whose `then` returns one that is as much deeper, and the last one rejects. */
  const nested = (depth: number): object =>
    thenable((_: unknown, reject: (error: unknown) => void) =>
      depth === 0 ? reject("late") : nested(depth - 1),
    );
  const tell = (error: unknown): void => void failures.push(error);
  for (const depth of [0, 1, 2]) whenRejected(nested(depth), tell);
  expect(failures).toEqual(["late", "late", "late"]);
  whenRejected(nested(3), tell);
  expect(failures).toHaveLength(3);
  whenRejected(
    thenable(() => null),
    tell,
  );
  whenRejected(
    thenable(() => 7),
    tell,
  );
  for (const value of [null, undefined, 7, "text", {}, () => {}]) whenRejected(value, tell);
  expect(failures).toHaveLength(3);
});
