/** The wizard's page that binds the authenticator app: a picture for a phone's camera, or a code to type there, and the wait for it. */

import { renderSVG } from "uqr";
import type { Deps } from "#actions/deps.ts";
import { appInvitation, type AppInvitation } from "#actions/registering-app.ts";
import type { Flow } from "#actions/sign-in-flow.ts";
import type { TextKey } from "#i18n/translate.ts";
import { fromFile, html, type Html } from "./html.ts";
import { alert, type Look, type Page } from "./layout.ts";
import { back, form, problemOf, submit } from "./steps.ts";

/** Only once a device has shown what reaches it is there anything to say of it. */
export const registeredApp = ({ registering }: Flow): TextKey =>
  registering!.push === "web" ? "register.push.done" : "register.push.done_no_push";

export async function invitePage(deps: Deps, look: Look, flow: Flow): Promise<Page> {
  const { say } = look;
  const title = say("register.push.title");
  const invited = await appInvitation(deps, flow);
  if (invited === "bound")
    return {
      title,
      body: html`<p role="status">${say("register.push.bound")}</p>
        ${waiting(flow, submit(say("sign_in.continue")))}`,
      script: "waiting",
    };
  if (invited === "over") return { title, body: overBody(look, flow, "push") };
  const minutes = Math.max(1, Math.ceil((invited.expiresAt - deps.clock.now()) / 60_000));
  const body = html`${problemOf(look, flow.problem)}
    <ol class="steps">
      <li>
        ${say("register.push.scan")}
        <div class="qr" role="img" aria-label="${say("register.push.qr")}">
          ${fromFile(renderSVG(invited.link, { border: 2 }))}
        </div>
        <p class="here"><a href="${invited.link}" target="_blank" rel="noreferrer">${say("register.push.here")}</a></p>
      </li>
      <li>${say("register.push.allow")}</li>
      <li>${say("register.push.wait")}</li>
    </ol>
    ${typed(look, flow, invited)} ${waiting(flow, submit(say("register.push.have"), "quiet"))}
    <p class="soft">${say(minutes === 1 ? "register.push.time_one" : "register.push.time", { minutes })}</p>
    ${back(look, flow)}`;
  return { title, body, script: "waiting", again: `/sign-in?flow=${flow.id}` };
}

/** Sent by the page's script as soon as there is something to go on with. */
const waiting = (flow: Flow, button: Html): Html =>
  html`<form method="post" action="/sign-in/waiting" data-waiting="/sign-in/waiting?flow=${flow.id}">
    <input type="hidden" name="flow" value="${flow.id}" />${button}
  </form>`;

/** What an app was to be set up with is good no more. */
export const overBody = (look: Look, flow: Flow, kind: "push" | "totp"): Html =>
  html`${alert(look.say(`register.${kind}.over`))}
  ${form("/sign-in/register", flow, html`<input type="hidden" name="kind" value="${kind}" />${submit(look.say(`register.${kind}.again`))}`)}
  ${back(look, flow)}`;

const typed = ({ say }: Look, flow: Flow, { link, code }: AppInvitation): Html =>
  html`<details>
    <summary>${say("register.push.typed")}</summary>
    <ol class="steps">
      <li>${say("register.push.typed_open")} <code>${link.split("#")[0]}</code></li>
      <li>${say("register.push.typed_name")} <code>${flow.person!.username}</code></li>
      <li>
        ${say("register.push.typed_code")}
        <p class="key"><code>${code}</code></p>
      </li>
    </ol>
  </details>`;
