/**
 * The page of a step that is answered on the phone, and how it learns that there is an answer. Must stay true: looking changes
 * nothing, however often and by whom (R-037); only the page's form, from the browser that began, collects what was answered.
 */

import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Deps } from "#actions/deps.ts";
import { isAwaited } from "#actions/registering-app.ts";
import { findFlow, type Flow } from "#actions/sign-in-flow.ts";
import { readVerification } from "#actions/verifications.ts";
import type { HelpTopic } from "#core/help.ts";
import type { Prompt } from "#core/outcome.ts";
import type { TextKey } from "#i18n/translate.ts";
import type { Cookies } from "./cookies.ts";
import { html, type Html } from "./html.ts";
import type { Look, Page } from "./layout.ts";
import { back, leadsTo, otherWays, problemOf, rememberBox, submit, timeLeft } from "./steps.ts";

export async function waitPage(deps: Deps, look: Look, flow: Flow): Promise<Page> {
  const { say } = look;
  const { prompt } = flow.open!;
  const state = await standing(deps, flow, { waitMs: 0, signal: new AbortController().signal });
  const isOpen = state === "pending";
  const body = html`${isOpen ? whatToDo(look, flow) : html`<p role="status">${say("step.answered")}</p>`}
    <form method="post" action="/sign-in/waiting" data-waiting="/sign-in/waiting?flow=${flow.id}">
      <input type="hidden" name="flow" value="${flow.id}" />
      ${rememberBox(look, flow)}
      ${submit(say(isOpen ? "step.have_answered" : "sign_in.continue"), isOpen ? "quiet" : "primary")}
    </form>
    ${isOpen && late(look, flow)} ${isOpen && timeLeft(look, flow, deps.clock.now())}
    ${isOpen && (flow.registering ? back : otherWays)(look, flow)}`;
  const title = say(flow.registering ? (`register.${prompt.method}.title` as TextKey) : "step.title");
  const more = { application: leadsTo(flow), help: helpOf[prompt.method]! };
  return { title, body, ...more, script: "waiting", ...(isOpen && { again: `/sign-in?flow=${flow.id}` }) };
}

const whatToDo = (look: Look, flow: Flow): Html => {
  const { prompt } = flow.open!;
  return html`${problemOf(look, flow.problem)}
    <p id="what">${look.say(instructionOf(prompt), { to: prompt.sentTo ?? "" })}</p>
    ${prompt.number !== undefined && number(prompt.number)}`;
};

const helpOf: Record<string, HelpTopic> = { push: "app-quiet", voice: "no-call", "sms-reply": "reply-to-text" };

function instructionOf({ method, number: shown, pin }: Prompt): TextKey {
  if (method !== "voice" && method !== "push") return (pin ? `step.${method}_pin` : `step.${method}`) as TextKey;
  if (shown !== undefined) return pin && method === "push" ? "step.push_number_pin" : `step.${method}`;
  return pin ? `step.${method}_pin` : `step.${method}_plain`;
}

/** Shown after a while by the style alone, and at once to those whose page comes again by itself. */
const late = ({ say }: Look, { open }: Flow): Html | false =>
  open!.prompt.method === "push" &&
  html`<p class="soft late">${say(open!.prompt.others.length > 0 ? "step.push_late" : "step.push_late_only")}</p>`;

/** To be read at a glance, digit by digit by those who listen, and copied as it is typed. */
const number = (digits: string): Html =>
  html`<p class="number">
    <span class="unseen">${digits.split("").join(" ")}</span
    ><span aria-hidden="true"><span>${digits.slice(0, 3)}</span><span>${digits.slice(3)}</span></span>
  </p>`;

const standing = async (
  deps: Deps,
  { application, open }: Flow,
  wait: { waitMs: number; signal: AbortSignal },
): Promise<string | undefined> =>
  (await readVerification(deps, application.id, { id: open!.id, username: undefined, ...wait }))?.state;

const isInviting = ({ registering }: Flow) => registering?.activation !== undefined;

const heldMs = 25_000;

/** What the page's script asks: held until there is something to go on with. Of several windows the newest waits. */
export function waitingRoute(
  scope: FastifyInstance,
  { deps, cookies, stopping }: { deps: Deps; cookies: Cookies; stopping: AbortSignal },
): void {
  const waiting = new Map<string, AbortController>();
  scope.get("/sign-in/waiting", async (request, reply) => {
    const { flow: id } = z.object({ flow: z.string().max(64) }).parse(request.query);
    const browser = cookies.read(request, "browser");
    const flow = browser === undefined ? undefined : await findFlow(deps, { id, browser });
    if (!flow || (flow.open?.prompt.kind !== "wait" && !isInviting(flow))) return { state: "over" };
    const mine = new AbortController();
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    waiting.get(id)?.abort();
    waiting.set(id, mine);
    try {
      const signal = AbortSignal.any([mine.signal, gone.signal, stopping]);
      const wait = { waitMs: heldMs, signal };
      const isPending = isInviting(flow)
        ? await isAwaited(deps, flow, wait)
        : (await standing(deps, flow, wait)) === "pending";
      if (mine.signal.aborted) return { state: "elsewhere" };
      return { state: isPending ? "pending" : "over" };
    } finally {
      if (waiting.get(id) === mine) waiting.delete(id);
    }
  });
}
