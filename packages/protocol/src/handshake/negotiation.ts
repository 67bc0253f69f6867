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
  return keep(offered, (name) => areFree(registry, name));
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
  const declared = keep(
    offered,
    (name) => server[name] !== undefined && (autosync || areFree(registry, name)),
  );
  return server.trace === undefined ? withoutExtension(declared, "trace") : declared;
}

/** Leaves out those extensions with packets of their own that cannot be used here. */
function keep(
  offered: Extensions | undefined,
  usable: (name: ControlExtension) => boolean,
): Extensions | undefined {
  // What is not offered need not be looked at.
  const unusable = (name: ControlExtension): boolean => offered?.[name] !== undefined && !usable(name);
  const declared = unusable("heartbeat") ? withoutExtension(offered, "heartbeat") : offered;
  return unusable("resume") ? withoutExtension(declared, "resume") : declared;
}

/** Whether the ids of an extension's packets are free. */
function areFree(registry: PacketRegistry, name: ControlExtension): boolean {
  return CONTROL_IDS[name].every((id) => registry.findId(id) === undefined);
}
