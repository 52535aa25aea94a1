// The code that an account shows now (RFC 6238). Must stay true: the seed lives on as a key that no script can read back.

export type CodeKey = { key: CryptoKey; digits: number; period: number };

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The octets that it came as are wiped. */
export async function importSeed(base32: string): Promise<CryptoKey> {
  const bytes = new Uint8Array(Math.floor((base32.length * 5) / 8));
  let [held, bits, at] = [0, 0, 0];
  for (const letter of base32) {
    held = ((held << 5) | alphabet.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >> bits;
  }
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
  bytes.fill(0);
  return key;
}

export async function codeAt({ key, digits, period }: CodeKey, moment: number): Promise<string> {
  const step = new DataView(new ArrayBuffer(8));
  step.setBigUint64(0, BigInt(Math.floor(moment / 1000 / period)));
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, step));
  const offset = mac.getUint8(mac.byteLength - 1) & 15;
  return String((mac.getUint32(offset) & 0x7fffffff) % 10 ** digits).padStart(digits, "0");
}

/** In two halves: six digits are read as 3+3. */
export const halves = (code: string): [string, string] => {
  const middle = Math.ceil(code.length / 2);
  return [code.slice(0, middle), code.slice(middle)];
};
