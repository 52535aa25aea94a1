/**
 * A forgotten password replaced by its owner: a code to the mail address, then one more of what they have, then a new
 * password. Must stay true: two proofs of different kinds (R-210); it ends where a sign-in begins and is none itself; until
 * the mailed code is right, a name that nobody has reads the same as any other (R-076).
 */

import { timingSafeEqual } from "node:crypto";
import { siteOf } from "#core/crowd.ts";
import { nameKey } from "#core/names.ts";
import { readCode } from "#core/methods/same.ts";
import { languageOf, translate } from "#i18n/translate.ts";
import { post } from "#store/outbox.ts";
import { readFacts } from "#store/people.ts";
import { takeEach, type Budget } from "#store/throttle.ts";
import { sealed } from "./sealed.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";
import { methodsOff, namesOf } from "./rules.ts";
import { next, type From, type Step } from "./sign-in.ts";
import { saveFlow, saveFlowIn, type Flow } from "./sign-in-flow.ts";

const digits = 8;
const triesAllowed = 5;
const hour = 3_600_000;
/** Of one source, and of all: who spends somebody's mails leaves some to their owner, who asks from elsewhere. */
const codesPerHour = { source: 3, all: 12 };
/** R-076: to mail a code takes longer than to mail none. */
const answerMs = 1000;

export const mayReset = (deps: Deps): boolean => deps.settings.values()["reset.self-service"];

type Resettable = Awaited<ReturnType<typeof findResettable>>;

/** Somebody's, or a name's that nobody has, among few enough that guesses fill no table (R-074). */
function budgetsOf(deps: Deps, { person, key, clientIp = "" }: Asking): Budget[] {
  const of = person?.id ?? `nobody ${deps.keys.mac("code", `reset\0${key ?? ""}`).readUInt16BE()}`;
  return [
    { id: `reset ${of} ${siteOf(clientIp)}`, limit: codesPerHour.source, windowMs: hour },
    { id: `reset ${of}`, limit: codesPerHour.all, windowMs: hour },
  ];
}
type Asking = { person: Resettable; key: string | undefined; clientIp: string | undefined };

const hashOf = (deps: Deps, flow: Flow, code: string) => deps.keys.mac("code", `reset ${flow.id}\0${code}`);

const keyOf = (deps: Deps, username: string) => nameKey(username, namesOf(deps));

/** Whom this name is, when they can do it: a password of ours, an address, and something besides. */
async function findResettable(deps: Deps, username: string) {
  const { person, factors } = await readFacts(deps.db, { nameKey: keyOf(deps, username) });
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
export async function beginReset(
  deps: Deps,
  flow: Flow,
  { username, clientIp }: From & { username: string },
): Promise<Flow> {
  const begun = deps.clock.now();
  const key = keyOf(deps, username);
  const person = await findResettable(deps, username);
  const at = deps.clock.now();
  const code = String(deps.random.int(10 ** digits)).padStart(digits, "0");
  const hash = hashOf(deps, flow, code).toString("base64url");
  const saved = await deps.db.transaction(async (run) => {
    const [full] = await takeEach(run, [{ at, budgets: budgetsOf(deps, { person, key, clientIp }) }]);
    const isSent = full === undefined && person !== undefined;
    // R-065: a code that is not sent is nobody's, or each page would be five more guesses at one that its owner never sees
    const made = { userId: isSent ? person.id : null, username, hash, tries: 0 };
    // and takes the place of none that was
    const before = flow.resetting && keyOf(deps, flow.resetting.username) === key ? flow.resetting : made;
    const resetting = full ? before : made;
    const kept = await saveFlowIn(run, { ...flow, resetting, problem: undefined, loginHint: username });
    if (isSent) {
      const language = languageOf(person.language);
      const minutes = Math.max(1, Math.floor((flow.expiresAt - at) / 60_000));
      const mail = {
        id: deps.random.id("msg_"),
        channel: "email",
        to: person.email,
        subject: translate(language, "reset.mail.subject"),
        text: `${translate(language, "reset.mail.text", { code, username: person.username, minutes })}\n`,
      } as const;
      await post(run, [{ at, ...sealed(deps, mail), challenge_id: null, user_id: person.id }]);
    }
    return kept;
  });
  void deliverDue(deps);
  await deps.clock.sleep(Math.max(0, begun + answerMs - deps.clock.now()));
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
