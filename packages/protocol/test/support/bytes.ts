/** Bytes from hex; blanks are for the reader. */
export function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

export function hex(data: Uint8Array): string {
  return Buffer.from(data).toString("hex");
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A packet with its length prefix, written without the code under test. */
export function packet(id: number, body: Uint8Array | string, flags = 0): Uint8Array {
  const content = typeof body === "string" ? bytes(body) : body;
  const whole = Buffer.alloc(10 + content.length);
  whole.writeUInt32BE(6 + content.length, 0);
  whole.writeUInt32BE(id, 4);
  whole.writeUInt16BE(flags, 8);
  whole.set(content, 10);
  return new Uint8Array(whole);
}
