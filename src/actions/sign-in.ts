/**
 * Signing in with a browser: name and password, second step, and where that leads. Must stay true: only `complete` begins a
 * session, and only for what was proven here; who asked for the sign-in looks at the session again and trusts nothing else.
 */

import type { Outcome } from "#core/outcome.ts";
import { isLasting, isRecovering, mayRegister, reasonToRegister } from "#core/registration.ts";
import { amrOf, satisfies } from "#core/strength.ts";
import { AppError } from "#core/errors.ts";
import type { ResultCode } from "#core/results.ts";
import { readPasswordState } from "#store/people.ts";
import { saveFirstPage } from "#store/registrations.ts";
import type { Verified } from "./asked.ts";
import { changed } from "./change.ts";
import { collect } from "./collect.ts";
import type { Deps } from "./deps.ts";
import { loadRegistrant, registrationRules } from "./registrant.ts";
import {
  endFlow,
  freshMs,
  holdFlow,
  newFlow,
  saveFlow,
  webApplication,
  type Flow,
  type FlowState,
  type Problem,
} from "./sign-in-flow.ts";
import { isRemembered, openSession, rememberDevice, renewSession, type Browser, type Session } from "./sessions.ts";
import { finishPasskeySignIn, finishPasskeyStep } from "./passkeys.ts";
import { begin, respond } from "./verify.ts";

type Wanted = Pick<FlowState, "application" | "need" | "returnTo" | "targets" | "loginHint" | "adding" | "backupOf"> & {
  browser: string;
  /** whoever is signed in already, for a further step */
  session?: Session | undefined;
};

/** Begins a sign-in; the browser is to be sent to `path`. */
export async function startSignIn(deps: Deps, { browser, session, ...wanted }: Wanted): Promise<{ path: string }> {
  const id = await newFlow(deps, browser, { ...wanted, ...carriedOver(session, wanted), continues: session?.id });
  return { path: `/sign-in?flow=${id}` };
}

/** What a session has proven recently enough need not be proven again. */
function carriedOver(session: Session | undefined, { need }: Pick<FlowState, "need">) {
  const fresh = (at: number) => at >= need.notBefore;
  const before = session?.passwordAt ?? null;
  const passwordAt = before !== null && fresh(before) ? before : null;
  const proofs = session?.proofs.filter(({ at }) => fresh(at)) ?? [];
  // one factor that says nothing of who holds it is not enough to begin with
  const known = passwordAt !== null || proofs.some(({ userVerified }) => userVerified);
  if (!session || !known) return { passwordAt: null, proofs: [], rememberedAt: null };
  const person = { id: session.userId, username: session.username, language: session.language };
  return { person, passwordAt, proofs, rememberedAt: null };
}

/** only this device's and this person's token counts; a level asked for by name is never skipped to. */
async function suffices(deps: Deps, flow: Flow, { userId, device }: Suffices): Promise<ResultCode | undefined> {
  if (flow.need.strength === "password") return "SUCCESS_PASSWORD_VERIFIED";
  if (flow.need.strength !== "mfa" || flow.need.explicit) return undefined;
  if (deps.settings.values()["remember.days"] === 0) return undefined;
  return (await isRemembered(deps, { token: device, userId })) ? "SUCCESS_USED_CACHE" : undefined;
}
type Suffices = { userId: string; device: string | undefined };

/** What a browser brings along with an answer. */
export type From = Browser & { device: string | undefined };
export type Step = { flow: Flow } | { done: Done };
export type Done = { token: string; returnTo: string; device?: string | undefined; deviceDays: number };

export const sourceOf = ({ clientIp }: From) => ({ protocol: "web" as const, clientIp });

/** names that nobody has, or nobody may use, cost less to refuse; as with RADIUS that does not show. */
const refusalMs = 1000;

export async function givePassword(
  deps: Deps,
  flow: Flow,
  { username, password, ...from }: From & { username: string; password: string },
): Promise<Step> {
  const application = webApplication(flow, { firstFactor: "any" });
  const begun = deps.clock.now();
  let enough: ResultCode | undefined;
  const proved = async (userId: string) => (enough = await suffices(deps, flow, { userId, device: from.device }));
  const outcome = await begin(deps, { application, username, password, proved, source: sourceOf(from) });
  const problem = passwordProblem(outcome);
  const correlationId = correlationOf(outcome);
  if (problem) {
    const saved = await saveFlow(deps, { ...flow, problem, correlationId, loginHint: username });
    await deps.clock.sleep(Math.max(0, begun + refusalMs - deps.clock.now()));
    return { flow: saved };
  }
  // a directory may know the typed name as somebody else than we did
  const person = await loadRegistrant(deps, userIdOf(outcome));
  const at = deps.clock.now();
  await saveFirstPage(deps.db, { userId: person.id, at });
  const known = {
    ...flow,
    person: { id: person.id, username: person.username, language: person.language },
    passwordAt: at,
    rememberedAt: (enough as ResultCode | undefined) === "SUCCESS_USED_CACHE" ? at : null,
    proofs: [],
  };
  return await next(deps, await named(deps, heard(known, outcome)), from);
}

/** until the password is right every refusal reads the same. */
function passwordProblem(outcome: Verified): Problem | undefined {
  if (outcome.kind === "elsewhere") return "unavailable";
  if (outcome.kind !== "deny") return undefined;
  // whoever hears these has given the right password
  if (outcome.userId !== undefined) return undefined;
  if (outcome.code === "throttled") return "throttled";
  return outcome.code === "unavailable" ? "unavailable" : "wrong_name_or_password";
}

const userIdOf = (outcome: Verified): string => {
  if (outcome.kind === "elsewhere" || outcome.userId === undefined) throw new AppError("internal", "nobody was named");
  return outcome.userId;
};
const correlationOf = (outcome: Verified) => (outcome.kind === "elsewhere" ? undefined : outcome.correlationId);

/** The flow after the engine has spoken. */
export function heard(flow: Flow, outcome: Verified): Flow {
  if (outcome.kind === "elsewhere") return { ...flow, problem: "unavailable" };
  const told = { ...flow, problem: undefined, correlationId: outcome.correlationId };
  if (outcome.kind === "challenge") {
    const { id, round, prompt, expiresAt } = outcome;
    return { ...told, open: { id, round, prompt, expiresAt } };
  }
  if (outcome.kind === "allow") return { ...told, open: undefined };
  // the voice and the app take a new one themselves
  if (outcome.code === "pin_expired" && flow.open?.prompt.kind === "code")
    return { ...told, open: undefined, pinOver: true };
  if (outcome.retry) return { ...told, open: outcome.retry, problem: "wrong_code" };
  const tried = outcome.code === "busy" ? "voice" : flow.open?.prompt.method;
  const problem = tried === "push" ? appProblemOf(outcome, flow.open) : problemOf(outcome);
  return { ...told, open: undefined, tried, problem };
}

type Denied = Extract<Outcome, { kind: "deny" }>;
const problems: Partial<Record<Denied["code"], Problem | undefined>> = {
  no_method: undefined,
  locked_out: "locked",
  number_blocked: "number_blocked",
  throttled: "throttled",
  unavailable: "unavailable",
  // also where it was reported, and blocked the account: whoever has the password may be looking, and is told nothing that a
  // plain "no" does not tell. Its owner reads in the app what follows and whom to ask.
  declined: "declined",
  no_answer: "no_answer",
  unreachable: "unreachable",
  busy: "busy",
  pin_expired: "pin_expired",
};
const problemOf = ({ code }: Denied): Problem | undefined => (code in problems ? problems[code] : "ended");

/** What is different in the app, since something else can be done about it there. */
const appProblems: typeof problems = {
  no_answer: "app_no_answer",
  unreachable: "app_unreachable",
  busy: "app_busy",
  pin_expired: "app_pin_expired",
};
const appProblemOf = (outcome: Denied, open: Flow["open"]): Problem | undefined =>
  outcome.code === "too_many_tries" && open?.prompt.number !== undefined
    ? "wrong_number"
    : (appProblems[outcome.code] ?? problemOf(outcome));

/** The second step, begun by itself with the default method, or the one asked for. */
export async function beginStep(deps: Deps, flow: Flow, from: From & { method?: string }): Promise<Step> {
  const application = webApplication(flow, { firstFactor: "none" });
  const { username } = flow.person!;
  const outcome = await begin(deps, { application, username, method: from.method, source: sourceOf(from) });
  const told = await named(deps, heard(flow, outcome));
  // otherwise it would be asked again for ever
  const nothing = outcome.kind === "deny" && outcome.code === "no_method";
  return nothing ? { flow: await saveFlow(deps, { ...told, stopped: "no_method" }) } : await next(deps, told, from);
}

/** Nothing was asked, so no prompt names the method: whoever has no phone that could ring was to be asked in the app. */
async function named(deps: Deps, flow: Flow): Promise<Flow> {
  if (flow.problem !== "busy" && flow.problem !== "unreachable") return flow;
  const { methods } = await loadRegistrant(deps, flow.person!.id);
  if (methods.includes("voice") || !methods.includes("push")) return flow;
  return { ...flow, tried: "push", problem: `app_${flow.problem}` };
}

/** A code, or the digit of another method; `remember`: not again in this browser for a while. */
export async function answerStep(
  deps: Deps,
  flow: Flow,
  { response, remember, ...from }: From & { response: string; remember?: boolean | undefined },
): Promise<Step> {
  if (!flow.open || !flow.person) return { flow };
  const outcome = await respond(deps, {
    application: webApplication(flow, { firstFactor: "none" }),
    username: flow.person.username,
    challengeId: flow.open.id,
    response,
    source: sourceOf(from),
  });
  return await heardStep(deps, { ...flow, ...(remember !== undefined && { remember }) }, { outcome, from });
}

async function heardStep(deps: Deps, flow: Flow, { outcome, from }: { outcome: Verified; from: From }): Promise<Step> {
  const told = heard(flow, outcome);
  if (outcome.kind !== "allow") return { flow: await saveFlow(deps, told) };
  const proof = { method: outcome.methods[0]!, at: deps.clock.now(), userVerified: false };
  return await next(deps, { ...told, won: true, proofs: [...told.proofs, proof] }, from);
}

/** What the phone has said meanwhile, if anything. */
export async function collectStep(
  deps: Deps,
  flow: Flow,
  { remember, ...from }: From & { remember: boolean },
): Promise<Step> {
  if (flow.open?.prompt.kind !== "wait" || !flow.person) return { flow };
  const outcome = await collect(deps, {
    application: webApplication(flow, { firstFactor: "none" }),
    username: flow.person.username,
    challengeId: flow.open.id,
    source: sourceOf(from),
    waitMs: 0,
  });
  const asked = { ...flow, remember };
  if (outcome.kind === "waiting") return { flow: await saveFlow(deps, { ...asked, problem: "not_yet" }) };
  return await heardStep(deps, asked, { outcome, from });
}

/** A passkey: instead of name and password, or as the second step that is open. */
export async function givePasskey(
  deps: Deps,
  flow: Flow,
  { response, remember, ...from }: From & { response: string; remember?: boolean | undefined },
): Promise<Step> {
  const application = webApplication(flow, { firstFactor: "none" });
  const given = { boundTo: flow.id, response, application, source: sourceOf(from) };
  const { person, open } = flow;
  const told = person
    ? open && (await finishPasskeyStep(deps, { ...given, userId: person.id, challengeId: open.id }))
    : await finishPasskeySignIn(deps, given);
  // what was no answer to this page was not tried either
  if (told?.outcome.kind !== "allow") {
    const correlationId = told && correlationOf(told.outcome);
    const still = told && person ? heard(flow, told.outcome).open : open;
    return { flow: await saveFlow(deps, { ...flow, open: still, problem: "passkey", correlationId }) };
  }
  const { userId, username } = told.outcome;
  const proof = { method: "passkey", at: deps.clock.now(), userVerified: told.userVerified };
  const now = { ...heard(flow, told.outcome), won: true, proofs: [...flow.proofs, proof], remember };
  if (person) return await next(deps, now, from);
  // a passkey that has not made sure of the person is one factor, and the password is the other
  if (!told.userVerified) return { flow: await saveFlow(deps, { ...flow, problem: "passkey_unverified" }) };
  const { language } = await loadRegistrant(deps, userId);
  return await next(deps, { ...now, person: { id: userId, username, language } }, from);
}

/** Where it goes from here: on with the second step, into a registration, to the end, or nowhere. */
export async function next(deps: Deps, flow: Flow, from: From): Promise<Step> {
  if (flow.open || flow.problem || flow.registering) return { flow: await saveFlow(deps, flow) };
  if (flow.resetting) return await nextOfReset(deps, flow, from);
  const through = satisfies(flow, flow.need);
  const registering = await startRegistering(deps, flow, { through });
  if (registering === "not yet") return await beginStep(deps, flow, from);
  if (registering) return { flow: await saveFlow(deps, { ...flow, ...registering }) };
  if (through) return await finish(deps, flow, from);
  const method = flow.need.strength === "phishing-resistant" ? "passkey" : undefined;
  const tried = flow.proofs.some((proof) => (method === undefined ? isLasting(proof.method) : proof.method === method));
  if (tried) return { flow: await saveFlow(deps, { ...flow, problem: "ended" }) };
  return await beginStep(deps, flow, { ...from, ...(method !== undefined && { method }) });
}

/** two proofs of different kinds, and then a new password; it never comes to a session. */
async function nextOfReset(deps: Deps, flow: Flow, from: From): Promise<Step> {
  const proven = new Set(flow.proofs.map(({ method }) => method));
  if (proven.size < 2) return await beginStep(deps, flow, from);
  return { flow: await saveFlow(deps, { ...flow, choosing: true }) };
}

/** Everything is proven: a password that somebody else chose is changed before the session begins. */
async function finish(deps: Deps, flow: Flow, from: From): Promise<Step> {
  const { id } = flow.person!;
  const isGiven = flow.passwordAt !== null && (await readPasswordState(deps.db, id)).expired;
  if (!isGiven) return { done: await complete(deps, flow, from) };
  const { off } = registrationRules(deps);
  const has = (await loadRegistrant(deps, id)).methods.some((method) => isLasting(method) && !off.has(method));
  // two know the password, so who has a method proves it, where the application does not ask for that either
  if (has && !flow.proofs.some(({ method }) => isLasting(method))) return await beginStep(deps, flow, from);
  return { flow: await saveFlow(deps, { ...flow, choosing: true }) };
}

/** Whether a method is to be registered first; `not yet`: who has one proves it before adding another. */
async function startRegistering(
  deps: Deps,
  flow: Flow,
  { through }: { through: boolean },
): Promise<Pick<Flow, "registering" | "stopped"> | "not yet" | undefined> {
  const registrant = await loadRegistrant(deps, flow.person!.id);
  const rules = registrationRules(deps);
  // a passkey that was made here only waits for its trial
  const recovered = isRecovering(flow.proofs) && !flow.trial ? "recovered" : undefined;
  const wish = through && flow.adding ? "added" : recovered;
  const reason = reasonToRegister(registrant, { need: flow.need, rules }) ?? wish;
  if (!reason) return undefined;
  const now = deps.clock.now();
  // a session that somebody left open hours ago adds nothing
  const proofs = flow.proofs.filter(({ at }) => at >= now - freshMs);
  const backup = reason === "added" && flow.backupOf ? { kind: "voice", backupOf: flow.backupOf } : {};
  if (mayRegister(registrant, { proofs, rules, now }))
    return { registering: { reason, tries: 0, done: [], ...backup } };
  return registrant.methods.length > 0 && proofs.length === 0 ? "not yet" : { stopped: "no_method" };
}

/** a new token, whatever there was before. */
export async function complete(deps: Deps, flow: Flow, from: From): Promise<Done> {
  const { person, passwordAt, proofs, rememberedAt, application, returnTo, continues } = flow;
  const userId = person!.id;
  const proven = { passwordAt, proofs, rememberedAt };
  const deviceDays = deps.settings.values()["remember.days"];
  const remember = flow.remember === true && deviceDays > 0 && proofs.length > 0;
  return await changed(deps, `person:${userId}`, async (run) => {
    await endFlow(run, flow);
    await holdFlow(run, flow);
    const renewed =
      continues === undefined ? undefined : await renewSession(deps, run, { id: continues, userId, proven });
    const { id, token } = renewed ?? (await openSession(deps, run, { userId, proven, browser: from }));
    const device = remember ? await rememberDevice(deps, run, { userId, browser: from, days: deviceDays }) : undefined;
    return {
      value: { token, returnTo, device, deviceDays },
      result: renewed ? "SESSION_RENEWED" : "SESSION_STARTED",
      userId,
      detail: { session: id, application: application.id, amr: amrOf(proven) },
    };
  });
}
