import { checkKnownOptions, type OptionNames, optionComplaint } from "@peng3dnet/protocol";
import type { PeerKind } from "./engine-events.js";
import type { HandlerGuard } from "./handler-guard.js";
import type { PeerOptions } from "./options.js";

/** Names of the options that servers and clients share. */
export const PEER_OPTIONS: OptionNames<PeerOptions> = {
  packets: true,
  peng: true,
  addr: true,
  cfg: true,
  codec: true,
  extensions: true,
  validateSent: true,
  logger: true,
  print: true,
  platform: true,
  clock: true,
};

/** The library's own classes: no other has options or events of its own. */
const exactClasses = new WeakSet<object>();

/** Checks the options of an object of the library's own class. @throws {@link ConfigError} for one that does not exist. */
export function checkExact(own: object, of: string, options: object, known: object): void {
  exactClasses.add(own);
  checkKnownOptions(of, options, known);
}

/** Classes of applications of whose options one was warned of. */
const told = new WeakSet<object>();

/** Warns of a mistyped option, once for each class: a class of one's own may have options of its own, which it hands on. */
export function noticeUnknownOptions(
  peer: object,
  options: object,
  known: object,
  guard: HandlerGuard,
): void {
  const own = peer.constructor;
  const found = optionComplaint(own.name, options, known, false);
  if (found === undefined || told.has(own)) return;
  told.add(own);
  guard.notice(found[1], "an unknown option");
}

/**
 * Refuses the name of an event that does not exist. A class of one's own may have events of its own: there, a mistyped name is warned
 * of.
 *
 * @throws TypeError that names the event that it is like, or all.
 */
export function checkEventName(
  peer: object,
  kind: PeerKind,
  name: string,
  known: object,
  guard: HandlerGuard,
): void {
  // `once` and `on` of Node's events listen for errors, too, of whatever they are given.
  if (Object.hasOwn(known, name) || name === "error") return;
  const exact = exactClasses.has(peer.constructor);
  const found = optionComplaint(`a ${kind}`, { [name]: true }, known, exact, "event");
  if (found === undefined) return;
  if (exact) throw new TypeError(found[1]);
  guard.notice(found[1], `an unknown event ${name}`);
}
