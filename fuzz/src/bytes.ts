/** Bytes one behind the other. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A packet with its length prefix. `length` may lie. */
export function frame(id: number, flags: number, body: Uint8Array, length = body.length + 6): Uint8Array {
  const packet = new Uint8Array(10 + body.length);
  const view = new DataView(packet.buffer);
  view.setUint32(0, length);
  view.setUint32(4, id);
  view.setUint16(8, flags);
  packet.set(body, 10);
  return packet;
}

/** Hex digits of bytes, cut off after some. */
export function hex(bytes: Uint8Array, most = 512): string {
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, most)).toString("hex");
  return bytes.length > most ? `${shown}… (${bytes.length} bytes)` : shown;
}
