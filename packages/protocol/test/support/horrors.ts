// What somebody may throw so that whoever describes it fails.

const mean = (): never => {
  throw new Error("mean");
};

/** An error whose properties are not what they should be. */
function spoiled(property: string, descriptor: PropertyDescriptor): Error {
  return Object.defineProperty(new Error("spoiled"), property, { configurable: true, ...descriptor });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** An object with `then` as given. */
export const thenable = (then: unknown): object =>
  Object.defineProperty({}, ["th", "en"].join(""), { value: then });

/** By name, so that a table of tests says which one it is. Made anew for each test. */
export const HORRORS: readonly (readonly [name: string, make: () => unknown])[] = [
  ["undefined", () => undefined],
  ["null", () => null],
  ["a text", () => "just \u001b[2J text"],
  ["a symbol", () => Symbol("symbol")],
  ["a function without a name", () => Object.defineProperty(() => {}, "toString", { get: mean })],
  ["{ toString: 1, valueOf: 1 }", () => ({ toString: 1, valueOf: 1 })],
  ["an object without a prototype", () => Object.create(null)],
  ["a revoked proxy", revoked],
  [
    "a proxy whose traps throw",
    () => new Proxy(new Error("x"), { get: mean, has: mean, getPrototypeOf: mean, ownKeys: mean }),
  ],
  ["a proxy whose getPrototypeOf throws", () => new Proxy(new Error("x"), { getPrototypeOf: mean })],
  ["a message that throws", () => spoiled("message", { get: mean })],
  ["a message that is an object", () => spoiled("message", { value: { toString: mean } })],
  ["a stack that throws", () => spoiled("stack", { get: mean })],
  ["a stack that is an object", () => spoiled("stack", { value: Object.create(null) })],
  ["a name that throws", () => spoiled("name", { get: mean })],
  ["a name that is a symbol", () => spoiled("name", { value: Symbol("name") })],
  ["a message of a megabyte", () => new Error("\u202e".repeat(2 ** 20))],
  ["a then that throws", () => thenable(mean)],
  ["a getter of then that throws", () => new Proxy({}, { get: mean })],
  ["a then that is asynchronous and rejects", () => thenable(async () => mean())],
  [
    "a then that calls all, twice",
    () =>
      thenable((done?: (value: unknown) => void, failed?: (error: unknown) => void) => {
        for (const call of [done, failed, failed, done]) call?.({ toString: 1 });
        mean();
      }),
  ],
];
