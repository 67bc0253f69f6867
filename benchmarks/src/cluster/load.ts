/** The kinds of nodes by name. */
import type { Kind } from "./kinds.js";

export type KindName = "ours" | "redis-streams" | "redis";
export const KINDS: readonly KindName[] = ["ours", "redis-streams", "redis"];

/** Each is loaded only in the processes that run it. */
export async function loadKind(name: KindName): Promise<Kind> {
  if (name === "ours") return (await import("./ours.js")).ours;
  return (await import("./socket-io.js")).socketIo(name);
}
