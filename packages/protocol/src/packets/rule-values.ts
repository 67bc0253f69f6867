import { describe } from "../config/rules.js";
import { SIDE_CLIENT, SIDE_SERVER, SSLSEC_BOTHAUTH, SSLSEC_NONE } from "../constants.js";
import { quoteText } from "../errors/quote-text.js";
import { ConfigError } from "../errors/usage-errors.js";
import type { PacketRule } from "./packet-rule.js";

type Check = readonly [allowed: string, accepts: (value: unknown) => boolean];

const NUMBER: Check = ["an integer, or null for any", (value) => value === null || Number.isInteger(value)];

const CHECKS: readonly (readonly [keyof PacketRule, Check])[] = [
  [
    "side",
    [
      "SIDE_CLIENT, SIDE_SERVER, or null for both",
      (value) => value === null || value === SIDE_CLIENT || value === SIDE_SERVER,
    ],
  ],
  ["state", NUMBER],
  ["mode", NUMBER],
  ["conntype", ["a string, or null for any", (value) => value === null || typeof value === "string"]],
  [
    "minSslsecLevel",
    [
      "one of SSLSEC_NONE to SSLSEC_BOTHAUTH",
      (value) =>
        Number.isInteger(value) && (value as number) >= SSLSEC_NONE && (value as number) <= SSLSEC_BOTHAUTH,
    ],
  ],
  ["droppable", ["true or false", (value) => typeof value === "boolean"]],
];

/**
 * Checks the conditions of a packet, which JavaScript lets be anything: one that no connection can fulfil drops each packet, and a
 * security level that compares with nothing protects none.
 *
 * @throws {@link ConfigError} whose `key` is the condition.
 */
export function checkRule(rule: PacketRule, name: string): void {
  for (const [key, [allowed, accepts]] of CHECKS) {
    if (accepts(rule[key])) continue;
    throw new ConfigError(
      key,
      `the packet ${quoteText(name)}: the option "${key}" cannot be ${describe(rule[key])}; allowed: ${allowed}`,
    );
  }
}
