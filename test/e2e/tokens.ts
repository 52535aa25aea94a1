// Hardware tokens in people's hands: as a table brought them, and what they show. Must stay true: each has a serial number and a
// seed of its own, so that tests and states do not meet.
import { randomBytes } from "node:crypto";
import { base32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import type { Person, Server } from "./server.ts";

export type Token = {
  serial: string;
  seed: Buffer;
  /** by time: some intervals after that of its first code; by count: after its first */
  code(ahead?: number): string;
};

export const newToken = () => ({ serial: `26${randomBytes(5).readUIntBE(0, 5)}`, seed: randomBytes(32) });

const byTime = { digits: 8, algorithm: "sha256" } as const;
export const byCount = { digits: 7, algorithm: "sha512" } as const;

/** Eight digits, SHA-256, every minute. Codes are named from one moment on, so that a minute that ends meanwhile changes nothing. */
export function timed({ serial, seed } = newToken()): Token {
  const first = Math.floor(Date.now() / 60_000);
  return { serial, seed, code: (ahead = 0) => hotp(seed, first + ahead, byTime) };
}

export function counted({ serial, seed } = newToken(), shape: Parameters<typeof hotp>[2] = byCount): Token {
  return { serial, seed, code: (ahead = 0) => hotp(seed, ahead, shape) };
}

/** A token that waits for the person's codes. */
export async function assignToken({ node }: Server, { username }: Person): Promise<Token> {
  const token = timed();
  const { serial, seed } = token;
  const table = `serial,secret,digits,hash,interval\n${serial},${base32(seed)},8,SHA256,60\n`;
  await node.tell("token import", {}, table);
  await node.tell("token assign", { serial, username });
  return token;
}

/** A token of the person's, activated by its first code. */
export async function giveToken(server: Server, person: Person): Promise<Token> {
  const token = await assignToken(server, person);
  await server.node.tell("token activate", { serial: token.serial, codes: [token.code()] });
  return token;
}
