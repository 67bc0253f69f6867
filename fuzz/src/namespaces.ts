import { spawnSync } from "node:child_process";

/** Nobody's. */
const NOWHERE = "02:00:00:00:00:99";

/** @throws if `ip` fails. */
export function ip(...args: string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
}

/** Lets a namespace send all that is for an address to nobody. */
export function swallow(device: string, address: string): void {
  ip("neigh", "replace", address, "lladdr", NOWHERE, "dev", device, "nud", "permanent");
}

/** Lets it find that address again. */
export function release(device: string, address: string): void {
  ip("neigh", "del", address, "dev", device);
}

/** How to make network namespaces here, by arguments for `unshare`; `undefined`: it is not possible. */
export function unshareArguments(): string[] | undefined {
  if (process.platform !== "linux") return undefined;
  const ways = [["--user", "--map-root-user", "--net"], ["--net"]];
  return ways.find(
    (way) => spawnSync("unshare", [...way, "ip", "link", "add", "v0", "type", "veth"]).status === 0,
  );
}
