/**
 * A forgotten password replaced by its owner: a code to the mail address, then one more of what they have, then a new
 * password. Must stay true: two proofs of different kinds; it ends where a sign-in begins and is none itself; until
 * the mailed code is right, a name that nobody has reads the same as any other.
 */

import { timingSafeEqual } from "node:crypto";
import { nameKey } from "#core/names.ts";
import { readCode } from "#core/methods/same.ts";
import { languageOf, translate } from "#i18n/translate.ts";
import { post } from "#store/outbox.ts";
import { readFacts } from "#store/people.ts";
import { takeFrom } from "#store/throttle.ts";
import { sealed } from "./sealed.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";
import { methodsOff, namesOf } from "./rules.ts";
import { next, type From, type Step } from "./sign-in.ts";
import { saveFlow, saveFlowIn, type Flow } from "./sign-in-flow.ts";

const digits = 8;
const triesAllowed = 5;
const hour = 3_600_000;
const codesPerHour = 3;

export const mayReset = (deps: Deps): boolean => deps.settings.values()["reset.self-service"];

const hashOf = (deps: Deps, flow: Flow, code: string) => deps.keys.mac("code", `reset ${flow.id}\0${code}`);

/** Whom this name is, when they can do it: a password of ours, an address, and something besides. */
async function findResettable(deps: Deps, username: string) {
  const { person, factors } = await readFacts(deps.db, { nameKey: nameKey(username, namesOf(deps)) });
  const off = methodsOff(deps.settings.values());
  const another = factors.some(({ method }) => !off.has(method));
  const local =
    person !== undefined &&
    person.passwordHash !== null &&
    person.directoryId === null &&
    person.state !== "disabled" &&
    person.blockedUntil <= deps.clock.now();
  return local && person.email !== null && another ? { ...person, email: person.email } : undefined;
}

/** The page that follows is the same whoever was named. */
export async function beginReset(deps: Deps, flow: Flow, username: string): Promise<Flow> {
  const person = await findResettable(deps, username);
  const at = deps.clock.now();
  const code = String(deps.random.int(10 ** digits)).padStart(digits, "0");
  const hash = hashOf(deps, flow, code).toString("base64url");
  const saved = await deps.db.transaction(async (run) => {
    const budget = { id: `reset ${person?.id ?? "nobody"}`, limit: codesPerHour, windowMs: hour };
    // a code that is not sent is nobody's, or each page would be five more guesses at one that its owner never sees
    const isSent = (await takeFrom(run, budget, at)) && person !== undefined;
    const resetting = { userId: isSent ? person.id : null, username, hash, tries: 0 };
    const kept = await saveFlowIn(run, { ...flow, resetting, problem: undefined, loginHint: username });
    if (isSent) {
      const language = languageOf(person.language);
      const mail = {
        id: deps.random.id("msg_"),
        channel: "email",
        to: person.email,
        subject: translate(language, "reset.mail.subject"),
        text: `${translate(language, "reset.mail.text", { code, username: person.username })}\n`,
      } as const;
      await post(run, [{ at, ...sealed(deps, mail), challenge_id: null, user_id: person.id }]);
    }
    return kept;
  });
  void deliverDue(deps);
  return saved;
}

export async function giveMailedCode(
  deps: Deps,
  flow: Flow,
  { code, ...from }: From & { code: string },
): Promise<Step> {
  const resetting = flow.resetting!;
  const given = hashOf(deps, flow, readCode(code, digits) ?? "");
  const right = timingSafeEqual(Buffer.from(resetting.hash, "base64url"), given);
  const person = right && resetting.userId !== null ? await findResettable(deps, resetting.username) : undefined;
  // the name may be somebody else's by now
  if (person && person.id === resetting.userId) {
    const { id, username, language } = person;
    const proof = { method: "mail", at: deps.clock.now(), userVerified: false };
    const known = { ...flow, person: { id, username, language }, proofs: [proof], problem: undefined };
    return await next(deps, known, from);
  }
  const tries = resetting.tries + 1;
  // the version of the page is the try: of guesses made side by side one counts
  if (tries < triesAllowed)
    return { flow: await saveFlow(deps, { ...flow, resetting: { ...resetting, tries }, problem: "wrong_code" }) };
  return { flow: await saveFlow(deps, { ...flow, resetting: undefined, problem: "ended" }) };
}
