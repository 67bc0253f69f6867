import { type Address, normalizeAddrFormatted } from "@peng3dnet/peer";

/**
 * An address for a message. Never throws, whatever the address is: a socket that was reset early has none, and what the
 * operating system says need not be an address that our own calls would take.
 */
export function addressText(address: Address): string {
  const [host, port] = address;
  if (host === "") return "(address unknown)";
  try {
    return normalizeAddrFormatted(address);
  } catch {
    return `${host}:${port}`;
  }
}
