import { argon2, timingSafeEqual, type Argon2Parameters } from "node:crypto";

/** Password hashing: Argon2id over a peppered password, as a PHC string with its parameters. */

/** OWASP's second choice of equal strength: 19 MiB, two passes, one lane. */
const current = { memory: 19_456, passes: 2, parallelism: 1 };
const tagLength = 32;
const header = `$argon2id$v=19$m=${current.memory},t=${current.passes},p=${current.parallelism}$`;

/** Whether it was made with what is used today; if not, it is made anew when the password is next given. */
export const isCurrent = (stored: string): boolean => stored.startsWith(header);

type Parameters = typeof current;
const derive = async (message: Uint8Array, nonce: Uint8Array, parameters: Parameters): Promise<Buffer> =>
  await new Promise((resolve, reject) => {
    const input: Argon2Parameters = { message, nonce, tagLength, ...parameters };
    argon2("argon2id", input, (error, hash) => (error ? reject(error) : resolve(Buffer.from(hash))));
  });
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64").replaceAll("=", "");

/** `peppered` is the password under the pepper key; `salt` is 16 random bytes. */
export async function hashPassword(peppered: Uint8Array, salt: Uint8Array): Promise<string> {
  return `${header}${base64(salt)}$${base64(await derive(peppered, salt, current))}`;
}

export async function matchesPassword(peppered: Uint8Array, stored: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt, hash] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(stored) ?? [];
  if (salt === undefined || hash === undefined) return false;
  const parameters = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const derived = await derive(peppered, Buffer.from(salt, "base64"), parameters);
  const expected = Buffer.from(hash, "base64");
  return derived.length === expected.length && timingSafeEqual(derived, expected);
}

/** What an unknown person's password is compared with: the same work, never a match. */
export const decoyHash = `${header}${base64(Buffer.alloc(16))}$${base64(Buffer.alloc(tagLength))}`;
