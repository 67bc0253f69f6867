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

/** The packet as it is in the stream, with the prefix that it lacks here. */
export function lengthPrefixed(raw: Uint8Array): Uint8Array {
  const packet = new Uint8Array(wireLength(raw));
  new DataView(packet.buffer).setUint32(0, raw.length);
  packet.set(raw, 4);
  return packet;
}
