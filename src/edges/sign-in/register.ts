/** The wizard that registers a method: why, one choice a screen, a test, a second method, done. */

import { renderSVG } from "uqr";
import { masked } from "#core/phone.ts";
import { appKey, choices, shownCodes } from "#actions/registering.ts";
import type { Deps } from "#actions/deps.ts";
import type { Flow } from "#actions/sign-in-flow.ts";
import { isEnough } from "#core/registration.ts";
import type { TextKey } from "#i18n/translate.ts";
import { fromFile, html } from "./html.ts";
import type { Look, Page } from "./layout.ts";
import { makeForm } from "./passkeys.ts";
import { invitePage, overBody, registeredApp } from "./register-app.ts";
import { back, form, leadsTo, problemOf, submit } from "./steps.ts";

export async function registerPage(deps: Deps, look: Look, flow: Flow): Promise<Page> {
  const { kind, codes, number, sealed } = flow.registering!;
  const told = { application: leadsTo(flow), help: "register-now" as const };
  if (codes !== undefined) return { ...told, ...codesPage(deps, look, flow) };
  if (kind === "push") return { ...told, ...(await invitePage(deps, look, flow)) };
  if (kind === "totp") return { ...told, ...appPage(deps, look, flow) };
  if (kind === "passkey") return { ...told, ...(await passkeyPage(deps, look, flow)) };
  if (kind === "sms" && number && sealed) return { ...told, ...textCodePage(look, flow) };
  if (kind === "token") return { ...told, ...tokenPage(look, flow) };
  if (isPhone(kind)) return { ...told, ...numberPage(look, flow, kind) };
  return { ...told, ...(await choicePage(deps, look, flow)) };
}

async function choicePage(deps: Deps, look: Look, flow: Flow): Promise<Page> {
  const { say } = look;
  const { done, reason } = flow.registering!;
  const offered = await choices(deps, flow);
  const first = done.length === 0;
  const enough = isEnough({ reason, done });
  const choice = (kind: string) =>
    html`<li>
      <button class="choice" name="kind" value="${kind}">
        <strong>${say(`register.${kind}` as TextKey)}</strong><span>${say(`register.${kind}.about` as TextKey)}</span>
      </button>
    </li>`;
  const body = html`${problemOf(look, flow.problem)}
  ${
    first
      ? html`<p>${say(`reason.${reason}`)}</p>
          <p class="soft">${say("register.how_long")}</p>`
      : html`<ul class="done">
            ${done.map((kind) => html`<li>${say(kind === "push" ? registeredApp(flow) : (`register.${kind}` as TextKey))}</li>`)}
          </ul>
          <p>${say("register.backup")}</p>`
  }
  ${form(
    "/sign-in/register",
    flow,
    html`<ul class="choices">
      ${offered.map(choice)}
    </ul>`,
  )}
  ${(enough || reason === "added") && form("/sign-in/register/finish", flow, submit(say(first ? "register.cancel" : "register.finish"), first ? "quiet" : "primary"))}`;
  return { title: say(first ? "register.title" : "register.done"), body };
}

async function passkeyPage(deps: Deps, look: Look, flow: Flow): Promise<Page> {
  const { say } = look;
  const body = html`${problemOf(look, flow.problem)}
    <p>${say("register.passkey.how")}</p>
    ${await makeForm(deps, look, flow)}
    <noscript><p class="alert">${say("passkey.no_script")}</p></noscript>
    ${back(look, flow)}`;
  return { title: say("register.passkey.title"), body, script: "passkey" };
}

function appPage(deps: Deps, look: Look, flow: Flow): Page {
  const { say } = look;
  const key = appKey(deps, flow);
  if (!key) return { title: say("register.totp.title"), body: overBody(look, flow, "totp") };
  const { secretBase32, uri } = key;
  const grouped = secretBase32.replaceAll(/(.{4})(?=.)/g, "$1 ");
  const body = html`<ol class="steps">
      <li>${say("register.totp.install")}</li>
      <li>
        ${say("register.totp.scan")}
        <div class="qr" role="img" aria-label="${say("register.totp.qr")}">
          ${fromFile(renderSVG(uri, { border: 2 }))}
        </div>
        <p>${say("register.totp.typed")}</p>
        <p class="key"><code>${grouped}</code></p>
        <p><a href="${uri}">${say("register.totp.here")}</a></p>
      </li>
      <li>${say("register.totp.enter")}</li>
    </ol>
    ${codeForm(look, flow, { first: false })} ${back(look, flow)}`;
  return { title: say("register.totp.title"), body };
}

/** `first`: there is nothing to read before it; else the focus would scroll past that. */
const codeForm = (look: Look, flow: Flow, { first }: { first: boolean }) =>
  html`${problemOf(look, flow.problem)}
  ${form(
    "/sign-in/register/confirm",
    flow,
    html`<label for="code">${look.say("step.code")}</label>
      <input
        id="code"
        name="code"
        class="code"
        inputmode="numeric"
        autocomplete="one-time-code"
        pattern="[0-9 \\-]*"
        maxlength="9"
        required
        ${(first || flow.problem) && html` autofocus`}
        ${flow.problem && html` aria-describedby="problem" aria-invalid="true"`}
      />
      ${submit(look.say("step.verify"))}`,
  )}`;

function tokenPage(look: Look, flow: Flow): Page {
  const { say } = look;
  const { serial } = flow.registering!;
  const described = flow.problem && html` aria-describedby="problem"`;
  const body = html`${problemOf(look, flow.problem)}
    <p>${say("register.token.how")}</p>
    ${form(
      "/sign-in/register/token",
      flow,
      html`<label for="serial">${say("register.token.serial")}</label>
        <input
          id="serial"
          name="serial"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          required
          maxlength="64"
          value="${serial}"
          aria-describedby="${flow.problem && "problem "}where"
          ${serial === undefined && html` autofocus`}
        />
        <p id="where" class="soft">${say("register.token.where")}</p>
        <label for="code">${say("step.code")}</label>
        <input
          id="code"
          name="code"
          class="code"
          ${tokenCode}
          required
          ${described}
          ${serial !== undefined && html` autofocus`}
        />
        <label for="next">${say("register.token.next")}</label>
        <input id="next" name="next" class="code" ${tokenCode} aria-describedby="when" />
        <p id="when" class="soft">${say("register.token.when")}</p>
        ${submit(say("register.token.do"))}`,
    )}
    ${back(look, flow)}`;
  return { title: say("register.token.title"), body };
}

export const tokenCode = html`inputmode="numeric" autocomplete="off" pattern="[0-9 \\-]*" maxlength="12"`;

type Phone = "sms" | "voice" | "sms-reply";
const isPhone = (kind: string | undefined): kind is Phone => kind === "sms" || kind === "voice" || kind === "sms-reply";

function numberPage(look: Look, flow: Flow, kind: Phone): Page {
  const { say } = look;
  const { problem } = flow;
  const before = problem && problem !== "number_refused" ? flow.registering!.number : undefined;
  const body = html`${problemOf(look, problem)}
    <p>${say(flow.registering!.backupOf ? "register.backup_phone.how" : `register.${kind}.how`)}</p>
    <p class="soft">${say("register.phone.risk")}</p>
    ${form(
      "/sign-in/register/number",
      flow,
      html`<label for="number">${say(kind === "voice" ? "register.voice.number" : "register.sms.number")}</label>
        <input
          id="number"
          name="number"
          type="tel"
          autocomplete="tel"
          required
          maxlength="40"
          autofocus
          value="${before}"
          aria-describedby="${problem && "problem "}form"
        />
        <p id="form" class="soft">${say("register.sms.form")}</p>
        ${kind === "voice" && extension(look)} ${submit(say(`register.${kind}.send`))}`,
    )}
    ${back(look, flow)}`;
  return { title: say(flow.registering!.backupOf ? "register.backup_phone.title" : `register.${kind}.title`), body };
}

const extension = ({ say }: Look) =>
  html`<label for="extension">${say("register.voice.extension")}</label>
    <input
      id="extension"
      name="extension"
      autocomplete="off"
      pattern="@?[0-9,*# ]*"
      maxlength="40"
      aria-describedby="extension-form"
    />
    <p id="extension-form" class="soft">${say("register.voice.extension_form")}</p>`;

function textCodePage(look: Look, flow: Flow): Page {
  const { say } = look;
  const body = html`<p>${say("step.sms", { to: masked(flow.registering!.number!) })} ${say("step.newest")}</p>
    ${codeForm(look, flow, { first: true })} ${back(look, flow)}`;
  return { title: say("register.sms.title"), body };
}

function codesPage(deps: Deps, { say }: Look, flow: Flow): Page {
  const body = html`<p>${say("register.recovery.keep")}</p>
    <ol class="sheet">
      ${shownCodes(deps, flow).map((code) => html`<li><code>${code}</code></li>`)}
    </ol>
    ${form("/sign-in/register", flow, submit(say("register.recovery.saved")))}`;
  return { title: say("register.recovery"), body };
}
