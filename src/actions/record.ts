import type { Ask, Decision } from "#core/case.ts";
import { promptFor } from "#core/prompt.ts";
import type { Challenge, Facts } from "#core/facts.ts";
import { methods } from "#core/methods/index.ts";
import { modeOf as wayOf } from "#core/out-of-band.ts";
import type { DenyCode, Open, Outcome } from "#core/outcome.ts";
import type { ResultCode } from "#core/results.ts";
import type { Entry } from "#store/log.ts";
import type { Deps } from "./deps.ts";
import type { Request, Source } from "./asked.ts";
import { callsDetail, callsPersonal } from "./calls-made.ts";
import { shownNumber } from "./rules.ts";

/** A decision as it is told: the outcome for the edge and the authentication record for the log (mission E). */

export function outcomeOf(
  deps: Deps,
  decision: Decision,
  told: { facts: Facts; correlationId: string; open: Open | undefined },
): Outcome {
  const { facts, correlationId, open } = told;
  switch (decision.kind) {
    case "allow": {
      const { id, username } = facts.person!;
      const used = decision.method ? [decision.method.id] : [];
      return { kind: "allow", correlationId, userId: id, username, methods: used, gate: decision.gate };
    }
    case "challenge":
      return { kind: "challenge", correlationId, userId: facts.person!.id, ...open! };
    case "join":
      return {
        kind: "challenge",
        correlationId,
        userId: facts.person!.id,
        ...again(deps, facts, decision.challenge),
      };
    case "ask":
      return { kind: "deny", correlationId, code: "unavailable" };
    case "deny": {
      const retry =
        decision.retry && facts.challenge
          ? again(deps, facts, { ...facts.challenge, round: facts.challenge.round + 1 })
          : undefined;
      return { kind: "deny", correlationId, code: decision.code, ...(retry && { retry }), ...named(facts, decision) };
    }
  }
}

/** Whoever hears these has given the right password. */
const named = ({ person }: Facts, { code }: Extract<Decision, { kind: "deny" }>) =>
  person && passed.has(code) ? { userId: person.id } : {};
const passed: ReadonlySet<DenyCode> = new Set(["no_method", "locked_out", "number_blocked", "busy", "unreachable"]);

/** An open challenge as it is shown once more. */
function again(deps: Deps, facts: Facts, challenge: Challenge): Open {
  const offered = challenge.offered.flatMap((id) => facts.factors.find((factor) => factor.id === id) ?? []);
  const factor = facts.factors.find((one) => one.id === challenge.factorId)!;
  const { id, round, expiresAt, mode } = challenge;
  const number = mode === "number" ? shownNumber(deps, id) : undefined;
  return { id, round, expiresAt, prompt: promptFor(factor, { person: facts.person, offered, mode, number }) };
}

type Recorded = { facts: Facts; decision: Decision; outcome: Outcome; at: number };

export function recordOf(deps: Deps, request: Request, { facts, decision, outcome, at }: Recorded): Entry {
  const { ask, source } = request;
  const used = methodOf(decision);
  // said on the phone; whoever waits for it is let in by what it does with that
  const approved = ask.byPhone !== undefined && outcome.kind === "allow";
  return {
    id: deps.random.id("rec_"),
    at,
    kind: approved ? "approval" : "authentication",
    result: resultOf(decision),
    // let through without a method is no authentication
    authenticated: outcome.kind === "allow" && outcome.methods.length > 0 && !approved,
    correlationId: outcome.correlationId,
    userId: facts.person?.id ?? null,
    applicationId: ask.application.id,
    protocol: source.protocol,
    ...(used && { method: used.id, mode: modeOf(decision, { ask, facts }) }),
    gate: decision.gate,
    challengeId: outcome.kind === "challenge" ? outcome.id : ask.challengeId,
    policyVersion: deps.settings.version(),
    detail: detailOf(source, { decision, outcome }),
    personal: personalOf(deps, request, { facts, method: used?.id }),
  };
}

function detailOf(
  { calls, devices }: Source,
  { decision, outcome }: Pick<Recorded, "decision" | "outcome">,
): string | null {
  if (decision.kind === "join") return "joined";
  if (devices) return JSON.stringify({ devices });
  // the call was recorded as it ended
  return calls && decision.kind !== "challenge"
    ? callsDetail(calls, { result: resultOf(decision), authenticated: outcome.kind === "allow" })
    : null;
}

const resultOf = (decision: Decision): ResultCode =>
  "result" in decision ? decision.result : (methodOf(decision)?.results.asked ?? "FAILED_SERVER_ERROR");

/** A code that came along was asked for by nobody, so no challenge says how it had to be given. */
function modeOf(decision: Decision, { ask, facts }: { ask: Ask; facts: Facts }): string {
  if (decision.kind === "challenge") return decision.begun.mode || "standard";
  if (facts.challenge || ask.answer === undefined) return facts.challenge?.mode || "standard";
  const factor = facts.factors.find(({ method }) => method === methodOf(decision)?.id);
  return (factor && wayOf(factor, facts, ask)) || "standard";
}

function methodOf(decision: Decision) {
  if (decision.kind === "join") return methods.get(decision.challenge.method);
  return "method" in decision ? decision.method : undefined;
}

/** Optional fields are absent when their setting is off; the number is there only when it was used. */
function personalOf(
  deps: Deps,
  { source, username }: Request,
  { facts: { person, factors }, method }: { facts: Facts; method: string | undefined },
): Record<string, string> {
  const settings = deps.settings.values();
  const fields: Record<string, string> = {};
  const note = (name: string, value: string | null | undefined) => {
    if (value) fields[name] = value;
  };
  note("username", person?.username ?? username.slice(0, 256));
  note("clientIp", source.clientIp);
  note("station", source.station);
  if (settings["records.first-and-last-name"]) {
    note("firstName", person?.firstName);
    note("lastName", person?.lastName);
  }
  if (settings["records.email"]) note("email", person?.email);
  if (method !== undefined) note("phone", factors.find((factor) => factor.method === method)?.address);
  for (const [name, value] of Object.entries(source.calls ? callsPersonal(source.calls) : {})) note(name, value);
  return fields;
}
