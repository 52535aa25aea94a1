import type { Flow } from "#actions/sign-in-flow.ts";
import { html } from "./html.ts";
import type { Look, Page } from "./layout.ts";
import { form, leadsTo, problemOf, submit } from "./steps.ts";

/** The page on which a person chooses a password of their own, in place of one that the help desk has set. */

const longest = 256;

export function newPasswordPage(look: Look, flow: Flow): Page {
  const { say } = look;
  const field = (name: "password" | "again") =>
    html`<label for="${name}">${say(`new_password.${name}`)}</label>
      <input
        id="${name}"
        name="${name}"
        type="password"
        autocomplete="new-password"
        required
        maxlength="${longest}"
        aria-describedby="rule"
        ${name === "password" && html` autofocus`}
      />`;
  const body = html`${problemOf(look, flow.problem)}
    <p>${say(flow.resetting ? "reset.choose" : "new_password.why")}</p>
    <p id="rule">${say("new_password.rule")}</p>
    ${form(
      "/sign-in/new-password",
      flow,
      html`<input type="hidden" name="username" autocomplete="username" value="${flow.person!.username}" />
        ${field("password")} ${field("again")} ${submit(say("new_password.save"))}`,
    )}`;
  return { title: say("new_password.title"), body, application: leadsTo(flow), help: "forgot-password" };
}
