/** The page on which somebody sets their own token right, by two codes that it shows one after the other. */

import { mayResync } from "#actions/resyncing.ts";
import type { Flow } from "#actions/sign-in-flow.ts";
import { html } from "./html.ts";
import type { Look, Page } from "./layout.ts";
import { tokenCode } from "./register.ts";
import { form, leadsTo, problemOf, submit } from "./steps.ts";

/** `asked`: by a link, or by the one that leads back; who was wrong tries again. */
export const isResyncing = (flow: Flow, asked: "0" | "1" | undefined): boolean =>
  mayResync(flow) && (asked === "1" || (asked === undefined && flow.problem === "not_in_a_row"));

export function resyncPage(look: Look, flow: Flow): Page {
  const { say } = look;
  const isWrong = flow.problem === "not_in_a_row";
  const body = html`${isWrong && problemOf(look, flow.problem)}
    <p id="what">${say("resync.how", { token: flow.open!.prompt.token! })}</p>
    ${form(
      "/sign-in/resync",
      flow,
      html`<label for="first">${say("resync.first")}</label>
        <input
          id="first"
          name="first"
          class="code"
          ${tokenCode}
          required
          autofocus
          aria-describedby="${isWrong && "problem "}what"
        />
        <label for="second">${say("resync.second")}</label>
        <input id="second" name="second" class="code" ${tokenCode} required />
        ${submit(say("resync.do"))}`,
    )}
    <p><a href="/sign-in?flow=${flow.id}&amp;resync=0">${say("page.back")}</a></p>`;
  return { title: say("resync.title"), body, application: leadsTo(flow), help: "token" };
}
