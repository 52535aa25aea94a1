/**
 * Applications that want it are told that someone has signed out (OpenID Connect Back-Channel Logout 1.0), from a queue: what
 * an application does with it, or does not, holds up nobody's signing out.
 */

import { createPrivateKey, sign } from "node:crypto";
import { postForm } from "#delivery/post-form.ts";
import { dropLogout, insertLogout, takeLogouts, type Logout } from "#store/oidc.ts";
import { findApplication, type RelyingParty } from "./applications.ts";
import type { Deps } from "./deps.ts";
import { loadSigningKeys } from "./oidc-keys.ts";

const againMs = 30_000;
const attemptLimit = 5;
const tokenSeconds = 120;

export async function queueLogout(deps: Deps, one: Pick<Logout, "clientId" | "userId" | "sid">): Promise<void> {
  const id = deps.random.id("lgo_");
  await deps.db.transaction((run) => insertLogout(run, { ...one, id }, deps.clock.now()));
}

export async function deliverLogouts(deps: Deps, { issuer }: { issuer: string }): Promise<void> {
  const now = deps.clock.now();
  const due = await takeLogouts(deps.db, { now, againAt: now + againMs });
  await Promise.all(due.map((one) => deliver(deps, one, issuer)));
}

async function deliver(deps: Deps, one: Logout, issuer: string): Promise<void> {
  const application = await findApplication(deps, one.clientId);
  const uri = application?.backchannelLogoutUri;
  if (!application || !uri) return await dropLogout(deps.db, one.id);
  const logout_token = await logoutToken(deps, { one, application, issuer });
  const status = await postForm(uri, { logout_token }, application).catch((error: Error) => error.message);
  if (status === 200 || status === 204) return await dropLogout(deps.db, one.id);
  deps.log.warn("an application could not be told that someone has signed out", {
    application: application.name,
    attempt: one.attempts,
    reason: status,
  });
  if (one.attempts >= attemptLimit) await dropLogout(deps.db, one.id);
}

type Telling = { one: Logout; application: RelyingParty; issuer: string };

/** typed, and without a nonce, so that it passes for no ID token. */
async function logoutToken(deps: Deps, { one, application, issuer }: Telling): Promise<string> {
  const { jwk } = (await loadSigningKeys(deps)).find((key) => key.jwk.alg === application.idTokenAlg)!;
  const iat = Math.floor(deps.clock.now() / 1000);
  const payload = {
    iss: issuer,
    aud: application.id,
    iat,
    exp: iat + tokenSeconds,
    jti: deps.random.bytes(16).toString("base64url"),
    sub: one.userId,
    sid: one.sid,
    events: { "http://schemas.openid.net/event/backchannel-logout": {} },
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: jwk.alg, typ: "logout+jwt", kid: jwk.kid })}.${part(payload)}`;
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}
