/**
 * CBOR as authenticators write it (CTAP2, RFC 8949): read whole or not at all. Must stay true: no depth over eight, no
 * key twice, no length beyond the input, no indefinite lengths, tags or fractions; what is wrong throws.
 */

export type Cbor = number | string | boolean | null | Uint8Array | Cbor[] | CborMap;
export type CborMap = Map<number | string, Cbor>;
type Read<T = Cbor> = { value: T; end: number };

const deepest = 8;

/** The item that begins at an octet, and where the next one would. */
export function readCbor(bytes: Uint8Array, start: number, depth = 1): Read {
  if (depth > deepest) throw new Error("CBOR too deep");
  const { major, argument, end } = readHead(bytes, start);
  switch (major) {
    case 0:
      return { value: argument, end };
    case 1:
      return { value: -1 - argument, end };
    case 2:
      return { value: cut(bytes, end, argument), end: end + argument };
    case 3:
      return { value: text.decode(cut(bytes, end, argument)), end: end + argument };
    case 4:
      return readList(bytes, { start: end, length: argument, depth });
    case 5:
      return readMap(bytes, { start: end, length: argument, depth });
    case 7:
      return { value: simple(argument, end - start), end };
    default:
      throw new Error("CBOR tag");
  }
}

/** An item that is all there is. */
export function readWholeCbor(bytes: Uint8Array): Cbor {
  const { value, end } = readCbor(bytes, 0);
  if (end !== bytes.length) throw new Error("CBOR goes on");
  return value;
}

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readHead(bytes: Uint8Array, start: number) {
  const first = cut(bytes, start, 1)[0]!;
  const short = first & 31;
  if (short < 24) return { major: first >> 5, argument: short, end: start + 1 };
  // nothing here is as long as eight octets can say
  if (short > 26) throw new Error("CBOR length");
  const width = 2 ** (short - 24);
  const argument = cut(bytes, start + 1, width).reduce((sum, octet) => sum * 256 + octet, 0);
  return { major: first >> 5, argument, end: start + 1 + width };
}

function cut(bytes: Uint8Array, start: number, length: number): Uint8Array {
  if (start + length > bytes.length) throw new Error("CBOR ends early");
  return bytes.subarray(start, start + length);
}

type Items = { start: number; length: number; depth: number };

function readList(bytes: Uint8Array, { start, length, depth }: Items): Read<Cbor[]> {
  const value: Cbor[] = [];
  let end = start;
  while (value.length < length) {
    const item = readCbor(bytes, end, depth + 1);
    value.push(item.value);
    end = item.end;
  }
  return { value, end };
}

function readMap(bytes: Uint8Array, { start, length, depth }: Items): Read<CborMap> {
  const value: CborMap = new Map();
  let end = start;
  while (value.size < length) {
    const key = readCbor(bytes, end, depth + 1);
    if ((typeof key.value !== "number" && typeof key.value !== "string") || value.has(key.value))
      throw new Error("CBOR key");
    const item = readCbor(bytes, key.end, depth + 1);
    value.set(key.value, item.value);
    end = item.end;
  }
  return { value, end };
}

function simple(argument: number, octets: number): boolean | null {
  if (octets !== 1 || argument < 20 || argument > 22) throw new Error("CBOR value");
  return argument === 22 ? null : argument === 21;
}
