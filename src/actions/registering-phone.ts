/**
 * A phone that is registered for calls or for texts to reply to: it is called or texted, and proves itself by an answer like any
 * other. Must stay true: it counts for nothing but that one challenge before it has.
 */

import { readExtension } from "#core/extension.ts";
import { phoneReader } from "#core/phone.ts";
import { AppError } from "#core/errors.ts";
import { activateFactor, deleteFactor, insertFactors, listFactors, saveParameters } from "#store/factors.ts";
import type { Run } from "#store/open.ts";
import { parametersOf, type Parameters } from "./call-lines.ts";
import { collect } from "./collect.ts";
import type { Deps } from "./deps.ts";
import { kept } from "./registering.ts";
import { heard, sourceOf, type From } from "./sign-in.ts";
import { saveFlow, webApplication, type Flow, type Problem } from "./sign-in-flow.ts";
import { begin } from "./verify.ts";

const kinds = new Set(["voice", "sms-reply"]);
export const isPhoneKind = (kind: string | undefined): boolean => kind !== undefined && kinds.has(kind);

type Given = From & { number: string; extension: string };

/** Calls or texts the number, where that is allowed and within all budgets. */
export async function givePhone(deps: Deps, flow: Flow, { number: written, extension, ...from }: Given): Promise<Flow> {
  const registering = { ...flow.registering!, number: written };
  const say = async (problem: Problem) => await saveFlow(deps, { ...flow, registering, problem });
  const read = (await phoneReader())(written, deps.settings.values()["phone.default-country"]);
  if (!read.ok) return await say(read.unusable ? "number_refused" : "number");
  const keys = extension.replaceAll(/\s/g, "");
  if (keys !== "" && !readExtension(keys)) return await say("extension");
  const id = deps.random.id("fac_");
  const { id: userId, username } = flow.person!;
  const row = {
    id,
    user_id: userId,
    method: registering.kind!,
    name: null,
    sealed_secret: null,
    parameters: keys === "" ? "" : JSON.stringify({ extension: keys }),
    address: read.number,
    import_id: null,
    created_at: deps.clock.now(),
  };
  await deps.db.transaction((run) => insertFactors(run, [row], "new"));
  const application = webApplication(flow, { firstFactor: "none" });
  const outcome = await begin(deps, { application, username, newFactor: id, source: sourceOf(from) });
  const told = heard(flow, outcome);
  if (outcome.kind === "challenge")
    return await saveFlow(deps, { ...told, registering: { ...registering, proving: id } });
  // nothing was sent, so no budget says how many of these there may be
  await deps.db.transaction((run) => deleteFactor(run, id));
  return await saveFlow(deps, { ...told, registering, problem: told.problem ?? "number_refused" });
}

/** What the phone has said meanwhile, if anything; a right answer and it counts. */
export async function collectPhone(deps: Deps, flow: Flow, from: From): Promise<Flow> {
  const { open, person, registering } = flow;
  const id = registering?.proving;
  if (!open || id === undefined) return flow;
  const outcome = await collect(deps, {
    application: webApplication(flow, { firstFactor: "none" }),
    username: person!.username,
    challengeId: open.id,
    source: sourceOf(from),
    waitMs: 0,
  });
  if (outcome.kind === "waiting") return await saveFlow(deps, { ...flow, problem: "not_yet" });
  const { proving: _over, ...still } = registering!;
  const told = { ...heard(flow, outcome), registering: still };
  if (outcome.kind !== "allow") return await saveFlow(deps, told);
  const method = open.prompt.method;
  const { backupOf } = still;
  const add =
    backupOf === undefined
      ? async (run: Run) => await activateFactor(run, { id, userId: person!.id })
      : await asBackup(deps, { id, userId: person!.id, of: backupOf });
  const work = async (run: Run) => {
    if (!(await add(run))) throw new AppError("conflict");
  };
  const proof = { method, at: deps.clock.now(), userVerified: false };
  return await kept(deps, { ...told, won: true }, { id: backupOf ?? id, method, add: work, proof });
}

/** The phone that has proven itself is called when nobody answers at the method's own; it is no method by itself. */
async function asBackup(deps: Deps, { id, userId, of }: { id: string; userId: string; of: string }) {
  const proven = (await listFactors(deps.db, [userId], ["new"])).find((one) => one.id === id);
  const { address: backup, parameters } = proven ?? {};
  if (!backup || parameters === undefined) throw new AppError("conflict");
  const { extension: backupExtension } = parametersOf({ parameters });
  const save = await newParameters(deps, { id: of, userId }, (before) => {
    const { backup: _number, backupExtension: _behind, ...own } = before;
    return { ...own, backup, ...(backupExtension !== undefined && { backupExtension }) };
  });
  return async (run: Run) => (await save(run)) && (await deleteFactor(run, id));
}

/** Gives what writes them, unless they have been changed meanwhile. */
export async function newParameters(
  deps: Deps,
  { id, userId }: { id: string; userId: string },
  next: (before: Parameters) => Parameters,
): Promise<(run: Run) => Promise<boolean>> {
  const called = (await listFactors(deps.db, [userId])).find((one) => one.id === id && one.method === "voice");
  if (!called) throw new AppError("not_found");
  const before = called.parameters;
  const after = JSON.stringify(next(parametersOf(called)));
  return async (run) => await saveParameters(run, { id, before, after });
}
