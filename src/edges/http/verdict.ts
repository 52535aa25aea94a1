import type { HmacKey } from "#core/crypto/hmac.ts";

/**
 * The signed verdict: what an integration may believe, however it came by the answer. One algorithm, and a key
 * that only the integration and we have; nothing in the header is ever read to choose either.
 */

export type Verdict = {
  iss: string;
  /** the API key's id */
  aud: string;
  /** seconds */
  iat: number;
  nonce: string | null;
  /** the name as it was sent */
  sub: string;
  app: string;
  result: string;
  challenge: string | null;
  cid: string;
};

const header = Buffer.from(JSON.stringify({ alg: "HS256", typ: "countersign-verdict+jwt" })).toString("base64url");

export function signVerdict(verdict: Verdict, key: HmacKey): string {
  const text = `${header}.${Buffer.from(JSON.stringify(verdict)).toString("base64url")}`;
  return `${text}.${key.digest(Buffer.from(text)).toString("base64url")}`;
}
