/**
 * Our own look at the session, in place of the library's: it runs for every authorization request, before anything is given
 * out. Must stay true: the library's session never lets anyone in; it only remembers what was given to whom.
 */

import { errors, interactionPolicy, type Account, type KoaContextWithOIDC } from "oidc-provider";
import { findApplication, type RelyingParty } from "#actions/applications.ts";
import type { Deps } from "#actions/deps.ts";
import { linkToSession } from "#actions/oidc-storage.ts";
import { judge, loadSubject, type Asked, type Verdict } from "#actions/oidc-sign-in.ts";
import { askedIn, type Details, type Params } from "./asked.ts";
import { exchangeOf } from "./exchange.ts";
import { lifeSeconds } from "./lives.ts";

const { Check, Prompt } = interactionPolicy;

export function policyFor(deps: Deps): interactionPolicy.Prompt[] {
  const look = new Check("session", "the session does not do for this request", async (ctx) => {
    const verdict = await judge(deps, await applicationOf(deps, ctx), {
      token: exchangeOf(ctx.req).session,
      asked: askedBy(ctx),
    });
    if (verdict.kind === "refused") throw refusal(verdict.reason);
    if (verdict.kind === "sign-in") return Check.REQUEST_PROMPT;
    await admit(deps, ctx, verdict);
    return Check.NO_NEED_TO_PROMPT;
  });
  const details = (ctx: KoaContextWithOIDC): Details => ({ since: deps.clock.now(), userId: askedBy(ctx).userId });
  const login = new Prompt({ name: "login", requestable: true }, details, look);
  // asking again is a matter of the look above, and consent is the administrator's, who has registered the application
  login.checks.remove("login_prompt");
  const consent = new Prompt({ name: "consent", requestable: true });
  consent.checks.clear();
  return [login, consent];
}

async function applicationOf(deps: Deps, { oidc }: KoaContextWithOIDC): Promise<RelyingParty> {
  const application = await findApplication(deps, oidc.client!.clientId);
  if (!application) throw new errors.InvalidClient("client is invalid");
  return application;
}

function askedBy({ oidc }: KoaContextWithOIDC): Asked {
  const { IdTokenHint: hint, Interaction: interaction } = oidc.entities;
  const details = interaction?.prompt.details as Details | undefined;
  return askedIn(oidc.params as Params, { userId: hint?.payload["sub"] as string | undefined, ...details });
}

function refusal(reason: Extract<Verdict, { kind: "refused" }>["reason"]): errors.OIDCProviderError {
  if (reason === "unmet")
    return new errors.UnmetAuthenticationRequirements("none of the requested acr values can be reached");
  if (reason === "somebody_else") return new errors.LoginRequired("somebody else is signed in");
  return new errors.AccessDenied("the application is not open to this person");
}

type In = Extract<Verdict, { kind: "in" }>;

/** Tells the library who is there, so that what it gives out says what we know, and ends when the session does. */
async function admit(deps: Deps, ctx: KoaContextWithOIDC, { session: browser, acr, amr, authTime }: In): Promise<void> {
  const { oidc } = ctx;
  const session = oidc.session!;
  const { clientId } = oidc.client!;
  const { userId } = browser;
  if (session.accountId !== userId) {
    // nothing of whoever was here before, and no cookie that they knew
    if (session.accountId !== undefined) {
      session.uid = deps.random.bytes(24).toString("base64url");
      session.authorizations = {};
    }
    // on the way back the library has done it
    if (oidc.route === "authorization") session.resetIdentifier();
  }
  session.loginAccount({ accountId: userId, loginTs: Math.floor(authTime / 1000), acr, amr });
  oidc.entity("Account", await accountOf(deps, { userId, clientId }));
  const grant = await grantFor(ctx, userId);
  grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(" "));
  grant.addOIDCClaims([...oidc.requestParamClaims]);
  await grant.save();
  oidc.entity("Grant", grant);
  session.ensureClientContainer(clientId);
  session.grantIdFor(clientId, grant.jti);
  await linkToSession(deps, { uid: session.uid, sessionId: browser.id, lifeMs: lifeSeconds * 1000 });
}

/** One for an application and session: a second would end what was given under the first. */
async function grantFor({ oidc }: KoaContextWithOIDC, accountId: string) {
  const { clientId } = oidc.client!;
  const known = oidc.session!.grantIdFor(clientId);
  const grant = known === undefined ? undefined : await oidc.provider.Grant.find(known);
  return grant?.accountId === accountId ? grant : new oidc.provider.Grant({ accountId, clientId });
}

export async function accountOf(
  deps: Deps,
  subject: { userId: string; clientId: string | undefined },
): Promise<Account | undefined> {
  const claims = await loadSubject(deps, subject);
  return claims && { accountId: subject.userId, claims: () => ({ ...claims, sub: subject.userId }) };
}
