/** Id of a packet without its length prefix. */
export function packetIdOf(raw) {
  return new DataView(raw.buffer, raw.byteOffset, raw.length).getUint32(0);
}
/** Whether a packet without its length prefix is compressed, or has another of its flags set. */
export function isCompressed(raw) {
  return raw[4] !== 0 || raw[5] !== 0;
}
//# sourceMappingURL=raw-packet.js.map
