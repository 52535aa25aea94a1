/** What a decision opens and ends: challenges. */

import { methods } from "#core/methods/index.ts";
import { readBlockedNumbers } from "./blocks.ts";
import { countAnswers, countSends } from "./destinations.ts";
import { readChallenges } from "./facts-read.ts";
import type { Run } from "./open.ts";
import { post } from "./outbox.ts";
import { hasRest, insertAsked } from "./push-requests.ts";
import type { Round, Settle } from "./settle.ts";
import { giveBackTo, takeEach } from "./throttle.ts";
import { changing, idsOf, inOrder, insert, listed, marks, type Columns } from "./values.ts";

/** A challenge to open, as its row; `supersedes`: the newest code voids the older ones of its factor. */
export type NewChallenge = { supersedes: boolean; factorId: string; row: ChallengeRow };
/** A challenge to end: what it was, what it becomes, and with which result; with a holder, only while that is still who waits. */
export type Ending = {
  id: string;
  userId: string;
  method: string;
  was: "pending" | "approved" | "denied";
  state: "approved" | "consumed" | "denied" | "cancelled";
  result: string | null;
  holder?: string | undefined;
};
export type ChallengeRow = {
  id: string;
  user_id: string;
  factor_id: string;
  method: string;
  application_id: string;
  join_key: string | null;
  name_key: string | null;
  expected: Uint8Array | null;
  mode: string;
  holder: string | null;
  is_fallback: number;
  offered: string;
  correlation_id: string;
  created_at: number;
  expires_at: number;
  application_name?: string;
  client_ip?: string | null;
  station?: string | null;
};

const challengeTable = {
  name: "challenge",
  columns: {
    id: "text",
    user_id: "text",
    factor_id: "text",
    method: "text",
    application_id: "text",
    join_key: "text",
    name_key: "text",
    state: "text",
    round: "bigint",
    tries: "bigint",
    expected: "blob",
    mode: "text",
    holder: "text",
    is_fallback: "bigint",
    offered: "text",
    correlation_id: "text",
    created_at: "bigint",
    expires_at: "bigint",
    application_name: "text",
    client_ip: "text",
    station: "text",
  } satisfies Columns,
};

async function openChallenges(run: Run, items: Settle[]): Promise<void> {
  const opened = items.flatMap((item) => item.open ?? []);
  const voided = listed(opened.filter((challenge) => challenge.supersedes).map((challenge) => challenge.factorId));
  if (voided.length > 0)
    run.tell(
      idsOf(
        await run(
          `update challenge set state = 'superseded'
           where state = 'pending' and factor_id in (${marks(voided.length)}) returning id`,
          voided,
        ),
      ),
      "here",
    );
  await insert(
    run,
    challengeTable,
    opened.map(({ row }) => ({ state: "pending", round: 0, tries: 0, ...row })),
  );
}

type Unsendable = "joins" | "blocked" | "busy" | "tired";

/**
 * Those whose message may not go out: of a client that asks for it already, to a number that is blocked, to a phone that
 * rings already (fact sheet 2.12), or to a person who was asked too often.
 */
export async function findUnsendable(run: Run, items: Settle[]): Promise<[Settle, Unsendable][]> {
  const sending = items.filter(({ message }) => message !== undefined);
  // a request that would send nothing does not ask
  if (sending.length === 0) return [];
  const asked = sending.flatMap(({ number, at }) => (number === undefined ? [] : { hash: number, at }));
  const numbers = await readBlockedNumbers(run, asked);
  const found: [Settle, Unsendable][] = [];
  const ringing = new Set<string>();
  for (const item of inOrder(sending, ({ open }) => open?.factorId ?? "")) {
    if (item.joinKey !== undefined && (await isAsked(run, item))) found.push([item, "joins"]);
    else if (item.number !== undefined && numbers.has(item.number)) found.push([item, "blocked"]);
    else if (item.exclusive !== undefined && !(await isFree(run, item, ringing))) found.push([item, "busy"]);
    else if (item.fatigue && (await hasRest(run, { factorId: item.exclusive!, at: item.at, rule: item.fatigue })))
      found.push([item, "tired"]);
  }
  return found;
}

/** Whoever would send to one phone goes one after the other, on any node. */
const hold = async (run: Run, factorId: string) =>
  await run("update factor set attempted_at = attempted_at where id = ?", [factorId]);

async function isAsked(run: Run, { joinKey, open, at }: Settle): Promise<boolean> {
  await hold(run, open!.factorId);
  const [challenge] = await readChallenges(run, [{ now: at, joinKey }]);
  return challenge !== undefined && challenge.expiresAt > at;
}

async function isFree(run: Run, { exclusive, at }: Settle, ringing: Set<string>): Promise<boolean> {
  const factorId = exclusive!;
  await hold(run, factorId);
  const open = "select 1 from challenge where factor_id = ? and state = 'pending' and expires_at > cast(? as bigint)";
  if (ringing.has(factorId) || (await run(open, [factorId, at])).length > 0) return false;
  ringing.add(factorId);
  return true;
}

/** What commits with those that held: budgets given back, counts, challenges, messages, and who is told. */
export async function writeRest(run: Run, won: Settle[]): Promise<void> {
  const answered = won.flatMap((item) => item.answered ?? []);
  await giveBackTo(
    run,
    answered.flatMap(({ refund }) => refund),
  );
  await countAnswers(
    run,
    answered.map(({ id }) => id),
  );
  await countSends(
    run,
    won.flatMap(({ sent }) => sent ?? []),
  );
  await openChallenges(run, won);
  for (const { row } of won.flatMap(({ open }) => open ?? []))
    if (row.method === "push") {
      await insertAsked(run, row);
      run.tell([row.user_id]);
    }
  await post(
    run,
    won.flatMap(({ at, message }) => (message ? [{ ...message, at }] : [])),
  );
  for (const { tell } of won) await tell?.(run);
}

/**
 * What is answered on a phone is waited for on any node. A code is answered where it was asked for, and everybody's sign-in; it
 * is not worth telling the others, who find out when they look next.
 */
export function tellEnded(run: Run, items: Settle[]): void {
  for (const { end } of items)
    run.tell([end!.id, end!.userId], methods.get(end!.method)?.outOfBand ? undefined : "here");
}

/** What was proved did not count after all: whoever waits for it, or asks how it stands, must not find it approved. */
export async function takeBack(run: Run, items: Settle[]): Promise<void> {
  const rows = items.map(({ end }) => [end!.id]);
  await deny(run, rows);
}
const deny = changing("challenge", "id text", { set: "state = 'denied', result = null" });

/** What a request takes that is lost for another reason is not given back: it was asked for. */
export async function spend(run: Run, { items, lost }: Round): Promise<void> {
  const asked = items.filter((item) => !lost.has(item));
  const takings = asked.map(({ at, spend: budgets, answered }) => ({ at, budgets, back: answered?.refund }));
  const full = await takeEach(run, takings);
  for (const [index, item] of asked.entries()) if (full[index]) lost.set(item, "spent");
}
