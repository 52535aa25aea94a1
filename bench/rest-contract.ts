// All that the REST bench knows about the product's API, written from its documents and not with its code.
import { createHmac, hash, randomBytes } from "node:crypto";
import { totp, userName } from "./people.ts";
import type { Product } from "./product.ts";

export const path = "/api/v1/verifications";

export type ApiKey = { id: string; secret: string };

/** Makes a key that may verify everyone, through the command line. */
export async function createApiKey(product: Product): Promise<ApiKey> {
  return JSON.parse(await product.cli("api-key", "add", "--name", "bench", "--scope", "verify", "--json")) as ApiKey;
}

/** The header that proves that the holder of `key` sent this body, now and once. */
function signed({ id, secret }: ApiKey, body: string): Record<string, string> {
  const time = Math.floor(Date.now() / 1000);
  const nonce = randomBytes(18).toString("base64url");
  const text = ["POST", path, time, nonce, hash("sha256", body)].join("\n");
  const signature = createHmac("sha256", secret).update(text).digest("base64url");
  return {
    authorization: `Countersign-HMAC-SHA256 key=${id}, time=${time}, nonce=${nonce}, signature=${signature}`,
  };
}

/** One whole HTTP/1.1 request, ready to be written to a socket: a verification that begins with a valid code. */
export function encodeRequest(index: number, step: number, key: ApiKey): Buffer {
  const body = JSON.stringify({ username: userName(index), code: totp(index, step) });
  const headers = {
    host: "127.0.0.1",
    "content-type": "application/json",
    "content-length": String(body.length),
    ...signed(key, body),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

export const isAccepted = (status: number) => status === 200;
