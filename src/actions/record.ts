import type { Decision } from "#core/case.ts";
import { promptFor } from "#core/prompt.ts";
import type { Challenge, Facts } from "#core/facts.ts";
import { methods } from "#core/methods/index.ts";
import type { Open, Outcome } from "#core/outcome.ts";
import type { Entry } from "#store/log.ts";
import type { Deps } from "./deps.ts";
import type { Request } from "./asked.ts";

/** A decision as it is told: the outcome for the edge and the authentication record for the log (mission E). */

export function outcomeOf(
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
        ...again(facts, decision.challenge, decision.challenge.round),
      };
    case "ask":
      return { kind: "deny", correlationId, code: "unavailable" };
    case "deny": {
      const retry =
        decision.retry && facts.challenge ? again(facts, facts.challenge, facts.challenge.round + 1) : undefined;
      return { kind: "deny", correlationId, code: decision.code, ...(retry && { retry }), ...named(facts, decision) };
    }
  }
}

/** Whoever hears these has given the right password. */
const named = ({ person }: Facts, { code }: Extract<Decision, { kind: "deny" }>) =>
  person && (code === "no_method" || code === "locked_out") ? { userId: person.id } : {};

/** An open challenge as it is shown once more. */
function again(facts: Facts, challenge: Challenge, round: number): Open {
  const offered = challenge.offered.flatMap((id) => facts.factors.find((factor) => factor.id === id) ?? []);
  const factor = facts.factors.find((one) => one.id === challenge.factorId)!;
  const { id, expiresAt } = challenge;
  return { id, round, expiresAt, prompt: promptFor(factor, { person: facts.person, offered }) };
}

type Recorded = { facts: Facts; decision: Decision; outcome: Outcome; at: number };

export function recordOf(deps: Deps, request: Request, { facts, decision, outcome, at }: Recorded): Entry {
  const { ask, source } = request;
  const used = methodOf(decision);
  return {
    id: deps.random.id("rec_"),
    at,
    kind: "authentication",
    result: "result" in decision ? decision.result : (used?.results.asked ?? "FAILED_SERVER_ERROR"),
    // let through without a method is no authentication
    authenticated: outcome.kind === "allow" && outcome.methods.length > 0,
    correlationId: outcome.correlationId,
    userId: facts.person?.id ?? null,
    applicationId: ask.application.id,
    protocol: source.protocol,
    ...(used && { method: used.id, mode: "standard" }),
    gate: decision.gate,
    challengeId: outcome.kind === "challenge" ? outcome.id : ask.challengeId,
    policyVersion: deps.settings.version(),
    ...(decision.kind === "join" && { detail: "joined" }),
    personal: personalOf(deps, request, { facts, method: used?.id }),
  };
}

function methodOf(decision: Decision) {
  if (decision.kind === "join") return methods.get(decision.challenge.method);
  return "method" in decision ? decision.method : undefined;
}

/** Optional fields are absent when their setting is off; the number is there only when it was used. */
function personalOf(
  deps: Deps,
  { source, username }: Request,
  { facts, method }: { facts: Facts; method: string | undefined },
) {
  const settings = deps.settings.values();
  const { person } = facts;
  const fields: Record<string, string | null | undefined> = {
    username: person?.username ?? username.slice(0, 256),
    clientIp: source.clientIp,
    station: source.station,
  };
  if (settings["records.first-and-last-name"])
    Object.assign(fields, { firstName: person?.firstName, lastName: person?.lastName });
  if (settings["records.email"]) fields["email"] = person?.email;
  if (method === "sms") fields["phone"] = facts.factors.find((factor) => factor.method === "sms")?.address;
  return Object.fromEntries(
    Object.entries(fields).filter(
      (field): field is [string, string] => typeof field[1] === "string" && field[1] !== "",
    ),
  );
}
