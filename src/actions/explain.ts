import type { Ask, Decision } from "#core/case.ts";
import { nextAttempt, unseen } from "#core/decide.ts";
import { AppError } from "#core/errors.ts";
import type { Application, Factor, Facts } from "#core/facts.ts";
import { nameKey } from "#core/names.ts";
import { channelOf } from "#core/number-class.ts";
import type { DenyCode } from "#core/outcome.ts";
import { readFacts } from "#store/people.ts";
import type { Deps } from "./deps.ts";
import { hasSpentGuesses } from "./client-budgets.ts";
import { loadRadiusClients } from "./radius-clients.ts";
import { look, vetoSentences } from "./outgoing.ts";
import { judge, methodRules, namesOf, rulesOf } from "./rules.ts";

/** Why someone can or cannot sign in to an application now: the same decision as at a sign-in, with nothing taken or sent. */

export type ExplainedMethod = {
  id: string;
  method: string;
  name: string | null;
  /** paused: for seconds, after wrong answers; locked: until `lockedUntil`, or until an administrator unlocks it */
  state: "ready" | "paused" | "locked";
  fails: number;
  lockedUntil: number;
  /** why nothing is sent to its number now */
  unsent?: string;
};
export type Explained = {
  username: string;
  application: string;
  decision: "allow" | "challenge" | "deny" | "password";
  gate: string;
  code?: DenyCode;
  result?: string;
  reason: string;
  person: { id: string; state: string; hasPassword: boolean } | null;
  methods: ExplainedMethod[];
};

export type Question = { username: string; application: string; passwordRight?: boolean | undefined };

export async function explain(deps: Deps, question: Question): Promise<Explained> {
  const { username, passwordRight } = question;
  const application = await loadApplication(deps, question.application);
  const key = nameKey(username, namesOf(deps));
  const facts = await readFacts(deps.db, { nameKey: key });
  const ask = {
    application,
    nameKey: key,
    ...(await methodRules(deps)),
    ...(passwordRight && { password: "right" as const }),
  };
  const { decision, reason } = await judged(deps, ask, facts);
  const { person } = facts;
  return {
    username: person?.username ?? username,
    application: application.name,
    decision: decision.kind === "ask" ? "password" : decision.kind === "join" ? "challenge" : decision.kind,
    gate: decision.gate,
    ...(decision.kind === "deny" && { code: decision.code }),
    ...("result" in decision && { result: decision.result }),
    reason,
    person: person ? { id: person.id, state: person.state, hasPassword: person.passwordHash !== null } : null,
    methods: await Promise.all(facts.factors.map((factor) => methodOf(deps, factor, facts))),
  };
}

async function judged(deps: Deps, ask: Ask, facts: Facts): Promise<{ decision: Decision; reason: string }> {
  const { application } = ask;
  const decision = judge(deps, ask, facts);
  // a code may still be asked for; the answer is what is refused
  const isAsked = decision.kind === "challenge" && !decision.method.outOfBand;
  if (isAsked && (await hasSpentGuesses(deps, application))) return { decision: unseen, reason: spentGuesses };
  return { decision, reason: reasonOf(decision, facts, application) };
}

async function loadApplication(deps: Deps, name: string): Promise<Application> {
  const clients = await loadRadiusClients(deps);
  const found = clients.find((client) => client.application.name === name || client.name === name);
  if (!found) throw new AppError("not_found", `no RADIUS client, and no application of one, is named ${name}`);
  return found.application;
}

async function methodOf(deps: Deps, factor: Factor, { factors, person }: Facts): Promise<ExplainedMethod> {
  const { id, method, name, fails, lockedUntil, address: to } = factor;
  const { locks } = rulesOf(deps.settings.values());
  const attempt = nextAttempt(factor, factors, { now: deps.clock.now(), rules: locks });
  const state = attempt === "locked_out" ? "locked" : attempt === "throttled" ? "paused" : "ready";
  const channel = channelOf(method);
  const looked = channel && to !== null ? await look(deps, { channel, to, userId: person!.id }) : undefined;
  const unsent = looked && "veto" in looked ? { unsent: `its number ${vetoSentences[looked.veto]}` } : {};
  return { id, method, name, state, fails, lockedUntil, ...unsent };
}

const refusals: Record<DenyCode, string> = {
  unknown_person: "Nobody has this name.",
  person_disabled: "The account is disabled. `countersign user enable` lets the person in again.",
  person_blocked:
    "The person is blocked. `countersign user blocks` says why and until when; `countersign user unblock` lifts it.",
  number_blocked: "The number is blocked: nothing is sent to it. `countersign user blocks` says why and until when.",
  wrong_password: "The password is wrong.",
  password_expired:
    "The password was set by the help desk, and the person must change it on the sign-in page before it is good elsewhere.",
  no_method: "The person has no method that can be used here. `countersign method add-app` hands one out.",
  wrong_code: "The code is wrong.",
  code_duplicate: "The code was used before.",
  code_old: "The code is older than one already used.",
  too_many_tries: "There were too many wrong codes for one request.",
  pin_expired: "The PIN is right and must be changed first.",
  declined: "The person said no on the phone.",
  no_answer: "Nobody answered, or nothing was pressed.",
  unreachable:
    "No gateway can reach the phone now. `countersign gateway test` says which there are, and what they answer.",
  busy: "The person is being called already.",
  expired: "The request has ended.",
  superseded: "A newer code has replaced this one.",
  cancelled: "The request was cancelled.",
  foreign_challenge: "The answer belongs to another request.",
  locked_out:
    "There were too many wrong answers. The method opens again by itself, or with `countersign method unlock`.",
  throttled: "There were wrong answers a moment ago; the next one is taken after a pause.",
  method_broken:
    "The method's secret in the database does not open: it was altered or moved. Find out by whom; then remove the method and hand out a new one.",
  unavailable: "Something that is needed for the decision cannot be reached.",
};

const spentGuesses =
  "The application has given too many wrong codes, whoever they were for: none is looked at until its ten minutes are over (lockout.client-per-ten-minutes).";

function reasonOf(decision: Decision, { person }: Facts, { firstFactor: where }: Application): string {
  switch (decision.kind) {
    case "deny":
      return refusals[decision.code];
    case "allow":
      return "The person has no method, and the application lets such people in for now.";
    case "ask":
      if (!person && where !== "local")
        return `${refusals.unknown_person} A directory would be asked, and its person added with the right password.`;
      if (!person) return `${refusals.unknown_person} A password is looked at all the same, so that nobody can tell.`;
      if (where === "local" && person.passwordHash === null)
        return "The password would be checked first, but the person has none here, so it would be wrong.";
      return "The password would be checked first. With --password-right the answer goes on as if it were right.";
    case "join":
    case "challenge":
      return "The person would be asked for a code.";
  }
}
