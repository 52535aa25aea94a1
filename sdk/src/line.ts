import { authorization, type Keys } from "./signing.ts";

/** The way to the server: every request signed, no redirect followed, none longer than this. */

export type Line = { base: string; keyId: string; keys: Keys; send: typeof fetch };
export type Sent = {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  body?: object;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

/** How long a request may take, one that waits included. */
const requestMs = 30_000;

export async function exchange({ base, keyId, keys, send }: Line, sent: Sent): Promise<Response> {
  const { method, path, headers, signal } = sent;
  const url = new URL(base + path);
  const body = sent.body === undefined ? "" : JSON.stringify(sent.body);
  const target = url.pathname + url.search;
  return await send(url, {
    method,
    redirect: "error",
    signal: AbortSignal.any([AbortSignal.timeout(requestMs), ...(signal ? [signal] : [])]),
    headers: {
      ...headers,
      authorization: await authorization(keys, { keyId, method, target, body }),
      ...(body !== "" && { "content-type": "application/json" }),
    },
    ...(body !== "" && { body }),
  });
}
