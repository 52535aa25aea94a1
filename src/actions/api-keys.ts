import { z } from "zod";
import {
  addressRule,
  apiKeyOptions,
  apiScopes,
  isSigned,
  isTimely,
  parseAuthorization,
  sha256Hex,
  skewMs,
  verdictKey,
  type ApiKeyOptions,
  type ApiScope,
  type Proof,
} from "#core/api-key.ts";
import { hmacKey, type HmacKey } from "#core/crypto/hmac.ts";
import { AppError } from "#core/errors.ts";
import type { Application } from "#core/facts.ts";
import { listApiKeyRows, saveApiKey, saveRevocation, type ApiKeyRow } from "#store/api-keys.ts";
import { nonceBook } from "#store/api-requests.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { refuseUnknownDirectory } from "./directories.ts";

/** Integrations' keys: who may ask over HTTP, for which application, from where; and whether a request is really theirs. */

const newApiKey = apiKeyOptions.partial({ application: true }).extend({
  name: z.string().min(1).max(100),
  scopes: z.array(z.enum(apiScopes)).min(1),
  /** epoch ms */
  expiresAt: z.int().optional(),
});
export type NewApiKey = z.input<typeof newApiKey>;

/** The secret is made here, given back this once and kept sealed. */
export async function addApiKey(deps: Deps, actor: Actor, input: NewApiKey) {
  const parsed = newApiKey.safeParse(input);
  if (!parsed.success) throw new AppError("invalid", sentenceOf(parsed.error));
  const { name, scopes, expiresAt = null, application = name, ...rest } = parsed.data;
  const now = deps.clock.now();
  if (expiresAt !== null && expiresAt <= now) throw new AppError("invalid", "expiresAt: is in the past");
  const options: ApiKeyOptions = { ...rest, application };
  await refuseUnknownDirectory(deps, options.firstFactor);
  const id = deps.random.id("key_");
  const secret = deps.random.bytes(32).toString("base64url");
  const row: ApiKeyRow = {
    id,
    name,
    sealedSecret: deps.keys.seal("api", Buffer.from(secret), placeOf(id)),
    scopes,
    options: JSON.stringify(options),
    createdAt: now,
    expiresAt,
    revokedAt: null,
  };
  await changed(deps, actor, async (run) => {
    if (!(await saveApiKey(run, row))) throw new AppError("exists", `an API key named ${name} exists already`);
    const detail = { key: id, name, scopes, options, expiresAt };
    return { value: undefined, result: "API_KEY_ADDED", detail };
  });
  return { id, name, secret, scopes, expiresAt, ...options };
}

const sentenceOf = (error: z.ZodError) =>
  error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
const placeOf = (id: string) => ({ table: "api_key", column: "sealed_secret", row: id });

export async function listApiKeys(deps: Deps) {
  return (await listApiKeyRows(deps.db)).map(({ sealedSecret: _sealed, options, ...row }) => ({
    ...row,
    ...apiKeyOptions.parse(JSON.parse(options)),
  }));
}

/** Holds on every node from the next request on. */
export async function revokeApiKey(deps: Deps, actor: Actor, name: string): Promise<void> {
  await changed(deps, actor, async (run) => {
    const id = await saveRevocation(run, name, deps.clock.now());
    if (id === undefined) throw new AppError("not_found", `no API key in use is named ${name}`);
    return { value: undefined, result: "API_KEY_REVOKED", detail: { key: id, name } };
  });
}

/** A key as a request needs it. */
export type ApiKey = {
  id: string;
  secret: HmacKey;
  verdictKey: HmacKey;
  scopes: ReadonlySet<string>;
  expiresAt: number;
  allows: (address: string) => boolean;
  application: Application;
};

/** Whose a request says it is; nothing of that is believed yet. */
export type Claimed = { key: ApiKey; proof: Proof; address: string };
export type SignedRequest = {
  method: string;
  /** path and query as they stand in the request line */
  target: string;
  body: Uint8Array;
};
export type Authenticated = { key: ApiKey; bodySha256: string };
export type Authenticator = {
  /** What can be told before the body is read, so that a stranger's fills no memory. */
  claim: (asked: { authorization: string | undefined; address: string }) => Promise<Claimed | undefined>;
  authenticate: (claimed: Claimed, request: SignedRequest) => Promise<Authenticated | undefined>;
};

/**
 * Says whose a request is. Keys never change once made, so they are read once and remembered; that a key is still in use
 * is asked in the statement that takes the nonce (R-227: one use over all nodes).
 */
export function authenticator(deps: Deps): Authenticator {
  const find = keyCache(deps);
  const take = nonceBook(deps.db);
  const refused = (reason: string, key: string, address: string) => {
    deps.log.info("an API request was refused", { reason, key, address });
    return undefined;
  };
  const claim: Authenticator["claim"] = async ({ authorization, address }) => {
    const proof = parseAuthorization(authorization);
    const key = proof && (await find(proof.keyId));
    if (!proof || !key) return undefined;
    const now = deps.clock.now();
    if (!isTimely(proof, now)) return refused("its time is too far from ours", key.id, address);
    if (key.expiresAt <= now) return refused("the key has expired", key.id, address);
    if (!key.allows(address)) return refused("the address is not the key's", key.id, address);
    return { key, proof, address };
  };
  const authenticate: Authenticator["authenticate"] = async ({ key, proof, address }, { method, target, body }) => {
    const bodySha256 = sha256Hex(body);
    if (!isSigned({ method, target, bodySha256 }, proof, key.secret))
      return refused("wrong signature", key.id, address);
    // kept past the last moment at which a node with a slow clock would still believe its time
    const expiresAt = proof.time * 1000 + 2 * skewMs;
    // the signed time stands first, so that new rows lie side by side; under another time it is another request
    const id = `nonce ${proof.time} ${key.id} ${proof.nonce}`;
    if (!(await take({ id, keyId: key.id, expiresAt })))
      return refused("the nonce was used before, or the key is revoked", key.id, address);
    return { key, bodySha256 };
  };
  return { claim, authenticate };
}

/** Reads the keys when one is asked for that is not known; one reading at a time, whoever asks. */
function keyCache(deps: Deps): (id: string) => Promise<ApiKey | undefined> {
  let keys = new Map<string, ApiKey>();
  let reading: Promise<void> | undefined;
  const read = async () => {
    const rows = await listApiKeyRows(deps.db);
    keys = new Map(rows.flatMap((row) => usable(deps, row)).map((key) => [key.id, key]));
  };
  return async (id) => {
    const known = keys.get(id);
    if (known) return known;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    await reading;
    return keys.get(id);
  };
}

/** One that cannot be read is left out and logged: it fails closed. */
function usable(deps: Deps, row: ApiKeyRow): ApiKey[] {
  if (row.revokedAt !== null) return [];
  try {
    const { application, firstFactor, cidrs } = apiKeyOptions.parse(JSON.parse(row.options));
    const secret = deps.keys.unseal("api", row.sealedSecret, placeOf(row.id));
    return [
      {
        id: row.id,
        secret: hmacKey("sha256", secret),
        verdictKey: verdictKey(secret),
        scopes: new Set<string>(row.scopes),
        expiresAt: row.expiresAt ?? Infinity,
        allows: addressRule(cidrs),
        application: {
          id: row.id,
          name: application,
          firstFactor,
          canChallenge: true,
          allowWithoutMethodUntil: 0,
        },
      },
    ];
  } catch {
    deps.log.error("an API key cannot be used: its secret or options do not read", { key: row.id });
    return [];
  }
}

/** Whether the key may do this; a scope is one of the closed list. */
export const mayUse = (key: ApiKey, scope: ApiScope): boolean => key.scopes.has(scope);
