/** Id of a packet without its length prefix. */
export function packetIdOf(raw: Uint8Array): number {
  return new DataView(raw.buffer, raw.byteOffset, raw.length).getUint32(0);
}

/** Whether a packet without its length prefix is compressed, or has another of its flags set. */
export function isCompressed(raw: Uint8Array): boolean {
  return raw[4] !== 0 || raw[5] !== 0;
}

/** Length of the packet on the wire, with the prefix that it lacks here, in bytes. */
export function wireLength(raw: Uint8Array): number {
  return 4 + raw.length;
}
