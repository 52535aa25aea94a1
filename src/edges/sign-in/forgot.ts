/** The pages of a forgotten password, up to what the sign-in's own pages do. They say nothing of who exists. */

import type { Flow } from "#actions/sign-in-flow.ts";
import { html } from "./html.ts";
import { support, type Look, type Page } from "./layout.ts";
import { form, problemOf, submit } from "./steps.ts";

const backToName = ({ say }: Look) => html`<p><a href="/sign-in">${say("page.back")}</a></p>`;

export function forgotPage(look: Look, flow: Flow): Page {
  const { say } = look;
  const body = html`<p>${say("reset.how")}</p>
    ${form(
      "/sign-in/forgot",
      flow,
      html`<label for="username">${say("sign_in.username")}</label>
        <input
          id="username"
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
          maxlength="256"
          value="${flow.loginHint}"
          autofocus
        />
        ${submit(say("reset.send"))}`,
    )}
    ${backToName(look)}`;
  return { title: say("reset.title"), body, help: "forgot-password" };
}

export function mailedCodePage(look: Look, flow: Flow): Page {
  const { say } = look;
  const body = html`${problemOf(look, flow.problem)}
    <p id="what">${say("reset.sent")}</p>
    ${form(
      "/sign-in/forgot/code",
      flow,
      html`<label for="code">${say("step.code")}</label>
        <input
          id="code"
          name="code"
          class="code"
          inputmode="numeric"
          autocomplete="one-time-code"
          pattern="[0-9 \\-]*"
          maxlength="11"
          required
          autofocus
          aria-describedby="what"
        />
        ${submit(say("step.verify"))}`,
    )}
    <p class="soft">${say("reset.nothing")}</p>
    <div class="support">${support(look)}</div>
    ${backToName(look)}`;
  return { title: say("reset.title"), body, help: "forgot-password" };
}
