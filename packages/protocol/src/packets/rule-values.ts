import { describe } from "../config/rules.js";
import { SIDE_CLIENT, SIDE_SERVER, SSLSEC_BOTHAUTH, SSLSEC_NONE } from "../constants.js";
import { quoteText } from "../errors/quote-text.js";
import { ConfigError } from "../errors/usage-errors.js";
import type { PacketRule } from "./packet-rule.js";

interface Check {
  readonly key: keyof PacketRule;
  readonly allowed: string;
  accepts(value: unknown): boolean;
}

function integer(key: keyof PacketRule): Check {
  const accepts = (value: unknown): boolean => value === null || Number.isInteger(value);
  return { key, allowed: "an integer, or null for any", accepts };
}

const CHECKS: readonly Check[] = [
  {
    key: "side",
    allowed: "SIDE_CLIENT, SIDE_SERVER, or null for both",
    accepts: (value) => value === null || value === SIDE_CLIENT || value === SIDE_SERVER,
  },
  integer("state"),
  integer("mode"),
  {
    key: "conntype",
    allowed: "a string, or null for any",
    accepts: (value) => value === null || typeof value === "string",
  },
  {
    key: "minSslsecLevel",
    allowed: "one of SSLSEC_NONE to SSLSEC_BOTHAUTH",
    accepts: (value) =>
      Number.isInteger(value) && (value as number) >= SSLSEC_NONE && (value as number) <= SSLSEC_BOTHAUTH,
  },
  { key: "droppable", allowed: "true or false", accepts: (value) => typeof value === "boolean" },
];

/**
 * Checks the conditions of a packet, which JavaScript lets be anything: one that no connection can fulfil drops each packet, and a
 * security level that compares with nothing protects none.
 *
 * @throws {@link ConfigError} whose `key` is the condition.
 */
export function checkRule(rule: PacketRule, name: string): void {
  const wrong = CHECKS.find(({ key, accepts }) => !accepts(rule[key]));
  if (wrong === undefined) return;
  const { key, allowed } = wrong;
  throw new ConfigError(
    key,
    `the packet ${quoteText(name)}: the option "${key}" cannot be ${describe(rule[key])}; allowed: ${allowed}`,
  );
}
