/**
 * Around the library: who signs out at an application's request is signed out of this browser too. Must stay true: a
 * page that nobody has agreed to ends nothing, so only the session that the library knew ends.
 */

import type { KoaContextWithOIDC } from "oidc-provider";
import type { Deps } from "#actions/deps.ts";
import { endSessions, findSession } from "#actions/sessions.ts";
import { exchangeOf } from "./exchange.ts";

export const signOut =
  (deps: Deps) =>
  async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    const { route, params, session: left } = (ctx.oidc as KoaContextWithOIDC["oidc"] | undefined) ?? {};
    if (route !== "end_session_confirm" || params?.["logout"] === undefined || ctx.status !== 303) return;
    const { session: token, sessionCookie } = exchangeOf(ctx.req);
    const session = await findSession(deps, token);
    if (!session || session.userId !== left?.accountId) return;
    await endSessions(deps, `person:${session.userId}`, { userId: session.userId, only: session.id });
    const secure = sessionCookie.startsWith("__Host-");
    ctx.cookies.set(sessionCookie, null, { path: "/", httpOnly: true, sameSite: "lax", secure, signed: false });
  };
