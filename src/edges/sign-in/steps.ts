/** The states of a sign-in as pages: where am I, what is happening, what can I do now. Every one works without JavaScript. */

import type { Flow, Problem } from "#actions/sign-in-flow.ts";
import { mayResync } from "#actions/resyncing.ts";
import type { HelpTopic } from "#core/help.ts";
import type { Prompt } from "#core/outcome.ts";
import { methods } from "#core/methods/index.ts";
import type { TextKey } from "#i18n/translate.ts";
import type { Option } from "#actions/sign-in-options.ts";
import { longestPin } from "#core/pin.ts";
import { html, type Html } from "./html.ts";
import { alert, support, type Look, type Page } from "./layout.ts";

/** What a form of a sign-in needs: where it goes, and which sign-in it belongs to. */
export const form = (action: string, flow: Flow, body: Html): Html =>
  html`<form method="post" action="${action}"><input type="hidden" name="flow" value="${flow.id}" />${body}</form>`;
export const submit = (label: string, kind: "primary" | "quiet" = "primary"): Html =>
  html`<button class="${kind}">${label}</button>`;

/** From one kind of method in the wizard to the choice of all. */
export const back = ({ say }: Look, flow: Flow): Html =>
  form("/sign-in/register", flow, submit(say("register.other"), "quiet"));

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

const instruction = ({ say }: Look, { method, sentTo = "", token = "", pin }: Prompt) =>
  say(`step.${method}${token && "_token"}${pin ? "_pin" : ""}` as TextKey, { to: sentTo, token });

/** R-194: where it would let somebody in the next time. */
export const rememberBox = (look: Look, flow: Flow): Html | undefined => {
  const days = look.settings["remember.days"];
  const box = html`<input type="checkbox" name="remember" value="yes" ${flow.remember && html`checked`} />`;
  return mayRemember(flow, days)
    ? html`<label class="check">${box} ${look.say("step.remember", { days })}</label>`
    : undefined;
};
const mayRemember = ({ open, need, resetting, registering }: Flow, deviceDays: number): boolean =>
  deviceDays > 0 &&
  !registering &&
  methods.get(open!.prompt.method)?.amr !== undefined &&
  need.strength === "mfa" &&
  !need.explicit &&
  !resetting;

/** How long there is left, in words, and whom or what else to turn to. */
export const timeLeft = ({ say }: Look, { open, expiresAt }: Flow, now: number): Html => {
  const minutes = Math.max(1, Math.ceil((Math.min(open!.expiresAt, expiresAt) - now) / 60_000));
  return html`<p id="time" class="soft">${say(minutes === 1 ? "step.time_one" : "step.time", { minutes })}</p>`;
};

/** So that nobody waits for the app to ask. */
export const appNote = ({ say }: Look, away: "rests" | "asks" | undefined): Html | undefined =>
  away && html`<p class="soft">${say(`step.push_${away}`)}</p>`;

export function codePage(look: Look, flow: Flow, { now, note }: { now: number; note: Html | undefined }): Page {
  const { say } = look;
  const { prompt } = flow.open!;
  const digits = prompt.length <= 8;
  const input = digits
    ? html`inputmode="numeric" autocomplete="one-time-code" pattern="[0-9 \\-]*"
      maxlength="${prompt.length + 3 + (prompt.pin ? longestPin : 0)}"`
    : html`autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="${prompt.length + 6}"`;
  const body = html`${flow.problem === "in_step" ? html`<p role="status">${say("problem.in_step")}</p>` : problemOf(look, flow.problem)}
    ${note}
    <p id="what">${instruction(look, prompt)}${prompt.method === "sms" && html` ${say("step.newest")}`}</p>
    ${form(
      "/sign-in/code",
      flow,
      html`<label for="code">${say(digits ? (prompt.pin ? "step.code_pin" : "step.code") : "step.pass")}</label>
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
        ${rememberBox(look, flow)} ${submit(say("step.verify"))}`,
    )}
    ${timeLeft(look, flow, now)}
    ${prompt.method === "sms" && form("/sign-in/other", flow, html`<input type="hidden" name="digit" value="${prompt.digit}" />${submit(say("step.again"), "quiet")}`)}
    ${mayResync(flow) && html`<p><a href="/sign-in?flow=${flow.id}&amp;resync=1">${say("resync.link")}</a></p>`}
    ${otherWays(look, flow)}`;
  const help = prompt.token === undefined ? helpOf[prompt.method] : "token";
  return { title: say("step.title"), body, application: leadsTo(flow), help };
}

const helpOf: Record<string, HelpTopic> = {
  sms: "no-text",
  totp: "code-refused",
  hotp: "code-refused",
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
export const otherWays = (look: Look, flow: Flow) =>
  flow.open!.prompt.others.length > 0
    ? html`<p><a href="/sign-in?flow=${flow.id}&amp;other=1">${look.say("step.other")}</a></p>`
    : html`<div class="support">${support(look)}</div>`;

const optionLabel = ({ say }: Look, { method, sentTo = "", token }: Option) =>
  say(token === undefined ? (`option.${method}` as TextKey) : "option.token", { to: sentTo, token: token ?? "" });

export function otherPage(look: Look, flow: Flow): Page {
  const { say } = look;
  const option = (one: Prompt["others"][number]) =>
    html`<li>
      ${form("/sign-in/other", flow, html`<button class="choice" name="digit" value="${one.digit}">${optionLabel(look, one)}</button>`)}
    </li>`;
  const body = html`<ul class="choices">
      ${flow.open!.prompt.others.map(option)}
    </ul>
    <p><a href="/sign-in?flow=${flow.id}">${say("page.back")}</a></p>
    <div class="support">${support(look)}</div>`;
  return { title: say("step.other"), body, application: leadsTo(flow), help: "other-option" };
}

type Onward = { others: readonly Option[]; note: Html | undefined };
/** The second step has ended without a way in: what that was, and how to go on. `others`: what else this person has. */
export function endedPage(look: Look, flow: Flow, { others, note }: Onward): Page {
  const { say } = look;
  const { problem = "ended", tried } = flow;
  const retry = { push: "step.ask_again", voice: "step.call_again", "sms-reply": "step.send_again" } as const;
  const isCalled = tried === "push" || tried === "voice" || tried === "sms-reply";
  const body = html`${problemOf(look, problem)} ${note}
    ${form("/sign-in/again", flow, html`${isCalled && html`<input type="hidden" name="method" value="${tried}" />`}${submit(say(isCalled ? retry[tried] : "step.retry"))}`)}
    ${others.length > 0 && html`<h2>${say("step.other")}</h2>`}
    <ul class="choices">
      ${others.map(
        (one) =>
          html`<li>
            ${form("/sign-in/again", flow, html`<button class="choice" name="method" value="${one.method}">${optionLabel(look, one)}</button>`)}
          </li>`,
      )}
    </ul>
    <div class="support">${support(look)}</div>`;
  const help = helpOfEnd[problem] ?? "code-refused";
  return { title: say("step.title"), body, application: leadsTo(flow), help };
}
const helpOfEnd: Partial<Record<Problem, HelpTopic>> = {
  locked: "locked-out",
  declined: "unexpected-request",
  no_answer: "no-call",
  unreachable: "no-call",
  busy: "no-call",
  pin_expired: "pin",
  wrong_number: "unexpected-request",
  app_no_answer: "app-quiet",
  app_unreachable: "app-quiet",
  app_busy: "unexpected-request",
  app_pin_expired: "pin",
};
