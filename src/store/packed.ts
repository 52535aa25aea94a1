/**
 * Octets on their way between threads: a list of one text, an octet a character. Handing over an ArrayBuffer costs several
 * microseconds each, and a login has half a dozen.
 */

export const packed = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? [Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1")]
    : value;

export const unpacked = (value: unknown): unknown =>
  Array.isArray(value) ? Buffer.from(value[0] as string, "latin1") : value;
