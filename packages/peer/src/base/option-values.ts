import { describeValue } from "./describe-value.js";

type Kind = readonly [accepts: (value: unknown) => boolean, allowed: string];

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

const FUNCTION: Kind = [(value) => typeof value === "function", "a function"];

function having(...methods: readonly string[]): Kind {
  const calls = methods.map((method) => `${method}()`).join(", ");
  return [
    (value) => isObject(value) && methods.every((method) => typeof value[method] === "function"),
    `an object with ${calls}`,
  ];
}

/** What the options of servers and clients are, as far as nothing else says it before they are used. */
const KINDS: Readonly<Record<string, Kind>> = {
  packets: [Array.isArray, "a list of definitions, such as [Move]"],
  peng: having("sendEvent"),
  cfg: [isObject, 'an object of config options, such as { "net.compress.level": 1 }'],
  codec: having("encode", "decode"),
  extensions: having("encode", "decode"),
  validateSent: [(value) => typeof value === "boolean", "true or false"],
  logger: having("debug", "info", "warn", "error"),
  print: FUNCTION,
  clock: having("now", "setTimeout", "clearTimeout"),
  conntype: [
    (value) => typeof value === "string" && value !== "",
    'the name of a connection type, such as "classic"',
  ],
  conntypes: [
    (value) => typeof value !== "string" && isObject(value) && Symbol.iterator in value,
    'a list of names of connection types, such as ["password"]',
  ],
  // A function that cannot be called with "new" has no prototype.
  clientcls: [(value) => typeof value === "function" && isObject(value.prototype), "a class of clients"],
  authorizeResume: FUNCTION,
};

/**
 * Refuses what an option cannot be, where it is given: TypeScript sees it, and JavaScript does not. A logger without methods would
 * swallow what it is there to tell.
 *
 * @throws TypeError that names the option.
 */
export function checkOptionValues(options: object): void {
  if (!isObject(options))
    throw new TypeError(`the options of a server or client are an object, and not ${describeValue(options)}`);
  // A few of many options are given. A loop does not list the getters of a class.
  for (const key in Object.getPrototypeOf(options) === Object.prototype ? options : KINDS) {
    const value = options[key];
    if (value === undefined || !Object.hasOwn(KINDS, key)) continue;
    const [accepts, allowed] = KINDS[key] as Kind;
    if (!accepts(value))
      throw new TypeError(`the option "${key}" is ${allowed}, and not ${describeValue(value)}`);
  }
}
