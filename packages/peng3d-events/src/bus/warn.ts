import { standardPlatform } from "@peng3dnet/peer";

/**
 * Warns whoever runs the program. A bus belongs to no server or client, so that it has no platform of its own to ask. Where there
 * are warnings of the process, as on Node, it uses these, since a program can listen to them and turn them off.
 */
export function warn(message: string): void {
  if (typeof process === "object" && typeof process.emitWarning === "function") {
    process.emitWarning(message, "Peng3dnetWarning");
  } else standardPlatform.warn(message);
}
