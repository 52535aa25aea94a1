/** How a request is signed and a verdict is checked: WebCrypto alone, so that it runs wherever `fetch` does. */

/** What a verdict says, once its signature held. */
export type Verdict = {
  aud: string;
  iat: number;
  nonce: string;
  sub: string;
  result: string;
  challenge: string | null;
  cid: string;
};
export type Keys = { signing: CryptoKey; verdicts: CryptoKey };

export async function importKeys(secret: string): Promise<Keys> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const raw = utf8(secret);
  const material = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveBits"]);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8("countersign verdict") };
  const derived = await crypto.subtle.deriveBits(hkdf, material, 256);
  return {
    signing: await crypto.subtle.importKey("raw", raw, hmac, false, ["sign"]),
    verdicts: await crypto.subtle.importKey("raw", derived, hmac, false, ["verify"]),
  };
}

type Parts = { keyId: string; method: string; target: string; body: string };

/** The Authorization header; `target` is path and query as the server will see them. */
export async function authorization(keys: Keys, { keyId, method, target, body }: Parts): Promise<string> {
  const time = Math.floor(Date.now() / 1000);
  const nonce = randomText();
  const digest = hex(await crypto.subtle.digest("SHA-256", utf8(body)));
  const text = [method, target, time, nonce, digest].join("\n");
  const signature = encode(await crypto.subtle.sign("HMAC", keys.signing, utf8(text)));
  return `Countersign-HMAC-SHA256 key=${keyId}, time=${time}, nonce=${nonce}, signature=${signature}`;
}

/** The header must be the one there is: no verdict chooses how it is checked. */
export async function readVerdict(keys: Keys, jws: string): Promise<Verdict> {
  const [header, payload = "", signature = "", ...rest] = jws.split(".");
  if (header !== verdictHeader || rest.length > 0) throw new Error("the verdict is none of ours");
  const text = utf8(`${header}.${payload}`);
  if (!(await crypto.subtle.verify("HMAC", keys.verdicts, decode(signature), text)))
    throw new Error("the verdict is not signed by the server");
  return JSON.parse(new TextDecoder().decode(decode(payload))) as Verdict;
}

/** 144 random bits */
export const randomText = (): string => encode(crypto.getRandomValues(new Uint8Array(18)));

const utf8 = (text: string) => new TextEncoder().encode(text);
const hex = (bytes: ArrayBuffer) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** base64url */
function encode(from: ArrayBuffer | Uint8Array): string {
  const text = btoa(Array.from(new Uint8Array(from), (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
const decode = (text: string) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
const verdictHeader = encode(utf8(JSON.stringify({ alg: "HS256", typ: "countersign-verdict+jwt" })));
