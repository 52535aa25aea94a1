/** The pages that the library shows: what is wrong with a request, and signing out. */

import { errors, type KoaContextWithOIDC } from "oidc-provider";
import type { Deps } from "#actions/deps.ts";
import { notePageError } from "#actions/page-errors.ts";
import { errorPage, type PageErrorName } from "../sign-in/errors.ts";
import { html } from "../sign-in/html.ts";
import { page } from "../sign-in/layout.ts";
import { submit } from "../sign-in/steps.ts";
import { paths } from "./addresses.ts";
import { exchangeOf } from "./exchange.ts";

export const pagesFor = (deps: Deps) => ({
  renderError: async (ctx: KoaContextWithOIDC, _out: unknown, error: Error) => {
    const { look, correlationId, clientIp } = exchangeOf(ctx.req);
    const place = ctx.path.slice(0, 100);
    const name = nameOf(error);
    void notePageError(deps, { name, place, correlationId, clientIp });
    ctx.type = "html";
    ctx.body = errorPage(look, name, { place, correlationId, at: deps.clock.now() });
  },

  /** R-178: leaving takes a press of one's own, or an ID token that the application got for this very person. */
  logoutSource: async (ctx: KoaContextWithOIDC) => {
    const { look } = exchangeOf(ctx.req);
    const { session, entities } = ctx.oidc;
    const isSure = entities.IdTokenHint?.payload["sub"] === session?.accountId;
    ctx.body = page(look, {
      title: look.say("sign_out.title"),
      application: undefined,
      body: html`<p>${look.say("sign_out.what")}</p>
        <form method="post" action="${ctx.oidc.urlFor("end_session_confirm")}">
          <input type="hidden" name="xsrf" value="${String(session?.state?.["secret"])}" />
          <input type="hidden" name="logout" value="yes" />
          ${submit(look.say("sign_out.do"))}
        </form>
        ${isSure && html`<script src="${paths.leave}"></script>`}`,
    });
  },

  postLogoutSuccessSource: async (ctx: KoaContextWithOIDC) => {
    const { look } = exchangeOf(ctx.req);
    ctx.body = page(look, {
      title: look.say("signed_out.title"),
      body: html`<p>${look.say("signed_out.what")}</p>`,
    });
  },
});

function nameOf(error: Error): PageErrorName {
  if (error instanceof errors.InvalidClient) return "application_unknown";
  if (error instanceof errors.InvalidRedirectUri) return "redirect_unregistered";
  if (error instanceof errors.SessionNotFound) return "flow_expired";
  return error instanceof errors.OIDCProviderError && error.statusCode < 500 ? "bad_request" : "internal";
}
