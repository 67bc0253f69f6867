import { isPlainMap } from "../codec/writing/sendable.js";
import { utf8Length } from "../codec/writing/utf8.js";
import { BadDataError, PacketRegistryMismatchError } from "../errors/errors.js";
import { quoteText } from "../errors/quote-text.js";
import { MAX_NAME_LENGTH, type PacketRegistry } from "./packet-registry.js";
import { PROTOCOL_IDS } from "./protocol-ids.js";
import { isId } from "./registry.js";

/** Names listed in an error message. */
const NAMES_SHOWN = 5;

/** How strictly a server's registry is examined. */
export interface RegistrySyncOptions {
  /** Whether names that only one side has end the connection. */
  readonly strict: boolean;
  /** Most names accepted. */
  readonly maxNames: number;
  /** Longest name accepted, in bytes of UTF-8. */
  readonly maxNameLength: number;
}

/**
 * Takes over a server's packet ids (clause 3): all or nothing, in any permutation, ids that other names
 * have on this side included.
 *
 * @param registry - the client's packets.
 * @param received - what the server's handshake said.
 * @throws {@link PacketRegistryMismatchError} if names differ and `strict` is set, or the server's map is
 * not acceptable; {@link BadDataError} if it is no map of names to ids. Nothing has changed then.
 */
export function syncRegistry(
  registry: PacketRegistry,
  received: unknown,
  options: RegistrySyncOptions,
): void {
  if (isTakenOver(registry, received, options)) return;
  const ids = examine(received, options);
  const missing = [...ids.keys()].filter((name) => !registry.has(name));
  const extra = registry.names().filter((name) => !ids.has(name));
  if (options.strict && (missing.length > 0 || extra.length > 0)) {
    throw new PacketRegistryMismatchError(
      `the packets of server and client differ: ${list("the server alone has", missing)}; ${list("the client alone has", extra)}. Register the same names on both sides, or set net.registry.missingpacketaction to "ignore"`,
      missing,
      extra,
    );
  }
  registry.takeOver(ids);
}

/**
 * Whether nothing is to be done, since both sides gave the same ids to the same names: as they do that register the same packets in
 * the same order. What a registry holds is known to be acceptable.
 */
function isTakenOver(
  registry: PacketRegistry,
  received: unknown,
  { maxNames, maxNameLength }: RegistrySyncOptions,
): boolean {
  const { size } = registry;
  if (!isPlainMap(received) || size > maxNames || maxNameLength < MAX_NAME_LENGTH) return false;
  let count = 0;
  for (const name in received) {
    const fixed = registry.sharesCommon ? PROTOCOL_IDS.get(name) : undefined;
    if (fixed !== undefined) {
      if (received[name] !== fixed) return false;
      count++;
      continue;
    }
    const entry = registry.find(name);
    if (entry === undefined || entry.id !== received[name] || entry.lacking) return false;
    if (entry.protocol && PROTOCOL_IDS.get(name) !== entry.id) return false;
    count++;
  }
  return count === size;
}

function examine(received: unknown, options: RegistrySyncOptions): Map<string, number> {
  if (!isPlainMap(received)) {
    throw new BadDataError("the registry in the server's handshake is not a map");
  }
  const entries = Object.entries(received);
  if (entries.length > options.maxNames) {
    throw new PacketRegistryMismatchError(
      `the server's registry has ${entries.length} names, more than the ${options.maxNames} of net.limits.registry.names`,
    );
  }
  const seen = new Set<number>();
  const protocolIds = new Set(PROTOCOL_IDS.values());
  for (const [name, id] of entries) {
    if (name === "" || utf8Length(name) > options.maxNameLength) {
      throw new PacketRegistryMismatchError(
        `the server's registry has a name that is empty or longer than the ${options.maxNameLength} bytes of net.limits.registry.namelength`,
      );
    }
    if (!isId(id)) {
      throw new PacketRegistryMismatchError(
        `the server's registry gives ${quoteText(name)} something that is no id`,
      );
    }
    if (seen.has(id))
      throw new PacketRegistryMismatchError(`the server's registry gives the id ${id} to two names`);
    seen.add(id);
    // The protocol's own packets mean the same on both sides or nothing (clause 2.3). Any other name may have any id.
    const fixed = PROTOCOL_IDS.get(name);
    if (fixed === undefined ? protocolIds.has(id) : fixed !== id) {
      throw new PacketRegistryMismatchError(
        `the server's registry gives ${quoteText(name)} the id ${id}, but the ids of the protocol's own packets are fixed`,
      );
    }
  }
  return new Map(entries as [string, number][]);
}

function list(title: string, names: readonly string[]): string {
  if (names.length === 0) return `${title} none`;
  const shown = names.slice(0, NAMES_SHOWN).map((name) => quoteText(name));
  return `${title} ${shown.join(", ")}${names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : ""}`;
}
