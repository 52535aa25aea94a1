import type { Ask, Decision } from "#core/case.ts";
import { promptFor } from "#core/prompt.ts";
import type { Facts } from "#core/facts.ts";
import { nameKey } from "#core/names.ts";
import type { Open } from "#core/outcome.ts";
import type { NewChallenge } from "#store/opened.ts";
import type { Settings } from "#core/settings/index.ts";
import type { Settle } from "#store/settle.ts";
import { numberHash } from "./blocked-numbers.ts";
import type { Deps } from "./deps.ts";
import { codeHash, namesOf, shownNumber } from "./rules.ts";
import type { Cleared } from "./outgoing.ts";
import { fatigueRule, type PushCleared } from "./push-clearing.ts";
import { sealed } from "./sealed.ts";
import { textFor } from "./texts.ts";
import type { Request } from "./asked.ts";

/** A new challenge as it is stored, shown and, where the method sends something, written to the outbox. */

type Opening = {
  facts: Facts;
  decision: Extract<Decision, { kind: "challenge" }>;
  /** of a text or call */
  cleared?: Cleared | PushCleared | undefined;
  correlationId: string;
  at: number;
};
export type Opened = { open: NewChallenge; shown: Open } & Pick<
  Settle,
  "message" | "number" | "exclusive" | "joinKey" | "fatigue" | "sent"
>;

export function opening(deps: Deps, request: Request, input: Opening): Opened {
  const { facts, decision, at } = input;
  const { person } = facts;
  const { factor, method, begun, offered } = decision;
  const { mode = "", message } = begun;
  const settings = deps.settings.values();
  const life = settings[lives[method.id] ?? "challenge.life-seconds"];
  // all 128 bits by chance: who holds the id may answer
  const id = `chl_${deps.random.bytes(16).toString("base64url")}`;
  const expiresAt = at + life * 1000;
  const number = begun.shown && shownNumber(deps, id);
  const code = number ?? begun.code;
  const expected = code === undefined ? null : codeHash(deps, id, code);
  const row = rowOf(deps, request, input, { id, mode, expected, expiresAt });
  const open: NewChallenge = { supersedes: message !== undefined, factorId: factor.id, row };
  const shown = { id, round: 0, expiresAt, prompt: promptFor(factor, { person, offered, mode, number }) };
  if (message === undefined) return { open, shown };
  return {
    open,
    shown,
    joinKey: request.joinKey,
    ...(message !== "sms" && { exclusive: factor.id }),
    ...(message === "push" && { fatigue: fatigueRule(deps) }),
    ...(input.cleared?.to && { sent: { id, ...input.cleared.to, at, answer_by: expiresAt } }),
    ...sending(deps, { ...input, challengeId: id, code, application: request.ask.application.name }),
  };
}

/** Another app or token than the one that was asked for instead of a phone. */
const isChosenInstead = (before: Facts["challenge"], { challengeId }: Ask): boolean =>
  challengeId !== undefined && before?.isFallback === true;

/** The app tells the person who asks. */
const askedBy = ({ ask, source: { clientIp, station } }: Request) => ({
  application_name: ask.application.name,
  client_ip: clientIp ?? null,
  station: station ?? null,
});

type Row = NewChallenge["row"];
type Fresh = { id: string; mode: string; expected: Uint8Array | null; expiresAt: number };

function rowOf(deps: Deps, request: Request, { facts, decision, correlationId, at }: Opening, fresh: Fresh): Row {
  const { ask, joinKey, username } = request;
  const { person, challenge: before } = facts;
  const { factor, method, begun, offered } = decision;
  return {
    id: fresh.id,
    user_id: person!.id,
    factor_id: factor.id,
    method: method.id,
    application_id: ask.application.id,
    join_key: joinKey ?? null,
    name_key: askedAs(deps, username, before),
    expected: fresh.expected,
    mode: fresh.mode,
    holder: ask.holder ?? null,
    is_fallback: Number(decision.gate === "fallback" || isChosenInstead(before, ask)),
    offered: JSON.stringify(offered.map((one) => one.id)),
    correlation_id: correlationId,
    created_at: at,
    expires_at: fresh.expiresAt,
    ...(begun.message === "push" && askedBy(request)),
  };
}

/** An answer may come without the name. */
const askedAs = (deps: Deps, username: string, before: Facts["challenge"]): string | null =>
  nameKey(username, namesOf(deps)) ?? before?.nameKey ?? null;

/** How long an answer may take; a code that is asked for where it is made needs no setting of its own. */
const lives: Record<
  string,
  "sms.code-life-seconds" | "sms-reply.life-seconds" | "voice.life-seconds" | "push.life-seconds"
> = {
  push: "push.life-seconds",
  sms: "sms.code-life-seconds",
  "sms-reply": "sms-reply.life-seconds",
  voice: "voice.life-seconds",
} satisfies Record<string, keyof Settings>;

type Sending = Opening & { challengeId: string; code: string | undefined; application: string };

function sending(
  deps: Deps,
  { facts, decision, challengeId, code, application }: Sending,
): Pick<Opened, "message" | "number"> {
  const person = facts.person!;
  const id = deps.random.id("msg_");
  const { method, begun } = decision;
  const about = { challenge_id: challengeId, user_id: person.id };
  if (begun.message === "push") {
    const asked = { id, channel: "push", userId: person.id, type: "request", challengeId } as const;
    return { message: { ...sealed(deps, asked), ...about } };
  }
  const to = decision.factor.address!;
  const message = sealed(
    deps,
    begun.message === "voice"
      ? { id, channel: "voice", to, challengeId }
      : { id, channel: "sms", to, text: textFor({ person, application, code: code!, reply: method.outOfBand }) },
  );
  return {
    message: { ...message, ...about },
    number: numberHash(deps, to),
  };
}
