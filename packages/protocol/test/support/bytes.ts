// Without Node's buffers, so that tests in a browser can use it, too.

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Bytes from hex; blanks are for the reader. */
export function bytes(hex: string): Uint8Array {
  const digits = hex.replaceAll(" ", "");
  const result = new Uint8Array(Math.floor(digits.length / 2));
  for (let at = 0; at < result.length; at++) {
    const byte = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
    if (Number.isNaN(byte)) throw new Error(`no hex: ${digits.slice(2 * at, 2 * at + 2)}`);
    result[at] = byte;
  }
  return result;
}

export function hex(data: Uint8Array): string {
  const digits: string[] = [];
  for (const byte of data) digits.push(HEX[byte] as string);
  return digits.join("");
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A packet with its length prefix, written without the code under test. */
export function packet(id: number, body: Uint8Array | string, flags = 0): Uint8Array {
  const content = typeof body === "string" ? bytes(body) : body;
  const whole = new Uint8Array(10 + content.length);
  const view = new DataView(whole.buffer);
  view.setUint32(0, 6 + content.length);
  view.setUint32(4, id);
  view.setUint16(8, flags);
  whole.set(content, 10);
  return whole;
}
