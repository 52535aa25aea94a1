/**
 * The OpenID provider: the library, set up. Must stay true: authorization code with PKCE is the only way in, and
 * every request passes our own look at the session (sign-in.ts), which is the one thing that lets anyone in.
 */

import { timingSafeEqual } from "node:crypto";
import type { EventEmitter } from "node:events";
import { Provider, type Configuration, type errors, type KoaContextWithOIDC } from "oidc-provider";
import { acrValues } from "#core/acr.ts";
import { idTokenAlgs } from "#core/relying-party.ts";
import { secretHashOf } from "#actions/applications.ts";
import type { Deps } from "#actions/deps.ts";
import type { SigningKey } from "#actions/oidc-keys.ts";
import { queueLogout } from "#actions/oidc-logout.ts";
import { adapterFor } from "./adapter.ts";
import { paths, targetOf } from "./addresses.ts";
import { pagesFor } from "./pages.ts";
import { exchangeOf } from "./exchange.ts";
import { lifeSeconds, minute, refreshSeconds } from "./lives.ts";
import { accountOf, policyFor } from "./sign-in.ts";
import { signOut } from "./sign-out.ts";

export function newProvider(deps: Deps, { publicUrl, keys }: { publicUrl: string; keys: SigningKey[] }): Provider {
  const provider = new Provider(publicUrl, configuration(deps, { publicUrl, keys }));
  // its own address comes from headers that routes.ts has set, never from the request's
  provider.proxy = true;
  provider.Client.prototype.compareClientSecret = function compareClientSecret(given: string) {
    const [kept, shown] = [Buffer.from(this.clientSecret ?? ""), Buffer.from(secretHashOf(given))];
    return kept.length === shown.length && timingSafeEqual(kept, shown);
  };
  // sent by a job, through the guard, and again if need be
  Object.assign(provider.Client.prototype, {
    backchannelLogout: async function backchannelLogout(this: { clientId: string }, userId: string, sid: string) {
      await queueLogout(deps, { clientId: this.clientId, userId, sid });
    },
  });
  provider.use(targets);
  provider.use(signOut(deps));
  const failed = (error: Error) => deps.log.error("an OpenID Connect request failed", { reason: error.message });
  for (const event of ["authorization.error", "pushed_authorization_request.error", "grant.error", "userinfo.error"])
    (provider as EventEmitter).on(event, told(deps));
  provider.on("server_error", (_ctx, error) => failed(error));
  // the framework below it has a word of its own for what nobody caught
  (provider as EventEmitter).on("error", failed);
  return provider;
}

/** Whoever sets up an application finds in the log what it was told, and why. */
const told = (deps: Deps) => (ctx: KoaContextWithOIDC, error: errors.OIDCProviderError) => {
  const { error: code, error_description: description, error_detail: detail } = error;
  const { correlationId } = exchangeOf(ctx.req);
  const application = ctx.oidc.client?.clientId;
  deps.log.info("an OpenID Connect request was refused", { correlationId, application, code, description, detail });
};

/** A form of the library's may lead to the application that asked, whose address it has checked. */
const targets: Parameters<Provider["use"]>[0] = async (ctx, next) => {
  await next();
  const { redirect_uri: back, post_logout_redirect_uri: out } = (ctx as KoaContextWithOIDC).oidc?.params ?? {};
  const uri = ctx.status === 200 ? (back ?? out) : undefined;
  const policy = ctx.response.get("content-security-policy");
  if (typeof uri === "string")
    ctx.set("content-security-policy", policy.replace("form-action 'self'", `form-action 'self' ${targetOf(uri)}`));
};

const offered: Configuration = {
  routes: {
    authorization: "/oidc/authorize",
    token: "/oidc/token",
    userinfo: "/oidc/userinfo",
    jwks: "/oidc/jwks",
    pushed_authorization_request: "/oidc/par",
    revocation: "/oidc/revoke",
    end_session: "/oidc/logout",
  },
  claims: {
    openid: ["sub", "acr", "amr", "auth_time"],
    profile: ["name", "given_name", "family_name", "preferred_username", "locale"],
    email: ["email"],
    groups: ["groups"],
  },
  scopes: ["openid", "offline_access", "profile", "email", "groups"],
  responseTypes: ["code"],
  pkce: { required: () => true },
  rotateRefreshToken: true,
  clientAuthMethods: ["client_secret_basic", "client_secret_post", "none"],
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  enabledJWA: { idTokenSigningAlgValues: [...idTokenAlgs], userinfoSigningAlgValues: [...idTokenAlgs] },
};

function configuration(deps: Deps, { publicUrl, keys }: { publicUrl: string; keys: SigningKey[] }): Configuration {
  const secure = publicUrl.startsWith("https:");
  const cookie = { httpOnly: true, sameSite: "lax", secure, signed: true } as const;
  return {
    adapter: adapterFor(deps),
    jwks: { keys: keys.map(({ jwk }) => jwk) },
    acrValues: Object.keys(acrValues),
    ...offered,
    clientBasedCORS: (_ctx, origin, client) =>
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    cookies: {
      // __Host- allows no path, which keeps the sign-ins of several tabs apart
      names: {
        session: `${secure ? "__Host-" : ""}countersign-oidc`,
        interaction: `${secure ? "__Secure-" : ""}countersign-oidc-interaction`,
        resume: `${secure ? "__Secure-" : ""}countersign-oidc-resume`,
      },
      long: { ...cookie, path: "/" },
      short: cookie,
      // the same on every node
      keys: [deps.keys.mac("oidc", "cookies").toString("base64url")],
    },
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed("refresh_token") && code.scopes.has("offline_access"),
    // everything ends with the session, refresh tokens too
    expiresWithSession: async () => true,
    ttl: {
      AuthorizationCode: minute,
      AccessToken: 10 * minute,
      IdToken: 60 * minute,
      Interaction: 30 * minute,
      RefreshToken: (_ctx, token) => refreshSeconds(deps.clock.now() / 1000 - token.iiat!),
      Grant: lifeSeconds,
      Session: lifeSeconds,
    },
    findAccount: async (ctx, userId) => await accountOf(deps, { userId, clientId: ctx.oidc.client?.clientId }),
    interactions: {
      policy: policyFor(deps),
      url: (_ctx, interaction) => `${paths.interaction}/${interaction.uid}`,
    },
    ...features(deps),
  };
}

function features(deps: Deps): Pick<Configuration, "features" | "renderError"> {
  const { renderError, logoutSource, postLogoutSuccessSource } = pagesFor(deps);
  return {
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      resourceIndicators: { enabled: false },
      claimsParameter: { enabled: true },
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
    },
    renderError,
  };
}
