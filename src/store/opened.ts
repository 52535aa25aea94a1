/** What a decision leaves to be answered: a new challenge. */

import type { Run } from "./open.ts";
import type { Settle } from "./settle.ts";
import { insert, listed, marks, type Columns } from "./values.ts";

/** A challenge to open, as its row; `supersedes`: the newest code voids the older ones of its factor. */
export type NewChallenge = { supersedes: boolean; factorId: string; row: ChallengeRow };
export type ChallengeRow = {
  id: string;
  user_id: string;
  factor_id: string;
  method: string;
  application_id: string;
  join_key: string | null;
  name_key: string | null;
  expected: Uint8Array | null;
  offered: string;
  correlation_id: string;
  created_at: number;
  expires_at: number;
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
    offered: "text",
    correlation_id: "text",
    created_at: "bigint",
    expires_at: "bigint",
  } satisfies Columns,
};

export async function openChallenges(run: Run, items: Settle[]): Promise<void> {
  const opened = items.flatMap((item) => item.open ?? []);
  const voided = listed(opened.filter((challenge) => challenge.supersedes).map((challenge) => challenge.factorId));
  if (voided.length > 0)
    await run(
      `update challenge set state = 'superseded' where state = 'pending' and factor_id in (${marks(voided.length)})`,
      voided,
    );
  await insert(
    run,
    challengeTable,
    opened.map(({ row }) => ({ state: "pending", round: 0, tries: 0, ...row })),
  );
}
