import { type OptionNames, optionComplaint } from "@peng3dnet/protocol";
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
