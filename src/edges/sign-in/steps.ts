/** The states of a sign-in as pages: where am I, what is happening, what can I do now. Every one works without JavaScript. */

import type { Flow, Problem } from "#actions/sign-in-flow.ts";
import type { HelpTopic } from "#core/help.ts";
import type { Prompt } from "#core/outcome.ts";
import { methods } from "#core/methods/index.ts";
import type { TextKey } from "#i18n/translate.ts";
import { html, type Html } from "./html.ts";
import { alert, support, type Look, type Page } from "./layout.ts";

/** What a form of a sign-in needs: where it goes, and which sign-in it belongs to. */
export const form = (action: string, flow: Flow, body: Html): Html =>
  html`<form method="post" action="${action}"><input type="hidden" name="flow" value="${flow.id}" />${body}</form>`;
export const submit = (label: string, kind: "primary" | "quiet" = "primary"): Html =>
  html`<button class="${kind}">${label}</button>`;

/** What the sign-in is for, as the pages say it. */
export const leadsTo = ({ application: { id, name } }: Flow): string => (id === "account" ? "" : name);

/** What the last answer came to, read out. */
export const problemOf = ({ say, settings }: Look, problem: Problem | undefined): Html | undefined =>
  problem && alert(say(`problem.${problem}`, { minutes: settings["lockout.minutes"] }));

export function namePage(look: Look, flow: Flow, passkey: Html | undefined): Page {
  const { say } = look;
  const changed = flow.problem === "password_changed";
  const body = html`${changed ? html`<p role="status">${say("problem.password_changed")}</p>` : problemOf(look, flow.problem)}
  ${form(
    "/sign-in/password",
    flow,
    html`<label for="username">${say("sign_in.username")}</label>
      <input
        id="username"
        name="username"
        autocomplete="username webauthn"
        autocapitalize="none"
        spellcheck="false"
        required
        maxlength="256"
        ${flow.problem && html` aria-describedby="problem"`}
        value="${flow.loginHint}"
        ${!flow.loginHint && html` autofocus`}
      />
      <label for="password">${say("sign_in.password")}</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        maxlength="1024"
        ${flow.loginHint && html` autofocus`}
      />
      ${submit(say("sign_in.continue"))}`,
  )}
  ${look.settings["reset.self-service"] && html`<p><a href="/sign-in/forgot?flow=${flow.id}">${say("reset.title")}</a></p>`}`;
  const help = flow.problem ? "wrong-name" : "first-time";
  return {
    title: say("sign_in.title"),
    body: html`${body}${passkey}`,
    application: leadsTo(flow),
    help,
    script: "passkey",
  };
}

const instruction = ({ say }: Look, { method, sentTo }: Prompt) =>
  sentTo === undefined ? say(`step.${method}` as TextKey) : say("step.sms", { to: sentTo });

/** R-194: where it would let somebody in the next time. */
const mayRemember = ({ open, need, resetting }: Flow, deviceDays: number): boolean =>
  deviceDays > 0 &&
  methods.get(open!.prompt.method)?.amr !== undefined &&
  need.strength === "mfa" &&
  !need.explicit &&
  !resetting;

export function codePage(look: Look, flow: Flow, { deviceDays, now }: { deviceDays: number; now: number }): Page {
  const { say } = look;
  const { prompt } = flow.open!;
  const digits = prompt.length <= 8;
  const input = digits
    ? html`inputmode="numeric" autocomplete="one-time-code" pattern="[0-9 \\-]*" maxlength="${prompt.length + 3}"`
    : html`autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="${prompt.length + 6}"`;
  const minutes = Math.max(1, Math.ceil((Math.min(flow.open!.expiresAt, flow.expiresAt) - now) / 60_000));
  const body = html`${problemOf(look, flow.problem)}
    <p id="what">${instruction(look, prompt)}${prompt.method === "sms" && html` ${say("step.newest")}`}</p>
    ${form(
      "/sign-in/code",
      flow,
      html`<label for="code">${say(digits ? "step.code" : "step.pass")}</label>
        <input
          id="code"
          name="code"
          class="code"
          ${input}
          required
          autofocus
          aria-describedby="${flow.problem && "problem "}what time"
          ${flow.problem === "wrong_code" && html` aria-invalid="true"`}
        />
        ${mayRemember(flow, deviceDays) && html`<label class="check"><input type="checkbox" name="remember" value="yes" /> ${say("step.remember", { days: deviceDays })}</label>`}
        ${submit(say("step.verify"))}`,
    )}
    <p id="time" class="soft">${say("step.time", { minutes })}</p>
    ${prompt.method === "sms" && form("/sign-in/other", flow, html`<input type="hidden" name="digit" value="${prompt.digit}" />${submit(say("step.again"), "quiet")}`)}
    ${otherWays(look, flow)}`;
  return { title: say("step.title"), body, application: leadsTo(flow), help: helpOf[prompt.method] };
}

const helpOf: Record<string, HelpTopic> = {
  sms: "no-text",
  totp: "code-refused",
  recovery: "recovery-codes",
  tap: "access-pass",
  passkey: "passkey-missing",
};

/** The browser's own dialogue asks for the passkey. */
export function passkeyPage(look: Look, flow: Flow, passkey: Html | undefined): Page {
  const { say } = look;
  const body = html`${problemOf(look, flow.problem)}
    <p>${say(flow.trial ? "step.passkey_trial" : "step.passkey")}</p>
    ${passkey}
    <noscript><p class="alert">${say("passkey.no_script")}</p></noscript>
    ${otherWays(look, flow)}`;
  return { title: say("step.title"), body, application: leadsTo(flow), help: "passkey-missing", script: "passkey" };
}

/** With one method only there is no other way, and the page names whom to ask (M-47, M-138). */
const otherWays = (look: Look, flow: Flow) =>
  flow.open!.prompt.others.length > 0
    ? html`<p><a href="/sign-in?flow=${flow.id}&amp;other=1">${look.say("step.other")}</a></p>`
    : html`<div class="support">${support(look)}</div>`;

export function otherPage(look: Look, flow: Flow): Page {
  const { say } = look;
  const option = ({ digit, method, sentTo }: Prompt["others"][number]) =>
    html`<li>
      ${form(
        "/sign-in/other",
        flow,
        html`<button class="choice" name="digit" value="${digit}">
          ${say(`option.${method}` as TextKey, { to: sentTo ?? "" })}
        </button>`,
      )}
    </li>`;
  const body = html`<ul class="choices">
      ${flow.open!.prompt.others.map(option)}
    </ul>
    <p><a href="/sign-in?flow=${flow.id}">${say("page.back")}</a></p>
    <div class="support">${support(look)}</div>`;
  return { title: say("step.other"), body, application: leadsTo(flow), help: "other-option" };
}

/** The second step has ended without a way in: what that was, and how to go on. */
export function endedPage(look: Look, flow: Flow): Page {
  const { say } = look;
  const problem = flow.problem ?? "ended";
  const body = html`${problemOf(look, problem)} ${form("/sign-in/again", flow, submit(say("step.retry")))}
    <div class="support">${support(look)}</div>`;
  const help = problem === "locked" ? "locked-out" : "code-refused";
  return { title: say("step.title"), body, application: leadsTo(flow), help };
}
