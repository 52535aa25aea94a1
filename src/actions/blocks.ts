/**
 * Blocking persons and numbers, and lifting that (fact sheet 5.3, 8.2). Must stay true: whoever is blocked is signed out and
 * remembered nowhere in the same commit, and what waited for an answer of theirs does so no more.
 */

import { AppError } from "#core/errors.ts";
import { phoneReader } from "#core/phone.ts";
import { endBlocks, insertBlock, listBlockRows, type Blocked, type NewBlock } from "#store/blocks.ts";
import { cancelChallenges } from "#store/challenges.ts";
import type { Run } from "#store/open.ts";
import { numberHash } from "./blocked-numbers.ts";
import { about, changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { loadPerson } from "./people.ts";
import { signOutAndForget } from "./sessions.ts";

const day = 86_400_000;
const daysAtMost = 3650;

type Asked = { reason: string; days?: number | undefined };
type Person = { username: string };
type Number = { number: string };

export const untilOf = (deps: Deps, days = deps.settings.values()["block.days"]): number => {
  if (!(days >= 1 && days <= daysAtMost)) throw new AppError("invalid", `days: from 1 to ${daysAtMost}`);
  return deps.clock.now() + days * day;
};

/** A row with what every block has; who or what is blocked comes with `more`. */
export const newBlock = (
  deps: Deps,
  more: Pick<NewBlock, "begun_by" | "until" | "reason"> & Partial<NewBlock>,
): NewBlock => ({
  id: deps.random.id("blk_"),
  user_id: null,
  number_hash: null,
  number_shown: null,
  extension: null,
  cause: "help_desk",
  blocks: 1,
  language: null,
  application_id: null,
  correlation_id: null,
  begun_at: deps.clock.now(),
  ...more,
});

/** What follows from a person's block, in its transaction. */
export async function blockIn(deps: Deps, run: Run, block: Pick<NewBlock, "id" | "until"> & { user_id: string }) {
  const ended = await signOutAndForget(deps, run, { userId: block.user_id });
  await cancelChallenges(run, block.user_id);
  return { block: block.id, until: block.until, ...ended };
}

/** Refuses every sign-in of a person, for `block.days` or as many as are asked for. */
export async function blockPerson(
  deps: Deps,
  actor: Actor,
  { username, reason, days }: Person & Asked,
): Promise<{ id: string; until: number }> {
  const person = await loadPerson(deps, username);
  const { id: user_id, language } = person;
  const until = untilOf(deps, days);
  const block = { ...newBlock(deps, { begun_by: actor, until, reason, language }), user_id };
  return await changed(deps, actor, async (run) => {
    await insertBlock(run, block);
    return {
      value: { id: block.id, until },
      result: "PERSON_BLOCKED",
      userId: user_id,
      detail: await blockIn(deps, run, block),
      personal: about(person, reason),
      notice: { kind: "person_blocked" },
      alert: { kind: "person_blocked", userId: user_id, username: person.username },
    };
  });
}

/** Ends all of a person's blocks. */
export async function unblockPerson(
  deps: Deps,
  actor: Actor,
  { username, reason }: Person & { reason: string },
): Promise<{ ended: string[] }> {
  const person = await loadPerson(deps, username);
  return await changed(deps, actor, async (run) => {
    const ended = await endBlocks(run, { userId: person.id }, { by: actor, at: deps.clock.now(), reason });
    if (ended.length === 0) throw new AppError("not_found", `${person.username} is not blocked`);
    return {
      value: { ended },
      result: "PERSON_UNBLOCKED",
      userId: person.id,
      detail: { blocks: ended },
      personal: about(person, reason),
      notice: { kind: "person_unblocked" },
      alert: { kind: "person_unblocked", userId: person.id, username: person.username },
    };
  });
}

/** No text and no call goes to the number, whoever's it is. */
export async function blockNumber(
  deps: Deps,
  actor: Actor,
  { number, reason, days }: Number & Asked,
): Promise<{ id: string; number: string; until: number }> {
  const read = await readNumber(deps, number);
  const until = untilOf(deps, days);
  const block = newBlock(deps, {
    begun_by: actor,
    until,
    reason,
    number_hash: numberHash(deps, read.number),
    number_shown: read.shown,
  });
  return await changed(deps, actor, async (run) => {
    await insertBlock(run, block);
    return {
      value: { id: block.id, number: read.shown, until },
      result: "NUMBER_BLOCKED",
      detail: { block: block.id, until },
      personal: { phone: read.number, reason },
      alert: { kind: "number_blocked", number: read.shown },
    };
  });
}

export async function unblockNumber(
  deps: Deps,
  actor: Actor,
  { number, reason }: Number & { reason: string },
): Promise<{ ended: string[] }> {
  const read = await readNumber(deps, number);
  return await changed(deps, actor, async (run) => {
    const who = { numberHash: numberHash(deps, read.number) };
    const ended = await endBlocks(run, who, { by: actor, at: deps.clock.now(), reason });
    if (ended.length === 0) throw new AppError("not_found", "this number is not blocked");
    return {
      value: { ended },
      result: "NUMBER_UNBLOCKED",
      detail: { blocks: ended },
      personal: { phone: read.number, reason },
      alert: { kind: "number_unblocked", number: read.shown },
    };
  });
}

async function readNumber(deps: Deps, written: string): Promise<{ number: string; shown: string }> {
  const read = (await phoneReader())(written, deps.settings.values()["phone.default-country"]);
  if (!read.ok) throw new AppError("invalid", `number: ${read.reason}`);
  return { number: read.number, shown: shown(read) };
}

const shown = ({ number, callingCode }: { number: string; callingCode: string }) =>
  `+${callingCode} •• ${number.slice(-2)}`;

/** How a number that is somebody's stands in the list and in mails. The plans are loaded before a transaction begins. */
export async function numberShower(): Promise<(number: string) => string> {
  const readPhone = await phoneReader();
  return (number) => {
    const read = readPhone(number, "");
    return read.ok ? shown(read) : `•• ${number.slice(-2)}`;
  };
}

/** The columns of the block report (fact sheet 8.2). */
export type Block = {
  id: string;
  userId: string | null;
  username: string | null;
  /** masked; the number that is blocked, or that the report came from */
  number: string | null;
  extension: string | null;
  blocked: boolean;
  reason: string | null;
  by: string;
  at: number;
  until: number;
  endedAt: number | null;
  endedBy: string | null;
  endedReason: string | null;
  fraud: boolean;
  fraudNotBlocked: boolean;
  language: string | null;
  applicationId: string | null;
  correlationId: string | null;
};
export type BlockFilter = {
  username?: string | undefined;
  number?: string | undefined;
  ended?: boolean | undefined;
  /** `next` of the page before */
  after?: string | undefined;
  limit: number;
};

/** Newest first: those that stand, or with `ended` all that are kept. */
export async function listBlocks(
  deps: Deps,
  { username, number, ended = false, after, limit }: BlockFilter,
): Promise<{ blocks: Block[]; next?: string }> {
  const now = deps.clock.now();
  const who = await whoOf(deps, { username, number });
  const before = after === undefined ? undefined : readPosition(after);
  const rows = await listBlockRows(deps.db, { who, ended, now, before, limit: limit + 1 });
  const blocks = rows.slice(0, limit).map((row) => blockOf(row, now));
  const last = blocks.at(-1);
  return { blocks, ...(rows.length > limit && last && { next: `${last.at}.${last.id}` }) };
}

async function whoOf(
  deps: Deps,
  { username, number }: Pick<BlockFilter, "username" | "number">,
): Promise<Blocked | undefined> {
  if (username !== undefined) return { userId: (await loadPerson(deps, username)).id };
  return number === undefined ? undefined : { numberHash: numberHash(deps, (await readNumber(deps, number)).number) };
}

function readPosition(text: string): { at: number; id: string } {
  const [, at, id] = /^(\d{1,15})\.(blk_.+)$/.exec(text) ?? [];
  if (at === undefined || id === undefined) throw new AppError("invalid", "after: is not the end of a page");
  return { at: Number(at), id };
}

function blockOf(row: Awaited<ReturnType<typeof listBlockRows>>[number], now: number): Block {
  const fraud = row.cause === "fraud";
  const blocks = row.blocks === 1;
  const over = blocks && row.ended_at === null && row.until <= now;
  return {
    id: row.id,
    userId: row.user_id,
    username: row.username,
    number: row.number_shown,
    extension: row.extension,
    blocked: blocks && row.ended_at === null && !over,
    reason: row.reason,
    by: row.begun_by,
    at: row.begun_at,
    until: row.until,
    // what ends by itself is written nowhere
    endedAt: over ? row.until : row.ended_at,
    endedBy: over ? "system" : row.ended_by,
    endedReason: row.ended_reason,
    fraud,
    fraudNotBlocked: fraud && !blocks,
    language: row.language,
    applicationId: row.application_id,
    correlationId: row.correlation_id,
  };
}
