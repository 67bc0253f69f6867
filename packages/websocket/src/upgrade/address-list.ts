import { BlockList, isIP } from "node:net";

const LOOPBACK = ["127.0.0.0/8", "::1"];
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

const family = (address: string): "ipv4" | "ipv6" => (isIP(address) === 4 ? "ipv4" : "ipv6");

/** An IPv4 address that is written as IPv6 is the IPv4 address that it is. */
export function plainAddress(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}

/** Proxies that are trusted: addresses and networks. */
export class AddressList {
  readonly #list = new BlockList();
  readonly #unix: boolean;

  /** @throws an error that names an entry that is none. */
  constructor(entries: readonly string[]) {
    if (!Array.isArray(entries)) throw new Error("it is a list of addresses");
    this.#unix = entries.includes("unix");
    for (const entry of entries) {
      if (entry === "unix") continue;
      for (const one of entry === "loopback" ? LOOPBACK : [entry]) this.#add(one);
    }
  }

  #add(entry: string): void {
    const [address = "", bits, ...more] = String(entry).split("/");
    if (isIP(address) === 0 || more.length > 0)
      throw new Error(
        `${JSON.stringify(entry)} is no IP address, no network, and neither "loopback" nor "unix"`,
      );
    if (bits === undefined) this.#list.addAddress(address, family(address));
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIP(address) === 4 ? 32 : 128))
      this.#list.addSubnet(address, Number(bits), family(address));
    else throw new Error(`${JSON.stringify(entry)} has no length of a network behind the "/"`);
  }

  /** Whether an address is listed; `undefined` stands for a socket of the file system. */
  has(address: string | undefined): boolean {
    if (address === undefined) return this.#unix;
    const plain = plainAddress(address);
    return isIP(plain) !== 0 && this.#list.check(plain, family(plain));
  }
}
