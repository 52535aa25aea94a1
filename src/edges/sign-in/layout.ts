/**
 * The frame of every page that the server renders: one card, one column, works at 320 pixels and without JavaScript. Must stay
 * true: no third-party request, no inline script or style.
 */

import { helpPath, type HelpTopic } from "#core/help.ts";
import type { Settings } from "#core/settings/index.ts";
import { languages, translate, type Language, type TextKey } from "#i18n/translate.ts";
import { html, type Html } from "./html.ts";

export type Words = (key: TextKey, values?: Record<string, string | number>) => string;
export type Look = {
  language: Language;
  say: Words;
  settings: Settings;
  /** this page in another language */
  inLanguage: (language: Language) => string;
};

export type Page = {
  title: string;
  body: Html;
  /** for what they are signing in; empty: for the account's own pages */
  application?: string | undefined;
  /** a section of the guide, when this page's trouble has one */
  help?: HelpTopic | undefined;
  script?: "passkey" | "copy" | "waiting";
  /** where scripts do not run: shown again every so often, from this address */
  again?: string;
};

const names: Record<Language, string> = { en: "English", sv: "Svenska" };

export function page(
  { language, say, settings, inLanguage }: Look,
  { title, body, application, help, script, again }: Page,
): string {
  const others = (Object.keys(languages) as Language[]).filter((one) => one !== language);
  const organisation = settings["organisation.name"];
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title} · ${organisation}</title>
        <link rel="icon" href="/assets/mark.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/sign-in.css" />
        ${script && html`<script src="/assets/${script}.js" type="module"></script>`}
        ${again !== undefined && html`<noscript><meta http-equiv="refresh" content="5; url=${again}" /></noscript>`}
      </head>
      <body>
        <header>
          <p class="organisation">${mark}<span>${organisation}</span></p>
        </header>
        <main>
          <h1>${title}</h1>
          ${application !== undefined && html`<p class="to">${application === "" ? say("page.to_account") : say("page.to", { application })}</p>`}
          ${body}
        </main>
        <footer>
          <nav aria-label="${say("page.more")}">
            <a href="${help === undefined ? "/help" : helpPath(help)}">${say("page.help")}</a>
            ${others.map((one) => html`<a href="${inLanguage(one)}" lang="${one}" hreflang="${one}">${names[one]}</a>`)}
          </nav>
        </footer>
      </body>
    </html> `.markup;
}

const mark = html`<svg viewBox="0 0 32 32" aria-hidden="true">
  <path d="M3 22H29M8 27C9 19 12 11 16 5M17 27C18 19 21 11 25 5" />
</svg>`;

/** R-205: not by colour alone; a field with the focus is described by it, since what is there at the start is no alert to many readers. */
export const alert = (text: string): Html => html`<p id="problem" class="alert" role="alert">${text}</p>`;

/** Whom to ask, as far as the organisation has said. */
export function support({ say, settings }: Look): Html {
  const name = settings["support.name"];
  const parts = [settings["support.phone"], settings["support.email"], settings["support.hours"]].filter(
    (part) => part !== "",
  );
  if (name === "" && parts.length === 0) return html`<p>${say("support.unnamed")}</p>`;
  return html`<p>${say("support.ask", { name: name === "" ? say("support.name") : name })} ${parts.join(" · ")}</p>`;
}

export const wordsIn =
  (language: Language): Words =>
  (key, values) =>
    translate(language, key, values);
