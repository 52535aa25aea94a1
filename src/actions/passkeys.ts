/**
 * Passkeys: registered by someone signed in, and used to sign in or as the second step. Must stay true: a challenge is made
 * here, bound to who asked and for what, and taken before its answer is looked at; what was found out goes to the
 * engine as a verdict, so that locks, record and single acceptance are those of every method.
 */

import { createHash } from "node:crypto";
import { passkeyName } from "#core/aaguids.ts";
import { AppError } from "#core/errors.ts";
import type { Application } from "#core/facts.ts";
import { counterRose, type PasskeyParameters } from "#core/methods/passkey.ts";
import { readAssertion, readRegistration, type AssertionForm } from "#core/webauthn-form.ts";
import {
  ceremonyMs,
  checkAssertion,
  checkRegistration,
  registrationOptions,
  relyingParty,
  requestOptions,
  type RelyingParty,
} from "#core/webauthn.ts";
import type { Run } from "#store/open.ts";
import {
  findPasskey,
  giveWebauthnId,
  insertPasskey,
  listPasskeys,
  openCeremony,
  takeCeremony,
  type NewPasskey,
  type PasskeyDetails,
} from "#store/passkeys.ts";
import type { Found, Source, Verified } from "./asked.ts";
import type { Deps } from "./deps.ts";
import { begin, respond } from "./verify.ts";

/**
 * What a challenge is for. `boundTo` is the sign-in or session of the browser that it is shown in; `userId` whoever is
 * known there.
 */
type Ceremony = { kind: "register" | "sign-in" | "second-step"; boundTo: string; userId?: string };

const siteOf = (deps: Deps) => relyingParty(deps.db.node.publicUrl);

/** An answer's challenge must have been made for just this, so one that was made for anything else is not found. */
function idOf({ kind, boundTo, userId = "" }: Ceremony, challenge: string): string {
  return createHash("sha256")
    .update(JSON.stringify([kind, boundTo, userId, challenge]))
    .digest("base64url");
}

async function open(deps: Deps, ceremony: Ceremony): Promise<string> {
  const challenge = deps.random.bytes(32).toString("base64url");
  await openCeremony(deps.db, { id: idOf(ceremony, challenge), expiresAt: deps.clock.now() + ceremonyMs });
  return challenge;
}

const take = async (deps: Deps, ceremony: Ceremony, challenge: string): Promise<boolean> =>
  await takeCeremony(deps.db, { id: idOf(ceremony, challenge), now: deps.clock.now() });

/** The person's passkeys as a browser is told of them. */
async function known(deps: Deps, { userId, site }: { userId: string; site: RelyingParty }) {
  const rows = await listPasskeys(deps.db, { userId, rpId: site.id });
  return rows.map(({ credentialId, parameters }) => ({ credentialId, transports: read(parameters).transports }));
}
const read = (parameters: string) => JSON.parse(parameters) as PasskeyParameters;

function formed<T>(reading: () => T): T | undefined {
  try {
    return reading();
  } catch {
    return undefined;
  }
}

type Registering = { userId: string; boundTo: string };

/** What the page that registers is given; undefined where there can be no passkeys (see relyingParty). */
export async function beginPasskeyRegistration(deps: Deps, { userId, boundTo }: Registering) {
  const site = siteOf(deps);
  if (!site) return undefined;
  const fresh = deps.random.bytes(64).toString("base64url");
  const person = await deps.db.transaction((run) => giveWebauthnId(run, { userId, fresh }));
  if (!person) throw new AppError("not_found", "there is no such person");
  const { webauthnId: id, username, displayName } = person;
  return registrationOptions({
    site,
    challenge: await open(deps, { kind: "register", boundTo, userId }),
    person: { id, username, displayName: displayName ?? username },
    known: await known(deps, { userId, site }),
  });
}

/** The new passkey that a page answers with, for addPasskey; undefined when it is none, or not in time, or not for this page. */
export async function finishPasskeyRegistration(
  deps: Deps,
  { userId, boundTo, response }: Registering & { response: string },
): Promise<NewPasskey | undefined> {
  const site = siteOf(deps);
  const form = formed(() => readRegistration(response));
  if (!site || !form || !(await take(deps, { kind: "register", boundTo, userId }, form.challenge))) return undefined;
  const passkey = await checkRegistration(form, { site, challenge: form.challenge });
  if (!passkey) return undefined;
  const { credentialId, signCount, ...kept } = passkey;
  return {
    id: deps.random.id("fac_"),
    userId,
    name: passkeyName(kept.aaguid),
    parameters: JSON.stringify(kept satisfies PasskeyParameters),
    signCount,
    credentialId,
    rpId: site.id,
    at: deps.clock.now(),
  };
}

/** It counts from here on, in the transaction that records why. */
export async function addPasskey(run: Run, passkey: NewPasskey): Promise<void> {
  if (!(await insertPasskey(run, passkey))) throw new AppError("exists", "this passkey is registered already");
}

/** What the page that signs in is given: whoever has a passkey of ours may answer, and nobody is named. */
export async function beginPasskeySignIn(deps: Deps, { boundTo }: { boundTo: string }) {
  const site = siteOf(deps);
  if (!site) return undefined;
  const challenge = await open(deps, { kind: "sign-in", boundTo });
  return requestOptions({ site, challenge, known: [], userVerification: "preferred" });
}

/** What the page of the second step is given: the passkeys of the person whose password was right. */
export async function beginPasskeyStep(deps: Deps, { userId, boundTo }: Registering) {
  const site = siteOf(deps);
  if (!site) return undefined;
  const challenge = await open(deps, { kind: "second-step", boundTo, userId });
  // the password is one factor and the passkey the other, so nobody is asked for a third
  return requestOptions({
    site,
    challenge,
    known: await known(deps, { userId, site }),
    userVerification: "discouraged",
  });
}

/** `userVerified`: the device has made sure of the person, so that the passkey alone is two factors. */
export type PasskeyVerified = { outcome: Verified; userVerified: boolean };
type Answering = { boundTo: string; response: string; application: Application; source: Source };

/** Undefined: no answer to this page, or not in time, or not the first. It is shown anew, and nothing was tried. */
export async function finishPasskeySignIn(deps: Deps, input: Answering): Promise<PasskeyVerified | undefined> {
  const { boundTo, response, source } = input;
  const looked = await look(deps, { kind: "sign-in", boundTo }, response);
  if (!looked) return undefined;
  const { found } = looked;
  // there is no password to ask for; a passkey that nobody has is recorded as a name that nobody has
  const application: Application = { ...input.application, firstFactor: "none" };
  return told(await begin(deps, { application, username: "", code: "", method: "passkey", found, source }), found);
}

type Step = Answering & { userId: string; challengeId: string; round?: number | undefined };

/** The same for the second step: an answer to the open challenge of the person whose password was right. */
export async function finishPasskeyStep(deps: Deps, input: Step): Promise<PasskeyVerified | undefined> {
  const { userId, boundTo, response, ...answer } = input;
  const looked = await look(deps, { kind: "second-step", boundTo, userId }, response);
  return looked && told(await respond(deps, { ...answer, response: "", found: looked.found }), looked.found);
}

const told = (outcome: Verified, found: Found | undefined): PasskeyVerified => ({
  outcome,
  userVerified: outcome.kind === "allow" && found?.proof.userVerified === true,
});

/** What an answer to one of our challenges shows: whose passkey, and the verdict on it; or a passkey of nobody's here. */
async function look(deps: Deps, ceremony: Ceremony, response: string): Promise<{ found?: Found } | undefined> {
  const site = siteOf(deps);
  const form = formed(() => readAssertion(response));
  if (!site || !form || !(await take(deps, ceremony, form.challenge))) return undefined;
  const owner = await findPasskey(deps.db, { credentialId: form.id, rpId: site.id });
  if (!owner || !isOwn(owner, ceremony, form)) return {};
  const { factorId, nameKey, credentialId, parameters, signCount } = owner;
  const passkey = { credentialId, ...read(parameters) };
  const verdict = await checkAssertion(form, { site, challenge: form.challenge, passkey });
  if (verdict.ok && !counterRose(signCount, verdict.signCount))
    deps.log.warn("a passkey's counter did not rise: there may be a copy of it", { factor: factorId });
  return { found: { nameKey, proof: { factorId, ...verdict } } };
}

/** known by the sign-in, the person must own it; known by nothing else, the authenticator must name its owner. */
function isOwn({ userId, webauthnId }: PasskeyDetails, ceremony: Ceremony, { response }: AssertionForm): boolean {
  const named = response.userHandle ?? undefined;
  if (ceremony.userId === undefined) return named !== undefined && named === webauthnId;
  return userId === ceremony.userId && (named === undefined || named === webauthnId);
}
