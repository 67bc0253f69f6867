import type { Child } from "../ipc.js";
import { ip, release, swallow } from "../namespaces.js";
import type { CableEnd } from "./side-process.js";

/** A cable from this network namespace to one of a client's own, which can be made to swallow everything. */
export class Cable {
  readonly #client: Child;
  readonly #device: string;
  readonly #end: CableEnd;

  private constructor(client: Child, device: string, end: CableEnd) {
    this.#client = client;
    this.#device = device;
    this.#end = end;
  }

  /** @param number - of this cable in this process, below 250. */
  static async plug(client: Child, number: number): Promise<Cable> {
    const here = `p${number}a`;
    const there = `p${number}b`;
    const network = `10.77.${number}`;
    ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", String(client.pid));
    ip("addr", "add", `${network}.1/24`, "dev", here);
    ip("link", "set", here, "up");
    const cable = new Cable(client, here, { device: there, own: `${network}.2`, other: `${network}.1` });
    await client.ask("plug", cable.#end);
    return cable;
  }

  /** The address at this end. */
  get host(): string {
    return this.#end.other;
  }

  /** Swallows everything for a while, and tells nobody. */
  async swallow(milliseconds: number): Promise<void> {
    swallow(this.#device, this.#end.own);
    await this.#client.ask("swallow", this.#end);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    release(this.#device, this.#end.own);
    await this.#client.ask("release", this.#end);
  }
}
