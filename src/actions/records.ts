import { masked } from "#core/phone.ts";
import { AppError } from "#core/errors.ts";
import { listRadiusClients } from "#store/radius-clients.ts";
import { listRecords, type Position, type RecordRow } from "#store/records.ts";
import { listRelyingParties } from "#store/relying-parties.ts";
import { listSiteRows } from "#store/sites.ts";
import { listApiKeys } from "./api-keys.ts";
import type { Deps } from "./deps.ts";
import { loadPerson } from "./people.ts";

/** Authentication and change records, newest first, a page at a time. */

export type LogQuery = {
  /** a name, or the id of someone who is gone */
  user?: string | undefined;
  correlation?: string | undefined;
  since?: number | undefined;
  kind?: string | undefined;
  /** results that are of no interest */
  except?: readonly string[] | undefined;
  /** `next` of the page before */
  after?: string | undefined;
  limit: number;
};
export type LogRecord = RecordRow & { application: string | null };

export async function listLog(deps: Deps, query: LogQuery): Promise<{ records: LogRecord[]; next?: string }> {
  const { user, correlation, after, limit, ...rest } = query;
  const userId = user === undefined || user.startsWith("usr_") ? user : (await loadPerson(deps, user)).id;
  const before = after === undefined ? undefined : readPosition(after);
  const found = await listRecords(deps.db, {
    userId,
    correlationId: correlation,
    ...rest,
    before,
    limit: limit + 1,
  });
  const records = await withApplications(deps, found.slice(0, limit));
  const last = records.at(-1);
  return { records, ...(found.length > limit && last && { next: writePosition(last) }) };
}

/** Applications by the name they have now; numbers masked. */
export async function withApplications(deps: Deps, rows: RecordRow[]): Promise<LogRecord[]> {
  const names = await applicationNames(deps);
  return rows.map((row) => ({
    ...row,
    personal: row.personal && withMaskedPhones(row.personal),
    application: row.applicationId === null ? null : (names.get(row.applicationId) ?? null),
  }));
}

/** A call has two. */
const phones = new Set(["phone", "primaryPhone", "backupPhone"]);
const withMaskedPhones = (fields: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, phones.has(name) ? masked(text) : text]));

/** By the ids that the log has of them. */
export async function applicationNames(deps: Deps): Promise<ReadonlyMap<string, string>> {
  const clients = [...(await listRadiusClients(deps.db)), ...(await listApiKeys(deps))];
  const own = [...(await listRelyingParties(deps.db)), ...(await listSiteRows(deps.db))];
  return new Map([
    ...clients.map(({ id, application }) => [id, application] as const),
    ...own.map(({ id, name }) => [id, name] as const),
  ]);
}

const writePosition = ({ at, nodeId, seq }: Position) =>
  Buffer.from(JSON.stringify([at, nodeId, seq])).toString("base64url");

function readPosition(text: string): Position {
  try {
    const [at, nodeId, seq] = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown[];
    if (Number.isSafeInteger(at) && typeof nodeId === "string" && Number.isSafeInteger(seq))
      return { at: Number(at), nodeId, seq: Number(seq) };
  } catch {
    // said below
  }
  throw new AppError("invalid", "after: is not the end of a page");
}
