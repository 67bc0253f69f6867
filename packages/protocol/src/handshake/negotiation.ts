import type { PacketRegistry } from "../registry/packet-registry.js";
import { CONTROL_IDS, type ControlExtension } from "./control.js";
import { type Extensions, withoutExtension } from "./extensions.js";

/**
 * What a server declares in its hello. An extension with packets of its own is left out where the application has given their
 * ids to packets of its own.
 *
 * @param offered - what it would declare; `undefined`: nothing. Where nothing is left out, the result is this same object.
 */
export function declaredByServer(
  offered: Extensions | undefined,
  registry: PacketRegistry,
): Extensions | undefined {
  return withoutTaken(withoutTaken(offered, registry, "heartbeat"), registry, "resume");
}

/**
 * What a client declares in its settype. What asks for both sides is named only where the server named it.
 *
 * @param offered - as in {@link declaredByServer}.
 * @param server - what the server declared.
 * @param autosync - whether the client takes over the ids of the server. What is free there is free here then.
 */
export function declaredByClient(
  offered: Extensions | undefined,
  server: Extensions,
  registry: PacketRegistry,
  autosync: boolean,
): Extensions | undefined {
  const named = withoutUnnamed(offered, server);
  return autosync ? named : declaredByServer(named, registry);
}

/** Leaves out what asks for both sides, and was not named by the server. */
function withoutUnnamed(offered: Extensions | undefined, server: Extensions): Extensions | undefined {
  let named = offered;
  if (server.heartbeat === undefined) named = withoutExtension(named, "heartbeat");
  if (server.resume === undefined) named = withoutExtension(named, "resume");
  return server.trace === undefined ? withoutExtension(named, "trace") : named;
}

/** Leaves out an extension whose packets' ids are taken. */
function withoutTaken(
  declared: Extensions | undefined,
  registry: PacketRegistry,
  name: ControlExtension,
): Extensions | undefined {
  // What is not offered need not be looked at.
  if (declared?.[name] === undefined || areFree(registry, CONTROL_IDS[name])) return declared;
  return withoutExtension(declared, name);
}

function areFree(registry: PacketRegistry, ids: readonly number[]): boolean {
  for (let index = 0; index < ids.length; index++) {
    if (registry.findId(ids[index] as number) !== undefined) return false;
  }
  return true;
}
