/**
 * Somebody says of a verification that it was not theirs: by keys on a call, or in the app (fact sheet 2.5, R-050, R-060). Must
 * stay true: what was reported, what follows from it and who is told commit together, and once for a challenge however often a
 * carrier says it. Whoever calls this has made sure that it comes from the phone that we called or the app that we asked.
 */

import { createHash } from "node:crypto";
import type { Factor } from "#core/facts.ts";
import { lockFactor } from "#store/factors.ts";
import { readChallenges, readPeople } from "#store/facts-read.ts";
import type { Run } from "#store/open.ts";
import { expirePassword } from "#store/people.ts";
import { insertBlock, type NewBlock } from "#store/blocks.ts";
import { blockIn, newBlock, numberShower, untilOf } from "./blocks.ts";
import { about, changed } from "./change.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";
import { applicationNames } from "./records.ts";

export type FraudReport = {
  userId: string;
  challengeId: string;
  by: "call" | "app";
  /** what the person asked for; it counts where `fraud.block` is on */
  block: boolean;
  clientIp?: string | undefined;
};

/** Says whether the person is blocked now. The challenge's own end is the caller's to write, before this. */
export async function reportFraud(deps: Deps, report: FraudReport): Promise<{ blocked: boolean }> {
  const { challengeId, userId } = report;
  const blocked = report.block && deps.settings.values()["fraud.block"];
  const [names, show] = await Promise.all([applicationNames(deps), numberShower()]);
  try {
    await changed(deps, `person:${userId}`, async (run) => {
      const { challenge, person, factor } = await read(run, report);
      const application = names.get(challenge.applicationId) ?? challenge.applicationId;
      const { correlationId } = challenge;
      const number = factor?.address ? show(factor.address) : undefined;
      const detail = await follow(deps, run, {
        report,
        factor,
        blocked,
        language: person.language,
        number_shown: number ?? null,
        application_id: challenge.applicationId,
        correlation_id: correlationId,
      });
      const { username } = person;
      const kind = blocked ? "fraud_blocked" : "fraud_reported";
      const letIn = challenge.state === "consumed";
      return {
        value: undefined,
        result: blocked ? "FRAUD_REPORTED_PERSON_BLOCKED" : "FRAUD_REPORTED",
        userId,
        correlationId,
        detail: { by: report.by, challenge: challengeId, state: challenge.state, ...detail },
        personal: { ...about(person), ...(report.clientIp !== undefined && { clientIp: report.clientIp }) },
        notice: { kind },
        alert: { kind: letIn ? "fraud_let_in" : kind, userId, username, application, correlationId, number },
      };
    });
  } catch (error) {
    if (!(error instanceof Known)) throw error;
    return { blocked };
  }
  void deliverDue(deps);
  return { blocked };
}

/** This challenge was reported before. */
class Known extends Error {}

async function read(run: Run, { userId, challengeId }: FraudReport) {
  const [challenge] = await readChallenges(run, [{ now: 0, challengeId }]);
  const known = (await readPeople(run, "id", [userId])).get(userId);
  if (!challenge || challenge.userId !== userId || !known) throw new Known();
  return { challenge, person: known.person, factor: known.factors.find(({ id }) => id === challenge.factorId) };
}

type Following = {
  report: FraudReport;
  factor: Factor | undefined;
  blocked: boolean;
} & Pick<NewBlock, "language" | "number_shown" | "application_id" | "correlation_id">;

/** Blocked, the person chooses a new password when they are let in again; else the method rests for as long as a lock lasts. */
async function follow(deps: Deps, run: Run, { report, factor, blocked, ...about }: Following): Promise<object> {
  const now = deps.clock.now();
  const { userId, challengeId } = report;
  const block = {
    ...newBlock(deps, { ...about, begun_by: `person:${userId}`, until: blocked ? untilOf(deps) : now, reason: null }),
    id: `blk_${createHash("sha256").update(challengeId).digest("base64url").slice(0, 22)}`,
    cause: "fraud",
    blocks: Number(blocked),
    extension: extensionOf(factor),
    user_id: userId,
  };
  if (!(await insertBlock(run, block))) throw new Known();
  // an app is asked after the password alone, so somebody knows it
  if (blocked || report.by === "app") await expirePassword(run, userId);
  if (blocked) return await blockIn(deps, run, block);
  const until = now + deps.settings.values()["lockout.minutes"] * 60_000;
  if (factor) await lockFactor(run, { id: factor.id, until });
  return { report: block.id, lockedUntil: until };
}

function extensionOf(factor: Factor | undefined): string | null {
  const { extension } = JSON.parse(factor?.parameters || "{}") as { extension?: unknown };
  return typeof extension === "string" ? extension : null;
}
