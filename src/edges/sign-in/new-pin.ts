import type { Flow } from "#actions/sign-in-flow.ts";
import { longestPin } from "#core/pin.ts";
import { html } from "./html.ts";
import type { Look, Page } from "./layout.ts";
import { form, leadsTo, problemOf, submit } from "./steps.ts";

/** The page on which a person chooses a PIN of their own, where theirs counts no more. */
export function newPinPage(look: Look, flow: Flow): Page {
  const { say, settings } = look;
  const field = (name: "pin" | "again") =>
    html`<label for="${name}">${say(`new_pin.${name}`)}</label>
      <input
        id="${name}"
        name="${name}"
        type="password"
        inputmode="numeric"
        autocomplete="off"
        required
        maxlength="${longestPin}"
        aria-describedby="rule"
        ${name === "pin" && html` autofocus`}
      />`;
  const body = html`${problemOf(look, flow.problem)}
    <p>${say("new_pin.why")}</p>
    <p id="rule">${say("new_pin.rule", { shortest: settings["pin.shortest"] })}</p>
    ${form("/sign-in/new-pin", flow, html`${field("pin")} ${field("again")} ${submit(say("new_pin.save"))}`)}`;
  return { title: say("new_pin.title"), body, application: leadsTo(flow), help: "pin" };
}
