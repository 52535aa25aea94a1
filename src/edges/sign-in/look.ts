/** In which language and with which settings a page is shown: as chosen on a page, else the person's, else the browser's. */

import type { FastifyReply, FastifyRequest } from "fastify";
import { languages, languageOf, type Language } from "#i18n/translate.ts";
import type { Deps } from "#actions/deps.ts";
import type { Cookies } from "./cookies.ts";
import { wordsIn, type Look } from "./layout.ts";

export function lookOf(
  { deps, cookies }: { deps: Deps; cookies: Cookies },
  request: FastifyRequest,
  person?: { language: string | null },
): Look {
  const asked = (request.query as { lang?: unknown }).lang;
  const chosen =
    typeof asked === "string" && Object.hasOwn(languages, asked) ? asked : cookies.read(request, "language");
  const language = languageOf(chosen ?? person?.language ?? preferred(request.headers["accept-language"]));
  const inLanguage = (one: Language) => {
    const [path = "", query] = request.url.split("?");
    const parameters = new URLSearchParams(query);
    parameters.set("lang", one);
    return `${path}?${parameters.toString()}`;
  };
  return { language, say: wordsIn(language), settings: deps.settings.values(), inLanguage };
}

/** The first of the browser's languages that we speak. */
function preferred(header: string | undefined): string | undefined {
  const tags = (header ?? "").split(",").map((part) => part.split(";")[0]!.trim().toLowerCase());
  return tags.find((tag) => Object.hasOwn(languages, tag.split("-")[0]!));
}

/** A language that was chosen on a page stays. */
export function keepLanguage(cookies: Cookies, request: FastifyRequest, reply: FastifyReply): void {
  const { lang } = request.query as { lang?: unknown };
  if (typeof lang === "string" && Object.hasOwn(languages, lang)) cookies.write(reply, "language", lang, 31_536_000);
}
