/** A buffer whose content has no meaning. To fill a long one with zeros first costs as much as to fill it with data. */
export function allocate(length: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, byteOffset, length);
}
