import type { Entry } from "#store/log.ts";
import type { Run } from "#store/open.ts";
import { post } from "#store/outbox.ts";
import { readAddressee } from "#store/people.ts";
import { raise, type Alert } from "./alerts.ts";
import { isNumberBlocked } from "./blocked-numbers.ts";
import type { Deps } from "./deps.ts";
import { noticeOf, type Notice } from "./notices.ts";

/** Who asks for a change: the system itself, whoever owns the command-line socket, an integration's key, or a person for themselves. */
export type Actor = "system" | "cli" | `key:${string}` | `person:${string}`;

type Change<T> = {
  value: T;
  result: string;
  userId?: string;
  detail?: object;
  personal?: Record<string, string>;
  /** The verification that it comes of. */
  correlationId?: string;
  /** What the person is told; queued in the same commit. */
  notice?: Notice;
  /** What administrators are told; so too. */
  alert?: Alert;
};

/** Whom an entry is about, and why it was done: personal, so beside the chain. */
export const about = ({ username }: { username: string }, reason?: string): Record<string, string> => ({
  username,
  ...(reason !== undefined && { reason }),
});

/** Every administrative change: what it does and its audit entry commit together, or neither. */
export async function changed<T>(deps: Deps, actor: Actor, work: (run: Run) => Promise<Change<T>>): Promise<T> {
  const [value] = await changedAll(deps, actor, async (run) => [await work(run)]);
  return value as T;
}

/** Several in one commit, each with an entry of its own. */
export async function changedAll<T>(deps: Deps, actor: Actor, work: (run: Run) => Promise<Change<T>[]>): Promise<T[]> {
  return await deps.db.audit.write(async (run) => {
    const changes = await work(run);
    const entries: Entry[] = [];
    for (const change of changes) entries.push(await entryOf(deps, run, { actor, change }));
    return { value: changes.map(({ value }) => value), entries };
  });
}

async function entryOf(
  deps: Deps,
  run: Run,
  { actor, change }: { actor: Actor; change: Change<unknown> },
): Promise<Entry> {
  const { result, userId, correlationId, detail, personal, notice, alert } = change;
  if (notice && userId !== undefined) await tell(deps, run, { userId, notice });
  if (alert) await raise(deps, run, alert);
  return {
    id: deps.random.id("rec_"),
    at: deps.clock.now(),
    kind: "change",
    actor,
    result,
    authenticated: false,
    userId: userId ?? null,
    correlationId,
    policyVersion: deps.settings.version(),
    detail: detail ? JSON.stringify(detail) : null,
    ...(personal && { personal }),
  };
}

/** In the transaction of what the person is told of. */
export async function tell(
  deps: Deps,
  run: Run,
  { userId, notice }: { userId: string; notice: Notice },
): Promise<void> {
  const person = notice.to ?? (await readAddressee(run, userId));
  if (!person) return;
  const texted = person.email === null ? person.mobilePhone : null;
  if (texted !== null && (await isNumberBlocked(deps, run, texted))) return;
  await post(run, noticeOf(deps, { ...notice, person, at: deps.clock.now() }));
}
