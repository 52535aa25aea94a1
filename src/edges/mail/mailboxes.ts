/** The evaluation's simulated mailboxes, as a page: what a mail server would have delivered, newest first. */

import cookie from "@fastify/cookie";
import type { FastifyInstance } from "fastify";
import type { Deps } from "#actions/deps.ts";
import { readMail, type MailMessage } from "#actions/mail.ts";
import { momentIn } from "#actions/notices.ts";
import { newToken } from "#actions/sessions.ts";
import { serverPagePolicy } from "../http/headers.ts";
import { cookiesFor } from "../sign-in/cookies.ts";
import { html } from "../sign-in/html.ts";
import { page, type Look } from "../sign-in/layout.ts";
import { keepLanguage, lookOf } from "../sign-in/look.ts";

export function mailRoutes(app: FastifyInstance, deps: Deps, { publicUrl }: { publicUrl: string }): void {
  const seen = { deps, cookies: cookiesFor(publicUrl, () => newToken(deps)) };
  app.register(async (scope) => {
    await scope.register(cookie);
    scope.get("/mail", async (request, reply) => {
      const look = lookOf(seen, request);
      keepLanguage(seen.cookies, request, reply);
      const mail = await readMail(deps);
      const body = html`<p>${look.say("mail.about")}</p>
        ${mail.length === 0 ? html`<p>${look.say("mail.none")}</p>` : mail.map((one) => letter(look, one))}`;
      return reply
        .header("content-security-policy", serverPagePolicy([]))
        .type("text/html; charset=utf-8")
        .send(page(look, { title: look.say("mail.title"), body }));
    });
  });
}

function letter({ language, say }: Look, { at, to, subject, text }: MailMessage) {
  const exact = new Date(at).toISOString();
  return html`<article class="letter">
    <h2>${subject}</h2>
    <p>${say("mail.to", { to })} · <time datetime="${exact}">${momentIn(language, at)}</time></p>
    <p class="text">${text}</p>
  </article>`;
}
