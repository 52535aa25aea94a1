/**
 * A device as docs/reference/device-protocol.md has it, without an app around: it binds itself by a link or a typed code, sees what
 * waits, and answers. The key stays here; what is sent is signed by it.
 */

import { createPrivateKey, generateKeyPairSync, hash, randomBytes, type KeyObject, type webcrypto } from "node:crypto";
import { hotp } from "#core/crypto/hotp.ts";
import { readBase32 } from "#core/crypto/base32.ts";
import { writeJws } from "#wire/device/jws.ts";
import type {
  Activated,
  Decided,
  DecisionClaims,
  DeviceRequest,
  DeviceState,
  ServerInfo,
  Subscription,
} from "#wire/device/messages.ts";

/** All that a device keeps; `skewMs` is how far the server's clock is ahead of ours. */
export type Kept = {
  url: string;
  publicUrl: string;
  deviceId: string;
  key: webcrypto.JsonWebKey;
  account: Activated["account"];
  secretBase32: string;
  skewMs: number;
};

/** A refusal, with the code that the server gave. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly serverTime: number | undefined;
  constructor(
    status: number,
    { code = "", title = "", serverTime }: { code?: string; title?: string; serverTime?: number },
  ) {
    super(title || code || String(status));
    this.status = status;
    this.code = code;
    this.serverTime = serverTime;
  }
}

async function ask(address: string, init: RequestInit): Promise<Response> {
  const response = await fetch(address, { ...init, redirect: "error" });
  if (response.ok) return response;
  throw new Problem(response.status, (await response.json().catch(() => ({}))) as { code?: string });
}

type Binding = {
  /** where the server is reached; the link's own address otherwise */
  url?: string | undefined;
  name?: string;
  subscription?: Subscription | null;
};
/** By the activation link, or by the code and the name that were told with it; then `url` must be given. */
export type Invited = { link: string } | { code: string; username: string };

const platforms: Record<string, string> = { darwin: "macOS", linux: "Linux", win32: "Windows" };

/** Uses the code up. The device counts once its channel is proven: `prove`, or `confirm` with what its notification brought. */
export async function claim(invited: Invited, { url, name = "Command line", subscription = null }: Binding = {}) {
  const server = "link" in invited ? new URL(invited.link) : undefined;
  const code = "link" in invited ? server!.hash.replace("#activate=", "") : invited.code;
  const base = (url ?? server?.origin ?? "").replace(/\/$/, "");
  const info = (await (await ask(`${base}/device/v1/server`, {})).json()) as ServerInfo;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { kty, crv, x, y } = publicKey.export({ format: "jwk" });
  const body = {
    code,
    ...("username" in invited && { username: invited.username }),
    publicKey: { kty, crv, x, y },
    device: { name, kind: "other", platform: platforms[process.platform] ?? "other", appVersion: "1", language: "en" },
    subscription,
    signature: writeJws("activation", { key: privateKey, payload: { code, aud: info.publicUrl } }),
  };
  const answer = await ask(`${base}/device/v1/activations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { deviceId, account, totp } = (await answer.json()) as Activated;
  const kept: Kept = {
    url: base,
    publicUrl: info.publicUrl,
    deviceId,
    key: privateKey.export({ format: "jwk" }),
    account,
    secretBase32: totp.secret,
    skewMs: 0,
  };
  return kept;
}

/** A request that is signed; a clock that is wrong is corrected by what the server says, once. */
export async function send(
  kept: Kept,
  path: string,
  { method = "GET", body }: { method?: string; body?: object } = {},
) {
  const text = body === undefined ? "" : JSON.stringify(body);
  const once = async () =>
    await ask(`${kept.url}/device/v1${path}`, {
      method,
      headers: {
        authorization: `Device ${authorization(kept, { method, path, text })}`,
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: text }),
    });
  try {
    return await once();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "bad_time" || error.serverTime === undefined) throw error;
    kept.skewMs = error.serverTime - Date.now();
    return await once();
  }
}

const keyOf = ({ key }: Pick<Kept, "key">): KeyObject => createPrivateKey({ key, format: "jwk" });
const clockOf = ({ skewMs }: Kept): number => Date.now() + skewMs;

function authorization(kept: Kept, { method, path, text }: { method: string; path: string; text: string }): string {
  const payload = {
    htm: method,
    htu: `${new URL(kept.publicUrl).origin}/device/v1${path.split("?")[0]}`,
    iat: Math.floor(clockOf(kept) / 1000),
    jti: randomBytes(16).toString("base64url"),
    bh: text === "" ? "" : hash("sha256", text, "base64url"),
    user: kept.account.username,
  };
  return writeJws("request", { key: keyOf(kept), kid: kept.deviceId, payload });
}

export const look = async (kept: Kept): Promise<DeviceState> =>
  (await (await send(kept, "/requests")).json()) as DeviceState;

export async function confirm(kept: Kept, proof: string): Promise<void> {
  await send(kept, "/activations/confirm", { method: "POST", body: { proof } });
}

/** Without notifications: by looking. */
export async function prove(kept: Kept): Promise<void> {
  const { validate = "" } = await look(kept);
  await confirm(kept, validate);
}

export async function activate(invited: Invited, binding: Binding = {}): Promise<Kept> {
  const kept = await claim(invited, binding);
  await prove(kept);
  return kept;
}

export type Said = Pick<DecisionClaims, "decision" | "number" | "pin" | "newPin" | "uv">;

/** The decision as it is signed; `changed` is for tests of what a server refuses. */
export function sign(
  kept: Pick<Kept, "key" | "deviceId">,
  request: DeviceRequest,
  said: Said & Partial<DecisionClaims>,
): string {
  const { id, nonce, user, application, expiresAt } = request;
  const payload = { challenge: id, nonce, user, application, exp: expiresAt, ...said };
  return writeJws("decision", { key: keyOf(kept), kid: kept.deviceId, payload });
}

export async function decide(kept: Kept, request: DeviceRequest, said: Said): Promise<Decided> {
  const body = { decision: sign(kept, request, said) };
  const answer = await send(kept, `/requests/${request.id}/decision`, { method: "POST", body });
  return (await answer.json()) as Decided;
}

/** The code to type where one is asked for; works without the server. */
export function codeNow(kept: Pick<Kept, "secretBase32" | "skewMs">, now = Date.now() + kept.skewMs): string {
  const seed = readBase32(kept.secretBase32);
  if (!seed.ok) throw new Error(seed.reason);
  return hotp(seed.bytes, Math.floor(now / 30_000), { digits: 6, algorithm: "sha1" });
}

/** What happens, as long as the app is open. */
export async function* events(
  kept: Kept,
  signal?: AbortSignal,
): AsyncGenerator<{ event: string; id: string; how?: string }> {
  const { body } = await send(kept, "/events");
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  signal?.addEventListener("abort", () => void reader.cancel(), { once: true });
  for (let text = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== undefined) yield { event, ...(JSON.parse(data!) as { id: string }) };
    }
  }
}
