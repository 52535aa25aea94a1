// All that the REST bench knows about the product's API. TO BE WIRED with the REST edge: `createApiKey` and the signature
// in `signed` (the only two places); until then the bench is left out of the default list and says so when asked for.
import { totp, userName } from "./people.ts";
import type { Product } from "./product.ts";

export const path = "/api/v1/verifications";

export type ApiKey = { id: string; secret: string };

/** Makes a key that may verify everyone, through the command line. */
export function createApiKey(_product: Product): Promise<ApiKey> {
  return Promise.reject(new Error("the REST bench is not wired to API keys yet (bench/rest-contract.ts)"));
}

/** The headers that prove that the holder of `key` sent this body. */
function signed(_key: ApiKey, _body: string): Record<string, string> {
  return {};
}

/** One whole HTTP/1.1 request, ready to be written to a socket: a verification that begins with a valid code. */
export function encodeRequest(index: number, step: number, key: ApiKey): Buffer {
  const body = JSON.stringify({ user: userName(index), code: totp(index, step) });
  const headers = {
    host: "127.0.0.1",
    "content-type": "application/json",
    "content-length": String(body.length),
    ...signed(key, body),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

export const isAccepted = (status: number, _body: string) => status === 200 || status === 201;
