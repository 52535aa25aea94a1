import type { Decision } from "#core/case.ts";
import { promptFor } from "#core/prompt.ts";
import type { Facts } from "#core/facts.ts";
import { nameKey } from "#core/names.ts";
import type { Open } from "#core/outcome.ts";
import type { NewChallenge } from "#store/opened.ts";
import type { Settle } from "#store/settle.ts";
import { numberHash } from "./blocked-numbers.ts";
import type { Deps } from "./deps.ts";
import { codeHash, namesOf } from "./rules.ts";
import { sealed } from "./deliver.ts";
import { textBudgets, textFor } from "./texts.ts";
import type { Request } from "./asked.ts";

/** A new challenge as it is stored, shown and, where the method sends something, written to the outbox. */

type Opening = {
  facts: Facts;
  decision: Extract<Decision, { kind: "challenge" }>;
  correlationId: string;
  at: number;
};
type Opened = { challenge: NewChallenge; shown: Open; spend: Settle["spend"] } & Pick<Settle, "message" | "number">;

export function opening(deps: Deps, { ask, joinKey, username }: Request, input: Opening): Opened {
  const { facts, decision, correlationId, at } = input;
  const { factor, method, begun, offered } = decision;
  const settings = deps.settings.values();
  const life = begun.message ? settings["sms.code-life-seconds"] : settings["challenge.life-seconds"];
  // all 128 bits by chance: who holds the id may answer
  const id = `chl_${deps.random.bytes(16).toString("base64url")}`;
  const expiresAt = at + life * 1000;
  const challenge: NewChallenge = {
    supersedes: begun.message !== undefined,
    factorId: factor.id,
    row: {
      id,
      user_id: facts.person!.id,
      factor_id: factor.id,
      method: method.id,
      application_id: ask.application.id,
      join_key: joinKey ?? null,
      name_key: nameKey(username, namesOf(deps)) ?? facts.challenge?.nameKey ?? null,
      expected: begun.code === undefined ? null : codeHash(deps, id, begun.code),
      offered: JSON.stringify(offered.map((one) => one.id)),
      correlation_id: correlationId,
      created_at: at,
      expires_at: expiresAt,
    },
  };
  const shown = { id, round: 0, expiresAt, prompt: promptFor(factor, { person: facts.person, offered }) };
  const { message, code } = begun;
  if (message === undefined || code === undefined) return { challenge, shown, spend: [] };
  return {
    challenge,
    shown,
    ...sending(deps, { ...input, challengeId: id, channel: message, code, application: ask.application.name }),
  };
}

type Sending = Opening & { challengeId: string; channel: "sms"; code: string; application: string };

/** R-040, mission G20: a text takes from both budgets or is not sent. */
function sending(
  deps: Deps,
  { facts, decision, challengeId, channel, code, application }: Sending,
): Pick<Opened, "spend" | "message" | "number"> {
  const person = facts.person!;
  const id = deps.random.id("msg_");
  const to = decision.factor.address!;
  const message = sealed(deps, { id, channel, to, text: textFor({ person, application, code }) });
  return {
    message: { ...message, challenge_id: challengeId, user_id: person.id },
    number: numberHash(deps, to),
    spend: textBudgets(deps.settings.values(), person.id),
  };
}
