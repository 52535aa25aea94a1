/** The guide for people: the list of questions at /help, and each with its answer on a page of its own. */

import cookie from "@fastify/cookie";
import type { FastifyInstance } from "fastify";
import { helpPath } from "#core/help.ts";
import { readGuide } from "#i18n/help.ts";
import { languages, type Language } from "#i18n/translate.ts";
import type { Deps } from "#actions/deps.ts";
import { newToken } from "#actions/sessions.ts";
import { serverPagePolicy } from "../http/headers.ts";
import { cookiesFor } from "../sign-in/cookies.ts";
import { sendErrorPage } from "../sign-in/errors.ts";
import { html } from "../sign-in/html.ts";
import { page, support, type Look, type Page } from "../sign-in/layout.ts";
import { keepLanguage, lookOf } from "../sign-in/look.ts";
import { readMarkdown, type Group } from "./markdown.ts";

const htmlType = "text/html; charset=utf-8";

export function helpRoutes(app: FastifyInstance, deps: Deps, { publicUrl }: { publicUrl: string }): void {
  const guides = Object.fromEntries(
    (Object.keys(languages) as Language[]).map((language) => [language, readMarkdown(readGuide(language))]),
  ) as Record<Language, Group[]>;
  const seen = { deps, cookies: cookiesFor(publicUrl, () => newToken(deps)) };
  app.register(async (scope) => {
    await scope.register(cookie);
    scope.addHook("onRequest", async (request, reply) => {
      reply.header("content-security-policy", serverPagePolicy([]));
      keepLanguage(seen.cookies, request, reply);
    });
    scope.get("/help", async (request, reply) => {
      const look = lookOf(seen, request);
      return reply.type(htmlType).send(page(look, listPage(look, guides[look.language])));
    });
    scope.get<{ Params: { topic: string } }>("/help/:topic", async (request, reply) => {
      const look = lookOf(seen, request);
      const shown = answerPage(look, guides[look.language], request.params.topic);
      if (!shown) return sendErrorPage({ deps, request, reply, look }, "not_found", { at: deps.clock.now() });
      return reply.type(htmlType).send(page(look, shown));
    });
  });
}

const whomToAsk = (look: Look) =>
  html`<section class="support">
    <h2>${look.say("help.support")}</h2>
    ${support(look)}
  </section>`;

function listPage(look: Look, guide: Group[]): Page {
  const groups = guide.map(
    ({ title, questions }) =>
      html`<h2>${title}</h2>
        <ul class="questions">
          ${questions.map(({ topic, title: question }) => html`<li><a href="${helpPath(topic)}">${question}</a></li>`)}
        </ul>`,
  );
  return { title: look.say("help.title"), body: html`${groups} ${whomToAsk(look)}` };
}

function answerPage(look: Look, guide: Group[], topic: string): Page | undefined {
  const question = guide.flatMap(({ questions }) => questions).find((one) => one.topic === topic);
  if (!question) return undefined;
  const body = html`<div class="answer">${question.answer}</div>
    ${whomToAsk(look)}
    <p><a href="/help">${look.say("help.all")}</a></p>`;
  return { title: question.title, body };
}
