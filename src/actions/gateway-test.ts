/** A trial of the gateways: a text on the way that every text takes, and what was heard of it. */

import { AppError } from "#core/errors.ts";
import { masked, countryOf, phoneReader } from "#core/phone.ts";
import { senderFor } from "#core/routing.ts";
import { languageOf, translate } from "#i18n/translate.ts";
import { attemptLimit, findDelivery, type Result } from "#store/deliveries.ts";
import type { Channel } from "#store/gateways.ts";
import { takeEach, type Budget } from "#store/throttle.ts";
import { lackingRecordings } from "./call-lines.ts";
import { attempt, type Carried } from "./carry.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { findGateways, usable, vendors, type Opened } from "./gateways-open.ts";
import { clear, vetoSentences } from "./outgoing.ts";

/** After a `problem` of the last step nothing was sent. */
export type TestStep = { gateway?: string; step: string; ms: number; answer?: string; problem?: string };
export type Test = { channel: Channel; number: string; gateway?: string | undefined; waitSeconds?: number | undefined };

const lookMs = 250;

/** `gateway`: that one alone, even while it is not enabled. */
export async function testGateways(deps: Deps, actor: Actor, test: Test): Promise<{ ok: boolean; steps: TestStep[] }> {
  const { channel, waitSeconds = 15 } = test;
  const { to, spend } = await readNumber(deps, test);
  const country = await countryOf(to);
  const steps: TestStep[] = [{ step: "number", ms: 0, answer: `${masked(to)}, ${country}` }];
  const routes = await chosen(deps, test, to);
  if (routes.length === 0) {
    const problem = `no gateway for ${channel} that is enabled, and does not rest, takes this number`;
    return { ok: false, steps: [...steps, { step: "route", ms: 0, problem }] };
  }
  const senders = routes.map((one) => `${one.name} as ${senderFor(to, one)}`);
  steps.push({ step: "route", ms: 0, answer: senders.join(", then ") });
  const id = deps.random.id("msg_");
  await changed(deps, actor, async (run) => {
    const [full] = await takeEach(run, [{ at: deps.clock.now(), budgets: spend }]);
    if (full) throw new AppError("invalid", `number: ${vetoSentences.budget}`);
    const detail = { channel, message: id, country, gateways: routes.map((one) => one.id) };
    return { value: undefined, result: "GATEWAY_TESTED", detail };
  });
  const message = { id, to, challengeId: null, userId: null, ...contentOf(deps, channel) };
  const able: Opened[] = [];
  for (const gateway of routes) {
    const unsaid = await recordings(deps, gateway);
    if (unsaid) steps.push(unsaid);
    if (unsaid?.problem === undefined) able.push(gateway);
  }
  const sent = await send(deps, { message, routes: able, waitSeconds });
  return { ok: sent.ok, steps: [...steps, ...sent.steps] };
}

type Sending = { message: Carried; routes: Opened[]; waitSeconds: number };
async function send(deps: Deps, { message, routes, waitSeconds }: Sending) {
  const steps: TestStep[] = [];
  for (const [index, gateway] of routes.slice(0, attemptLimit).entries()) {
    const before = deps.clock.now();
    const result = await attempt(deps, { message, gateway, attempt: index + 1 });
    if (!result) break;
    steps.push({ gateway: gateway.name, step: "send", ms: deps.clock.now() - before, ...told(result) });
    if (result.state === "unsure") break;
    if (result.state !== "sent") continue;
    const reported = vendors[gateway.channel].get(gateway.vendor)?.callback !== undefined;
    if (reported && waitSeconds > 0)
      steps.push({ gateway: gateway.name, ...(await receipt(deps, result.id, waitSeconds * 1000)) });
    return { ok: true, steps };
  }
  return { ok: false, steps };
}

/** A call reads digits that mean nothing, to whoever presses a key. */
function contentOf(deps: Deps, channel: Channel) {
  const organisation = deps.settings.values()["organisation.name"];
  if (channel === "voice") return { code: "1234", application: organisation };
  return { text: translate(languageOf(null), "sms.test", { organisation }) };
}

/** Whoever cannot speak needs a recording of all that is said. */
async function recordings(deps: Deps, { name, channel, vendor }: Opened): Promise<TestStep | undefined> {
  if (channel === "sms" || vendors.voice.get(vendor)?.speaks !== false) return undefined;
  const { language, missing } = await lackingRecordings(deps);
  const step = { gateway: name, step: "recordings", ms: 0 };
  if (missing.length === 0) return { ...step, answer: `all of ${language}` };
  return { ...step, problem: `it cannot speak, and there is no recording in ${language} of ${missing.join(", ")}` };
}

/** what is never sent to is not sent to as a trial. */
async function readNumber(deps: Deps, { channel, number }: Test): Promise<{ to: string; spend: Budget[] }> {
  const read = (await phoneReader())(number, deps.settings.values()["phone.default-country"]);
  if (!read.ok) throw new AppError("invalid", `number: ${read.reason}`);
  const cleared = await clear(deps, { channel, to: read.number, userId: "tests", purpose: "trial" });
  if ("veto" in cleared) throw new AppError("invalid", `number: ${vetoSentences[cleared.veto]}`);
  return { to: read.number, spend: cleared.spend };
}

async function chosen(deps: Deps, { channel, gateway: name }: Test, to: string): Promise<Opened[]> {
  const all = await findGateways(deps);
  if (name === undefined) return usable(all, { channel, to, now: deps.clock.now() });
  const one = all.find((gateway) => gateway.name === name && gateway.channel === channel);
  if (!one) throw new AppError("not_found", `no gateway for ${channel} is named ${name}`);
  return [one];
}

const told = (result: Result) =>
  result.state === "sent"
    ? { answer: `taken, its id is ${result.ref}` }
    : { problem: result.state === "unsure" ? `${result.reason}; it may have been sent` : result.reason };

/** What the carrier reports within the time; that it reports nothing may be its way, or its callbacks do not reach us. */
async function receipt(deps: Deps, id: string, waitMs: number): Promise<TestStep> {
  const before = deps.clock.now();
  for (let waited = 0; ; waited += lookMs) {
    const now = await findDelivery(deps.db, id);
    const ms = deps.clock.now() - before;
    if (now?.state === "delivered") return { step: "delivery", ms, answer: "delivered" };
    if (now?.state === "failed") return { step: "delivery", ms, problem: now.reason ?? "failed" };
    if (waited >= waitMs) return { step: "delivery", ms, answer: "nothing was reported yet" };
    await deps.clock.sleep(lookMs);
  }
}
