/**
 * The codes that bind an authenticator app: a long one in the link, a short one to type with the name. Crockford's Base32,
 * so that what is read aloud or mistaken for a digit still reads.
 */

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** 130 and 50 bits */
export const linkCodeLength = 26;
export const typedCodeLength = 10;

/** `octets`: at least as many as the code has characters; of each five bits count. */
export const activationCode = (octets: Uint8Array, length: number): string =>
  Array.from(octets.subarray(0, length), (octet) => alphabet[octet % 32]).join("");

/** As it is kept, however it was typed; undefined when it is no such code. */
export function readActivationCode(text: string): string | undefined {
  const code = text.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  if (code.length !== linkCodeLength && code.length !== typedCodeLength) return undefined;
  return Array.from(code).every((digit) => alphabet.includes(digit)) ? code : undefined;
}
